"""I5, and what only the audit knows: each call ended once, each message was kept once and mailed once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from pbx.auditing.verify import Verdict
from pbx.database import Records
from pbx.domain.call import CallRecord, Direction, MessageRecord
from pbx.domain.notices import Cause, Notice
from pbx.store.chain import Sought
from tests.kit.server import secondline
from tests.torture.findings import Findings
from tests.torture.world import CHANNEL_OF_MAIL, READER, World

_MOST = 1_000_000


async def verify(world: World, findings: Findings) -> None:
    """`secondline audit verify`, as the practice's IT does it."""
    answer = await secondline("audit", "verify", "--json", *world.files)
    told: dict[str, Any] = answer.json if answer.out else {}
    findings.audit_rows = int(told.get("rows") or 0)
    if answer.status != Verdict.INTACT or told.get("verdict") != Verdict.INTACT.name.lower():
        kinds = ", ".join(sorted({str(one.get("kind")) for one in told.get("findings", [])}))
        findings.note("I5", f"the audit does not verify: status {answer.status} ({kinds or told.get('unknown')})")


async def hold_against(
    records: Records, calls: Sequence[CallRecord], messages: Sequence[MessageRecord], findings: Findings
) -> None:
    """One row for the end of each call that came in, and for each message that it was kept and mailed."""
    finished = await _rows(records, "finished")
    for call in calls:
        rows = len(finished[f"call/{call.id}"])
        # A message that turns up after its call was finished has the outcome told anew (pbx.store.calls).
        most = 1 + sum(message.call_id == call.id for message in messages)
        if call.direction is Direction.INBOUND and call.ended_at is not None and not 1 <= rows <= most:
            findings.note("I5", f"the audit tells {rows} times that a call ended ({call.outcome})")
    kept, notified = await _rows(records, "kept"), await _rows(records, "notified")
    for message in messages:
        mailed = sum(row.get("channel") == CHANNEL_OF_MAIL for row in notified[f"message/{message.id}"])
        if len(kept[f"message/{message.id}"]) != 1:
            findings.note("I5", f"the audit tells {len(kept[f'message/{message.id}'])} times that a message was kept")
        if mailed != 1:
            findings.note("I2", f"a message was mailed {mailed} times, as the audit has it")


async def _rows(records: Records, action: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in await records.audit.found(Sought(action=action), _MOST):
        found[row.object].append(row.detail)
    return found


def mails(world: World, messages: Sequence[MessageRecord], findings: Findings) -> None:
    """Each mail is about a message that is there; one that came twice has one id, so that a mailbox shows it once.

    A mail about several messages has the id of the first one's notice (pbx.store.outbox).
    """
    ids = Counter(world.post.ids())
    findings.mails, findings.mails_again = len(ids), sum(ids.values()) - len(ids)
    known = {str(Notice(message.id, Cause.NEW, "", READER, CHANNEL_OF_MAIL).id) for message in messages}
    if strange := len(set(ids) - known):
        findings.note("I2", f"{strange} mails are about no message that is there")
    if world.post.boxes.in_the_clear:
        findings.note("I4", f"{len(world.post.boxes.in_the_clear)} mails went in the clear")
