"""The chain of audit rows: what its bytes are, and what is wrong with one. Pure; also for rows out of an export.

`hash = sha256(hash before || sha256(canon))`, where `canon` are the bytes that migration 0011 writes. Because a row is
chained by the hash of its bytes, its bytes can be left out of an export without breaking the chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from typing import Any, NamedTuple

GENESIS = bytes(32)
"""The hash before the first row."""


class Kind(StrEnum):
    """What can be wrong with a chain and its checkpoints."""

    GAP = "gap"
    REORDER = "reorder"
    COLUMN = "column"
    HASH = "hash"
    HEAD = "head"
    SIGNATURE = "signature"
    TRUNCATED = "truncated"


class Row(NamedTuple):
    """A row as it is stored: `at` as RFC 3339 in UTC, `detail` as JSON text, `canon` the bytes that were hashed."""

    seq: int
    at: str
    actor: str
    action: str
    object: str
    detail: str
    canon: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain: a row's number and its hash."""

    seq: int
    hash: bytes


START = Link(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends, and the row after which it begins (what came before was kept long enough)."""

    base: Link
    end: Link


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong: from row `seq` on (None: not with a row), and what in a sentence."""

    kind: Kind
    seq: int | None
    what: str


def canon(row: Row) -> bytes:
    """The bytes of a row, whatever it says of them, as PostgreSQL writes such a jsonb: short keys first."""
    return _bytes(*row[:6])


def _bytes(seq: int, at: str, actor: str, action: str, thing: str, detail: str) -> bytes:  # noqa: PLR0913 - a row's
    return (
        f'{{"at": "{at}", "seq": {seq}, "actor": {_quoted(actor)}, "action": {_quoted(action)}, "detail": {detail}, '
        f'"object": {_quoted(thing)}}}'
    ).encode()


def hash_after(before: bytes, digest: bytes) -> bytes:
    """The hash of a row whose bytes have the sha256 `digest`, after a row with the hash `before`."""
    return sha256(before + digest).digest()


class Chain:
    """Follows a chain row by row from `base` on, past the `anchors` (hashes by number) that were signed."""

    def __init__(self, base: Link, anchors: Mapping[int, bytes]) -> None:
        self.end = base
        self.rows = 0
        self.anchored: int | None = None
        self._anchors = anchors

    def follow(self, rows: Iterable[Sequence[Any]]) -> Finding | None:
        """Take the next rows, each with the columns of `Row`; gives the first thing that is wrong, and then the chain
        ends before it.
        """
        last, before, anchors, finding = self.end.seq, self.end.hash, self._anchors, None
        # Once for every row there ever was, so nothing is made here that is not needed.
        for seq, at, actor, action, thing, detail, found, hash_ in rows:
            after = sha256(before + sha256(found).digest()).digest()
            right = seq == last + 1 and after == hash_ and _bytes(seq, at, actor, action, thing, detail) == found
            if not right:
                row = Row(seq, at, actor, action, thing, detail, found, hash_)
                finding = _wrong_with(row, last + 1, after)
            if finding is None and seq in anchors:
                finding = self._at_anchor(seq, after)
            if finding is not None:
                break
            last, before = seq, after
        self.rows += last - self.end.seq
        self.end = Link(last, before)
        return finding

    def take(self, seq: int, digest: bytes, hash_: bytes) -> Finding | None:
        """Take the next row of which only the sha256 of its bytes is known."""
        after = hash_after(self.end.hash, digest)
        finding = _out_of_turn(seq, self.end.seq + 1) if seq != self.end.seq + 1 else None
        if finding is None and after != hash_:
            finding = _wrong_hash(seq)
        if finding is None and seq in self._anchors:
            finding = self._at_anchor(seq, after)
        if finding is None:
            self.end = Link(seq, after)
            self.rows += 1
        return finding

    def _at_anchor(self, seq: int, found: bytes) -> Finding | None:
        if self._anchors[seq] == found:
            self.anchored = seq
            return None
        first = (self.anchored if self.anchored is not None else self.end.seq) + 1
        what = f"rows {first} to {seq} are not those that were signed: the chain was written anew"
        return Finding(Kind.SIGNATURE, first, what)

    def closed_by(self, head: Head) -> Finding | None:
        """What is wrong with the end of the chain, after its last row."""
        last = self.end.seq
        if head.end.seq > last:
            return Finding(Kind.TRUNCATED, last + 1, f"the chain has {head.end.seq} rows and ends after row {last}")
        if head.end != self.end:
            return Finding(Kind.HEAD, last, f"the head of the chain does not say that row {last} is the last")
        return self.reaches_its_anchors()

    def reaches_its_anchors(self) -> Finding | None:
        """Whether every row that was signed is there."""
        beyond = max(self._anchors, default=0)
        if beyond > self.end.seq:
            what = f"row {beyond} was signed, and the chain ends after row {self.end.seq}"
            return Finding(Kind.TRUNCATED, self.end.seq + 1, what)
        return None


def _wrong_with(row: Row, expected: int, after: bytes) -> Finding | None:
    """What is wrong with a row that is not as it would be written today; None if that is its spelling alone."""
    if row.seq != expected:
        return _out_of_turn(row.seq, expected)
    told = _told(row.canon)
    if told is None:
        return Finding(Kind.HASH, row.seq, f"row {row.seq}: its bytes are no audit row")
    if told.get("seq") != row.seq:
        return Finding(Kind.REORDER, row.seq, f"row {row.seq} stands where another stood")
    if told != _told(canon(row)):
        return Finding(Kind.COLUMN, row.seq, f"row {row.seq}: its columns are not what was hashed")
    return _wrong_hash(row.seq) if after != row.hash else None


def _out_of_turn(seq: int, expected: int) -> Finding:
    if seq > expected:
        return Finding(Kind.GAP, expected, f"row {expected} is missing")
    return Finding(Kind.REORDER, seq, f"row {seq} stands where row {expected} should")


def _wrong_hash(seq: int) -> Finding:
    return Finding(Kind.HASH, seq, f"row {seq}: its hash does not follow from its bytes and the row before")


def _told(bytes_: bytes) -> dict[str, object] | None:
    try:
        told = json.loads(bytes_)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
