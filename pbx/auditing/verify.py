"""Verify the audit: the chain in the database against itself and against the checkpoints that were signed outside."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Protocol

from pbx.domain.audit import Chain, Finding, Head, Kind
from pbx.domain.checkpoints import Cause, Log, Restore


class Rows(Protocol):
    """The chain as it is at one instant."""

    @property
    def head(self) -> Head: ...

    def after(self, seq: int) -> AsyncGenerator[Sequence[Any]]:
        """The rows after `seq` up to the head in their order, in portions, each with the columns of `Row`."""


class Book(Protocol):
    """Where the chain is kept."""

    def snapshot(self) -> AbstractAsyncContextManager[Rows]:
        """The chain as it is now. Raises StoreUnavailable."""


class Verdict(IntEnum):
    """What verifying gives, as the command's exit status."""

    INTACT = 0
    TAMPERED = 1
    CANNOT_TELL = 2


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified and found; `checked` rows follow each other from `first` to `last`.

    `anchored` is the last row that a believed checkpoint covers, signed at `anchored_at`; what came after it could have
    been changed by whoever owns the database. `unknown` says why nothing could be told.
    """

    checked: int = 0
    first: int | None = None
    last: int | None = None
    anchored: int | None = None
    anchored_at: datetime | None = None
    checkpoints: int = 0
    key: str | None = None
    findings: tuple[Finding, ...] = ()
    restores: tuple[Restore, ...] = ()
    unknown: str | None = None

    @property
    def verdict(self) -> Verdict:
        if self.findings:
            return Verdict.TAMPERED
        return Verdict.INTACT if self.unknown is None else Verdict.CANNOT_TELL

    @property
    def unanchored(self) -> int:
        """Rows that no checkpoint covers yet."""
        return max(0, (self.last or 0) - (self.anchored or 0))

    def as_json(self, now: datetime) -> dict[str, Any]:
        """`audit verify --json`; `kind` and `first_bad_seq` are those of the first finding."""
        first = self.findings[0] if self.findings else None
        return {
            "verdict": self.verdict.name.lower().replace("_", "-"),
            "kind": first.kind if first else None,
            "first_bad_seq": first.seq if first else None,
            "findings": [{"kind": one.kind, "seq": one.seq, "what": one.what} for one in self.findings],
            "why_unknown": self.unknown,
            "rows": self.checked,
            "first_seq": self.first,
            "last_seq": self.last,
            "last_anchored_seq": self.anchored,
            "anchored_at": _rfc3339(self.anchored_at),
            "anchor_age_seconds": self._age(now),
            "unanchored_rows": self.unanchored,
            "checkpoints": self.checkpoints,
            "key": self.key,
            "restores": [
                {"at": _rfc3339(one.at), "kept_to": one.seq, "lost_to": one.lost, "reason": one.reason}
                for one in self.restores
            ],
        }

    def _age(self, now: datetime) -> float | None:
        return None if self.anchored_at is None else round((now - self.anchored_at).total_seconds(), 1)


NO_CHECKPOINTS = "there are no checkpoints: a chain by itself proves nothing against whoever owns the database"


Pause = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """No pause."""


async def verify(book: Book, log: Log, key: str | None = None, pause: Pause = at_once) -> Report:
    """Verify the whole chain against `log`, which was read with the public key `key`. Raises StoreUnavailable."""
    async with book.snapshot() as rows:
        chain = Chain(rows.head.base, log.anchors())
        finding = None if rows.head.base in log.bases() else _bad_base(rows.head)
        finding = finding or await follow(chain, rows, pause)
        return report_of(chain, rows.head.base.seq, log, finding, key)


async def follow(chain: Chain, rows: Rows, pause: Pause = at_once) -> Finding | None:
    """Follow `chain` from where it is to the end of `rows`; gives the first thing that is wrong.

    It waits for `pause` before each portion.
    """
    async with aclosing(rows.after(chain.end.seq)) as portions:
        async for portion in portions:
            await pause()
            if finding := chain.follow(portion):
                return finding
    return chain.closed_by(rows.head)


def report_of(chain: Chain, base: int, log: Log, finding: Finding | None, key: str | None) -> Report:
    """What following `chain` from after row `base` on, past the anchors of `log`, has shown."""
    findings = [one for one in (finding, log.finding) if one is not None]
    last = chain.end.seq if chain.rows else None
    anchored = max((one for one in log.checkpoints if one.end.seq <= chain.end.seq), key=_place, default=None)
    return Report(
        checked=chain.rows,
        first=base + 1 if chain.rows else None,
        last=last,
        anchored=anchored.end.seq if anchored else None,
        anchored_at=anchored.at if anchored else None,
        checkpoints=len(log.checkpoints),
        key=key,
        findings=tuple(findings),
        restores=tuple(log.restores()),
        unknown=None if log.checkpoints else NO_CHECKPOINTS,
    )


def _place(one: Any) -> tuple[int, datetime]:
    return one.end.seq, one.at


def _bad_base(head: Head) -> Finding:
    what = f"the chain begins after row {head.base.seq}, and no checkpoint let the rows before go"
    return Finding(Kind.TRUNCATED, 1, what)


def _rfc3339(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


__all__ = ["NO_CHECKPOINTS", "Book", "Cause", "Report", "Rows", "Verdict", "report_of", "verify"]
