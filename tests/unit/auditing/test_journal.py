"""What happens beside the database is in the audit once, sooner or later, whatever dies meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pbx.auditing import journal as module
from pbx.auditing.journal import FileJournal
from pbx.services.ports import StoreUnavailable


class Audit:
    """Takes rows, each id once; `away` after some of them."""

    def __init__(self) -> None:
        self.rows: dict[UUID, tuple[str, str, str, dict[str, Any]]] = {}
        self.away_after: int | None = None

    async def tell(self, event: UUID, actor: str, action: str, thing: str, detail: dict[str, Any]) -> None:
        if self.away_after is not None and len(self.rows) >= self.away_after:
            raise StoreUnavailable("away")
        self.rows.setdefault(event, (actor, action, thing, detail))

    @property
    def told(self) -> list[Any]:
        return [row[3].get("n") for row in self.rows.values()]


@pytest.fixture
def audit() -> Audit:
    return Audit()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "journal.jsonl"


async def test_what_is_noted_while_the_database_is_away_comes_later_in_its_order(audit: Audit, file: Path) -> None:
    journal = FileJournal(file, audit)
    audit.away_after = 2
    for n in range(4):
        await journal.note("unknown", "sign-in-refused", "person/rictor", n=n)
    with pytest.raises(StoreUnavailable):
        await journal.tell_all()
    assert audit.told == [0, 1]
    audit.away_after = None
    await FileJournal(file, audit).tell_all()  # a new process
    assert audit.told == [0, 1, 2, 3]
    assert file.read_bytes() == b""
    assert file.stat().st_mode & 0o777 == 0o600
    assert "noted" in next(iter(audit.rows.values()))[3]


async def test_a_process_that_dies_before_it_forgets_tells_nothing_twice(audit: Audit, file: Path) -> None:
    journal = FileJournal(file, audit)
    await journal.note("mia", "a", "b", n=1)
    kept = file.read_bytes()
    await journal.tell_all()
    file.write_bytes(kept)
    await journal.note("mia", "a", "b", n=2)
    await journal.tell_all()
    assert audit.told == [1, 2]


async def test_a_line_that_a_crash_cut_off_costs_itself_alone(audit: Audit, file: Path) -> None:
    journal = FileJournal(file, audit)
    await journal.note("mia", "a", "b", n=1)
    with file.open("ab") as out:
        out.write(b'["torn')
    await journal.note("mia", "a", "b", n=2)
    await journal.tell_all()
    assert audit.told == [1, 2]


async def test_a_journal_that_is_full_says_how_many_it_left_out(
    audit: Audit, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 300)
    journal = FileJournal(file, audit)
    for n in range(10):
        await journal.note("mia", "a", "b", n=n)
    await journal.tell_all()
    *noted, last = audit.rows.values()
    assert (last[1], last[3]["left_out"]) == ("journal-full", 10 - len(noted))
    await journal.tell_all()
    assert len(audit.rows) == len(noted) + 1


async def test_where_nothing_can_be_written_it_says_so(audit: Audit, file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(OSError):
        await FileJournal(file, audit).note("mia", "a", "b")
