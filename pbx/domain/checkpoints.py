"""Signed checkpoints: where the chain of audit rows ended at a time, each with the hash of the checkpoint before. Pure.

A checkpoint is a line of JSON. Its signature (Ed25519) covers the line without it; `previous` is the sha256 of the line
before. So a signature that holds vouches for every line above it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from pbx.domain.audit import START, Finding, Kind, Link

_DOMAIN = b"secondline audit checkpoint v1\n"
"""Before the bytes that are signed, so that the signature can never be taken for one of anything else."""

NO_LINE = "0" * 64
"""`previous` of the first checkpoint."""


class Cause(StrEnum):
    """Why a checkpoint was made."""

    START = "start"
    TIME = "time"
    ROWS = "rows"
    STOP = "stop"
    COMMAND = "command"
    FORGOTTEN = "forgotten"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain ended with `end` at `at` (aware) and began after `base`. `key` is the public key, in hexadecimal.

    RESTORED: the database was brought back from a backup, so what was signed after `end` before is void; `reason` says
    why in the words of who did it.
    """

    end: Link
    base: Link
    at: datetime
    cause: Cause
    key: str
    previous: str = NO_LINE
    reason: str = ""
    signature: str = ""

    @property
    def signed_bytes(self) -> bytes:
        return _DOMAIN + _line(self._unsigned()).encode()

    @property
    def line(self) -> str:
        """As it is kept, without a line break."""
        return _line(self._unsigned() | {"signature": self.signature})

    @property
    def digest(self) -> str:
        return sha256(self.line.encode()).hexdigest()

    def signed(self, sign: Callable[[bytes], bytes]) -> Checkpoint:
        return replace(self, signature=sign(self.signed_bytes).hex())

    def _unsigned(self) -> dict[str, Any]:
        return {
            "at": self.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "base_hash": self.base.hash.hex(),
            "base_seq": self.base.seq,
            "cause": self.cause.value,
            "hash": self.end.hash.hex(),
            "key": self.key,
            "previous": self.previous,
            "reason": self.reason,
            "seq": self.end.seq,
            "version": 1,
        }


@dataclass(frozen=True, slots=True)
class Restore:
    """The rows after `seq` up to `lost` were signed once and are gone, because a backup was brought back."""

    at: datetime
    seq: int
    lost: int
    reason: str


@dataclass(frozen=True, slots=True)
class Log:
    """The checkpoints of a file, the oldest first, as far as they can be believed; `finding` is what is wrong."""

    checkpoints: tuple[Checkpoint, ...] = ()
    finding: Finding | None = None

    @property
    def last(self) -> Checkpoint | None:
        return self.checkpoints[-1] if self.checkpoints else None

    def anchors(self) -> dict[int, bytes]:
        """The hash of each row that was signed and still has to be there."""
        found: dict[int, bytes] = {}
        for one in self.checkpoints:
            if one.cause is Cause.RESTORED:
                found = {seq: hash_ for seq, hash_ in found.items() if seq <= one.end.seq}
            found[one.end.seq] = one.end.hash
        return {seq: hash_ for seq, hash_ in found.items() if seq > 0}

    def bases(self) -> set[Link]:
        """Where a chain may begin: at its first row, or after rows that were let go by a signed checkpoint."""
        return {START, *(one.base for one in self.checkpoints)}

    def restores(self) -> list[Restore]:
        """Every time that a backup was brought back."""
        found, most = [], 0
        for one in self.checkpoints:
            if one.cause is Cause.RESTORED:
                found.append(Restore(one.at, one.end.seq, most, one.reason))
                most = one.end.seq
            most = max(most, one.end.seq)
        return found


Believes = Callable[[Checkpoint], bool]
"""Whether a checkpoint is signed with the key that is trusted."""


def parse(line: str) -> Checkpoint:
    """What `Checkpoint.line` wrote, to the letter. Raises ValueError for anything else."""
    try:
        told = json.loads(line)
        one = Checkpoint(
            end=Link(int(told["seq"]), bytes.fromhex(told["hash"])),
            base=Link(int(told["base_seq"]), bytes.fromhex(told["base_hash"])),
            at=datetime.fromisoformat(told["at"]),
            cause=Cause(told["cause"]),
            key=str(told["key"]),
            previous=str(told["previous"]),
            reason=str(told["reason"]),
            signature=str(told["signature"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a checkpoint") from error
    if one.at.tzinfo is None or one.line != line:
        raise ValueError("not a checkpoint")
    return one


def read_log(text: str, believes: Believes) -> Log:
    """The checkpoints of a file. A last line without its line break was cut off by a crash and does not count."""
    lines = text.split("\n")[:-1]
    found: list[Checkpoint] = []
    for number, line in enumerate(lines, 1):
        try:
            one = parse(line)
        except ValueError:
            return _believed(found, believes, f"line {number} of the checkpoints is not one")
        if one.previous != (found[-1].digest if found else NO_LINE):
            return _believed(found, believes, f"checkpoint {number} does not follow the one before")
        if found and one.end.seq < found[-1].end.seq and one.cause is not Cause.RESTORED:
            return _believed(found, believes, f"checkpoint {number} goes back, and no backup was brought back")
        found.append(one)
    return _believed(found, believes, None)


def _believed(found: Sequence[Checkpoint], believes: Believes, wrong: str | None) -> Log:
    """Those up to the last whose signature holds: it vouches for all above."""
    good = len(found)
    while good and not believes(found[good - 1]):
        good -= 1
    if good < len(found):
        wrong = f"checkpoint {good + 1} is not signed with the practice's key"
    first = found[good - 1].end.seq + 1 if good else 1
    return Log(tuple(found[:good]), Finding(Kind.SIGNATURE, first, wrong) if wrong else None)


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def longer(one: Log, other: Log) -> Log:
    """Of two copies of the same checkpoints the one that goes on; with a finding where they part."""
    short, long = sorted((one, other), key=lambda log: len(log.checkpoints))
    for mine, theirs in zip(short.checkpoints, long.checkpoints, strict=False):
        if mine.digest != theirs.digest:
            what = f"the copies of the checkpoints part after row {mine.end.seq}: both are signed, one was taken back"
            return Log(long.checkpoints, Finding(Kind.SIGNATURE, mine.end.seq, what))
    return Log(long.checkpoints, long.finding or short.finding)
