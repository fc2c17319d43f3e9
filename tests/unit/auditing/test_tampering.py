"""Whatever is done to rows that were signed is found, whoever did it and however well."""

from __future__ import annotations

import random

import pytest

from pbx.auditing.key import SigningKey
from pbx.auditing.verify import Verdict, verify
from pbx.domain.audit import START, Head, Kind, Link, Row
from pbx.domain.checkpoints import Log
from tests.kit.chains import TAMPERINGS, Stored, chained, signed_at, some_rows, stored, tampered

MANY = 600
ROWS = some_rows(16)
ANCHORED = 13
"""What comes after is not signed yet."""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.make(tmp_path_factory.mktemp("key") / "key.pem")


@pytest.fixture(scope="module")
def log(key: SigningKey) -> Log:
    return signed_at(key, ROWS, 0, 5, 9, ANCHORED).log


def rows_only(rows: list[Row]) -> Stored:
    """Somebody changes rows and forgets the head."""
    return Stored(rows, stored(ROWS).head)


def head_too(rows: list[Row]) -> Stored:
    """Somebody fixes the head too."""
    return stored(rows)


def everything(rows: list[Row]) -> Stored:
    """Somebody computes the whole chain anew."""
    return stored(chained(rows))


ATTACKERS = {"rows": rows_only, "head": head_too, "chain": everything}


@pytest.mark.parametrize("attacker", ATTACKERS)
@pytest.mark.parametrize("how", TAMPERINGS)
async def test_every_tampering_up_to_the_last_checkpoint_is_found(how: str, attacker: str, log: Log) -> None:
    dice = random.Random(f"{how} {attacker}")
    done = 0
    while done < MANY:
        chain = ATTACKERS[attacker](tampered(ROWS, how, dice, ANCHORED))
        if chain.rows[:ANCHORED] == ROWS[:ANCHORED]:  # made anew as they were, or changed only after what was signed
            continue
        report = await verify(chain, log)
        assert report.verdict is Verdict.TAMPERED
        assert report.findings[0].seq is not None
        done += 1


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_a_chain_alone_proves_nothing_against_whoever_can_write_all_of_it(how: str) -> None:
    dice = random.Random(how)
    reports = [await verify(everything(tampered(ROWS, how, dice, ANCHORED)), Log()) for _ in range(50)]
    assert {report.verdict for report in reports} == {Verdict.CANNOT_TELL}


KINDS = {
    "edit": {Kind.COLUMN, Kind.HASH},
    "delete": {Kind.GAP},
    "duplicate": {Kind.REORDER},
    "swap": {Kind.REORDER},
    "truncate": {Kind.TRUNCATED},
    "insert": {Kind.REORDER, Kind.HASH},
}


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_what_was_done_and_where_is_told(how: str, log: Log) -> None:
    dice = random.Random(how)
    for _ in range(50):
        rows = tampered(ROWS, how, dice, ANCHORED)
        [finding] = (await verify(rows_only(rows), log)).findings
        pairs = enumerate(zip(ROWS, rows, strict=False), 1)
        changed = next((n for n, (was, now) in pairs if was != now), len(rows) + 1)
        assert (finding.kind in KINDS[how], finding.seq) == (True, changed)


async def test_a_chain_that_was_left_alone_is_intact(log: Log) -> None:
    report = await verify(stored(ROWS), log)
    assert report.verdict is Verdict.INTACT
    assert (report.checked, report.first, report.last) == (16, 1, 16)
    assert (report.anchored, report.unanchored, report.checkpoints) == (ANCHORED, 3, 4)


async def test_without_checkpoints_nothing_can_be_told() -> None:
    report = await verify(stored(ROWS), Log())
    assert (report.verdict, report.anchored) == (Verdict.CANNOT_TELL, None)
    assert "no checkpoints" in (report.unknown or "")


async def test_an_empty_chain_is_intact_once_its_beginning_was_signed(key: SigningKey) -> None:
    assert (await verify(stored([]), signed_at(key, [], 0).log)).verdict is Verdict.INTACT
    assert (await verify(stored([]), Log())).verdict is Verdict.CANNOT_TELL


async def test_a_head_that_lies_is_told(log: Log) -> None:
    [finding] = (await verify(Stored(ROWS, Head(START, Link(16, ROWS[0].hash))), log)).findings
    assert (finding.kind, finding.seq) == (Kind.HEAD, 16)
    [finding] = (await verify(Stored(ROWS, Head(START, Link(15, ROWS[14].hash))), log)).findings
    assert finding.kind is Kind.HEAD


async def test_a_beginning_that_nobody_let_go_is_missed(log: Log) -> None:
    base = Link(7, ROWS[6].hash)
    findings = (await verify(Stored(ROWS[7:], Head(base, Link(16, ROWS[-1].hash))), log)).findings
    assert [finding.kind for finding in findings] == [Kind.TRUNCATED]


async def test_a_recomputed_chain_is_told_from_the_last_row_that_was_signed(log: Log) -> None:
    rows = chained([row._replace(actor="bob") if row.seq == 8 else row for row in ROWS])
    [finding] = (await verify(stored(rows), log)).findings
    assert (finding.kind, finding.seq) == (Kind.SIGNATURE, 6)
    assert "rows 6 to 9" in finding.what
