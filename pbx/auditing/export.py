"""A part of the audit as a file, for a court or an auditor: JSON lines that anybody can verify without this database.

Rows that are not asked for may go in by the hash of their bytes alone, so the chain stays whole and tells nothing of
them. The part goes on, by such hashes, to the next row that was signed.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO

from pbx.auditing.key import believing
from pbx.auditing.verify import NO_CHECKPOINTS, Book, Report, Rows
from pbx.domain.audit import Chain, Finding, Kind, Link, Row
from pbx.domain.checkpoints import Checkpoint, Log, parse

FORMAT = "secondline-audit-export-1"


class NotExported(Exception):
    """There is nothing to export, or a file is no export; the text says what."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Rows `first` to `last`; with `about` only those of this object are shown, the others by their hash."""

    first: int
    last: int
    about: str | None = None

    def shows(self, row: Row) -> bool:
        return row.seq <= self.last and self.about in (None, row.object)


@dataclass(frozen=True, slots=True)
class Written:
    """What an export holds: rows that are shown, rows by their hash, and up to which row it is signed."""

    shown: int
    by_hash: int
    anchored: int | None


async def write_export(out: TextIO, book: Book, log: Log, wish: Wish, about: dict[str, Any]) -> Written:
    """Write what is wished for; `about` is who made it and when. Raises NotExported, StoreUnavailable."""
    anchors = log.anchors()
    end = min((seq for seq in anchors if seq >= wish.last), default=wish.last)
    shown = by_hash = 0
    async with book.snapshot() as rows:
        if not rows.head.base.seq < wish.first <= wish.last <= rows.head.end.seq:
            raise NotExported("the audit has no such rows: `secondline audit show` tells their numbers")
        async with aclosing(_rows_from(rows, wish.first - 1)) as found:
            base = await anext(found)
            _write(out, _head(Link(base.seq, base.hash), end, wish, about))
            for one in _signed(log, anchors, wish.first, end):
                _write(out, {"kind": "checkpoint", "line": one.line})
            async for row in found:
                if row.seq > end:
                    break
                shows = wish.shows(row)
                shown, by_hash = shown + shows, by_hash + (not shows)
                _write(out, _row(row) if shows else _digest(row))
    _write(out, {"kind": "end", "shown": shown, "by_hash": by_hash})
    return Written(shown, by_hash, end if end in anchors else None)


async def _rows_from(rows: Rows, seq: int) -> AsyncGenerator[Row]:
    """Row `seq` and those after it; where the chain begins after it, only its number and hash are known."""
    base = rows.head.base
    if seq == base.seq:
        yield Row(base.seq, "", "", "", "", "", b"", base.hash)
    async with aclosing(rows.after(max(seq - 1, base.seq))) as portions:
        async for portion in portions:
            for values in portion:
                yield Row(*values)


def verify_export(file: Path, key: str | None) -> Report:
    """Verify an export by itself. `key` is the public key that is trusted; None: the one that its checkpoints name.

    Raises NotExported if the file is none, KeyProblem, OSError.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            told = (_told(line) for line in lines)
            head = next(told, {})
            if head.get("format") != FORMAT:
                raise NotExported(f"{file} is no export of an audit")
            return _follow(head, told, key)
    except (KeyError, TypeError, ValueError) as error:
        raise NotExported(f"{file} is no export of an audit, or one that was damaged: a line is none of its") from error


def _follow(head: dict[str, Any], told: Iterator[dict[str, Any]], key: str | None) -> Report:
    base = Link(int(head["first"]) - 1, bytes.fromhex(head["base_hash"]))
    signed: list[Checkpoint] = []
    rows = _checkpoints_first(told, signed)
    key = key or (signed[0].key if signed else None)
    believes = believing(key) if key else lambda _: False
    finding = next((_unsigned(one) for one in signed if not believes(one)), None)
    chain = Chain(base, {one.end.seq: one.end.hash for one in signed if believes(one)})
    ended = False
    for line in rows:
        if line["kind"] == "end":
            ended = int(line["shown"]) + int(line["by_hash"]) == chain.rows
            break
        finding = finding or _next(chain, line)
        if finding:
            break
    if finding is None and (not ended or chain.end.seq != int(head["end"])):
        finding = Finding(Kind.TRUNCATED, chain.end.seq + 1, f"the export ends after row {chain.end.seq}")
    finding = finding or chain.reaches_its_anchors()
    last = max((one for one in signed if one.end.seq <= chain.end.seq), key=lambda one: one.end.seq, default=None)
    return Report(
        checked=chain.rows,
        first=base.seq + 1,
        last=chain.end.seq,
        anchored=last.end.seq if last else None,
        anchored_at=last.at if last else None,
        checkpoints=len(signed),
        key=key,
        findings=(finding,) if finding else (),
        unknown=None if signed else NO_CHECKPOINTS,
    )


def _checkpoints_first(told: Iterator[dict[str, Any]], signed: list[Checkpoint]) -> Iterator[dict[str, Any]]:
    """Put the checkpoints into `signed`; gives the lines after them."""
    for line in told:
        if line["kind"] != "checkpoint":
            return _with(line, told)
        signed.append(parse(line["line"]))
    return iter(())


def _with(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest


def _next(chain: Chain, line: dict[str, Any]) -> Finding | None:
    seq, hash_ = int(line["seq"]), bytes.fromhex(line["hash"])
    if line["kind"] == "digest":
        return chain.take(seq, bytes.fromhex(line["digest"]), hash_)
    finding = chain.take(seq, sha256(line["canon"].encode()).digest(), hash_)
    if finding is None and json.loads(line["canon"]).get("seq") != seq:
        finding = Finding(Kind.REORDER, seq, f"row {seq} stands where another stood")
    return finding


def _unsigned(one: Checkpoint) -> Finding:
    what = f"the checkpoint of row {one.end.seq} is not signed with the key that is trusted"
    return Finding(Kind.SIGNATURE, one.end.seq, what)


def _signed(log: Log, anchors: dict[int, bytes], first: int, end: int) -> Iterable[Checkpoint]:
    for one in log.checkpoints:
        if first <= one.end.seq <= end and anchors.get(one.end.seq) == one.end.hash:
            yield one


def _head(base: Link, end: int, wish: Wish, about: dict[str, Any]) -> dict[str, Any]:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    asked = {"first": wish.first, "last": wish.last, "about": wish.about, "end": end}
    return {"kind": "head", "format": FORMAT, "made_at": made_at, **asked, "base_hash": base.hash.hex(), **about}


def _row(row: Row) -> dict[str, Any]:
    return {"kind": "row", "seq": row.seq, "canon": row.canon.decode(), "hash": row.hash.hex()}


def _digest(row: Row) -> dict[str, Any]:
    return {"kind": "digest", "seq": row.seq, "digest": sha256(row.canon).hexdigest(), "hash": row.hash.hex()}


def _write(out: TextIO, told: dict[str, Any]) -> None:
    out.write(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n")


def _told(line: str) -> dict[str, Any]:
    told = json.loads(line)
    if not isinstance(told, dict):
        raise ValueError("not an object")
    return told
