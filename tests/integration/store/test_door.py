"""Bans and phones from somewhere new are in the audit."""

from __future__ import annotations

from pbx.domain.registrations import Moved, Registration
from pbx.store.database import Database
from pbx.store.door import PgDoorAudit
from tests.integration.store.test_swaps import notes
from tests.kit.calls import MORNING


async def test_bans_and_moved_phones_are_on_record(database: Database) -> None:
    audit = PgDoorAudit(database)
    await audit.banned("203.0.113.9", MORNING)
    await audit.lifted("203.0.113.9")
    await audit.moved(Moved(Registration("desk", "203.0.113.9", "thief", secure=True), ("10.0.0.1", "Linphone")))
    found = str(await notes(database))
    for word in ("address/203.0.113.9", "banned", "ban lifted", "phone/desk", "moved", "thief", "10.0.0.1", "Linphone"):
        assert word in found
