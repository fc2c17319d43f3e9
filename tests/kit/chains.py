"""Audit chains made up without a database, with their signed checkpoints, and ways to tamper with them."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from pbx.auditing.key import SigningKey, believing
from pbx.domain.audit import START, Head, Link, Row, canon, hash_after
from pbx.domain.checkpoints import NO_LINE, Cause, Checkpoint, Log, read_log

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_row(before: Link, at: datetime, action: str, thing: str) -> Row:
    """The row after `before`, with its right hash."""
    row = Row(
        before.seq + 1,
        at.isoformat(timespec="microseconds"),
        "mia",
        action,
        thing,
        json.dumps({"n": before.seq}),
        b"",
        b"",
    )
    return linked(before, row)


def linked(before: Link, row: Row) -> Row:
    """The row with the number, the bytes and the hash that it has after `before`."""
    row = row._replace(seq=before.seq + 1)
    bytes_ = canon(row)
    return row._replace(canon=bytes_, hash=hash_after(before.hash, sha256(bytes_).digest()))


def chained(rows: Sequence[Row]) -> list[Row]:
    """The same deeds with numbers, bytes and hashes made anew: what somebody who knows the rules would leave."""
    before, made = START, list[Row]()
    for row in rows:
        made.append(linked(before, row))
        before = Link(made[-1].seq, made[-1].hash)
    return made


def some_rows(many: int) -> list[Row]:
    before, rows = START, []
    for n in range(many):
        rows.append(a_row(before, NOON + timedelta(seconds=n, microseconds=n), "read", f"message/{n % 7}"))
        before = Link(rows[-1].seq, rows[-1].hash)
    return rows


@dataclass(frozen=True)
class Stored:
    """A chain as a database would give it: `pbx.auditing.verify.Book`."""

    rows: list[Row]
    head: Head
    portion: int = 100

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Stored]:
        yield self

    async def after(self, seq: int) -> AsyncGenerator[Sequence[Any]]:
        rows = [row for row in self.rows if row.seq > seq]
        for start in range(0, len(rows), self.portion):
            yield rows[start : start + self.portion]


def stored(rows: list[Row]) -> Stored:
    last = rows[-1] if rows else None
    return Stored(rows, Head(START, Link(last.seq, last.hash) if last else START))


@dataclass
class Signer:
    """Signs checkpoints into a text like that of their file."""

    key: SigningKey
    lines: list[Checkpoint] = field(default_factory=list)

    def sign(self, end: Link, cause: Cause = Cause.TIME, base: Link = START, reason: str = "") -> Checkpoint:
        previous = self.lines[-1].digest if self.lines else NO_LINE
        at = NOON + timedelta(minutes=15 * len(self.lines))
        one = Checkpoint(end, base, at, cause, self.key.public, previous, reason).signed(self.key.sign)
        self.lines.append(one)
        return one

    @property
    def text(self) -> str:
        return "".join(f"{one.line}\n" for one in self.lines)

    @property
    def log(self) -> Log:
        return read_log(self.text, believing(self.key.public))


def signed_at(key: SigningKey, rows: Sequence[Row], *places: int) -> Signer:
    """Checkpoints after the rows of these numbers."""
    signer = Signer(key)
    for seq in places:
        signer.sign(Link(seq, rows[seq - 1].hash) if seq else START)
    return signer


TAMPERINGS = ("edit", "delete", "duplicate", "swap", "truncate", "insert")


def tampered(rows: Sequence[Row], how: str, dice: random.Random, upto: int) -> list[Row]:
    """One tampering at a place up to row `upto`, the rows numbered anew as the table's key wants it."""
    found, at = list(rows), dice.randrange(upto)
    match how:
        case "edit":
            found[at] = _edited(found[at], dice)
        case "delete":
            del found[at]
            return found
        case "duplicate":
            found.insert(dice.randrange(upto), found[at])
        case "swap":
            other = (at + dice.randrange(1, upto)) % upto
            found[at], found[other] = found[other], found[at]
        case "truncate":
            return found[:at]
        case "insert":
            found.insert(at, a_row(Link(at, bytes([1]) * 32), NOON, "exported", "message/9"))
    return [row._replace(seq=number) for number, row in enumerate(found, 1)]


def _edited(row: Row, dice: random.Random) -> Row:
    match dice.randrange(6):
        case 0:
            return row._replace(actor="bob")
        case 1:
            return row._replace(object="message/8")
        case 2:
            return row._replace(detail='{"n": -1}')
        case 3:
            return row._replace(at=row.at[:25] + ("2" if row.at[25] == "1" else "1") + row.at[26:])
        case 4:
            return row._replace(canon=row.canon.replace(b"mia", b"bob"))
        case _:
            flipped = bytearray(row.hash)
            flipped[dice.randrange(32)] ^= 1 << dice.randrange(8)
            return row._replace(hash=bytes(flipped))
