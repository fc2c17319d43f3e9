"""Checkpoints of the audit: what was appended is verified, and its end is signed outside of the database.

Nothing here stands in the way of a call: rows are appended without it, and a checkpoint that fails comes later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from pbx.auditing.files import CheckpointFiles, FileAway
from pbx.auditing.key import KeyProblem, SigningKey, believing
from pbx.auditing.verify import Book, Pause, Report, Verdict, at_once, follow, verify
from pbx.domain.audit import Chain, Finding, Head, Kind, Link
from pbx.domain.checkpoints import NO_LINE, Cause, Checkpoint, Log
from pbx.services.ports import StoreUnavailable
from pbx.store.errors import StoreError

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=15)
EVERY_ROWS = 500
DAY = timedelta(days=1)
LOOK_SECONDS = 5.0
KEEP_YEARS = 6
"""The least that 45 CFR 164.316(b)(2)(i) asks for; the database refuses less."""


class AuditDamaged(Exception):
    """The audit is not what was signed: no checkpoint is put over it. The text says what is wrong."""


class Keeper(Book, Protocol):
    """The chain, as far as it is written here."""

    async def head(self) -> Head:
        """Where it begins and ends. Raises StoreUnavailable."""

    async def note(self, actor: str, action: str, thing: str, **detail: Any) -> None:
        """Append one row."""

    async def last_before(self, moment: datetime) -> int:
        """The last row of its beginning that holds nothing of `moment` or later."""

    async def forget(self, upto: int) -> int:
        """Let the rows up to `upto` go; gives how many."""


@dataclass(frozen=True, slots=True)
class TrailState:
    """For an operator: the last checkpoint, what is wrong with the audit, and with the second file of checkpoints."""

    anchored: int | None
    anchored_at: datetime | None
    problem: str | None
    copy_problem: str | None

    def as_json(self) -> dict[str, Any]:
        """`audit` of `status --json`; `ok` is false where the audit itself does not verify or is not signed."""
        at = self.anchored_at.isoformat(timespec="seconds") if self.anchored_at else None
        problem = self.problem or self.copy_problem
        return {"ok": self.problem is None, "anchored": self.anchored, "anchored_at": at, "problem": problem}


class AuditTrail:
    """The audit with its checkpoints. `now` gives the time (aware); verifying waits for `pause` now and then."""

    def __init__(
        self,
        book: Keeper,
        files: CheckpointFiles,
        key: Path,
        pause: Pause = at_once,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._book = book
        self._files = files
        self._key_file = key
        self._pause = pause
        self._now = now
        self._last: Checkpoint | None = None
        self._found: str | None = None
        self._problem: str | None = None
        self._copy_problem: str | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def state(self) -> TrailState:
        last = self._last
        seq, at = (last.end.seq, last.at) if last else (None, None)
        return TrailState(seq, at, self._found or self._problem, self._copy_problem)

    async def verify(self, public: str | None = None) -> Report:
        """Verify everything, by the public key that is given or this machine's.

        Raises StoreUnavailable, FileAway, KeyProblem.
        """
        public = public or self.public_key()
        report = await self._verify(public)
        if report.verdict is Verdict.TAMPERED:  # or the server signed or let rows go between the two readings
            report = await self._verify(public)
        return report

    async def _verify(self, public: str) -> Report:
        known = await asyncio.to_thread(self._files.read, believing(public))
        return await verify(self._book, known, public, self._pause)

    async def checkpoints(self) -> Log:
        """The checkpoints that are there. Raises FileAway, KeyProblem."""
        return await asyncio.to_thread(self._files.read, believing(self.public_key()))

    def public_key(self) -> str:
        """The public half of this machine's key. Raises KeyProblem."""
        return SigningKey.load(self._key_file).public

    async def checkpoint(self, cause: Cause) -> Checkpoint | None:
        """Verify what came since the last checkpoint and sign where the chain ends; None if nothing came.

        Raises AuditDamaged, StoreUnavailable, FileAway, KeyProblem.
        """
        async with self._one_at_a_time:
            key, known = await asyncio.to_thread(self._open)
            head = await self._verified_head(known)
            if known.last and known.last.end == head.end and known.last.base == head.base:
                self._last = known.last
                return None
            return await self._sign(key, Checkpoint(head.end, head.base, self._now(), cause, key.public))

    async def restored(self, reason: str) -> Checkpoint:
        """Say that rows which were signed are gone because a backup was brought back; gives where the chain goes on.

        Raises AuditDamaged if that is not what happened, and as `checkpoint`.
        """
        async with self._one_at_a_time:
            key, known = await asyncio.to_thread(self._open)
            report = await verify(self._book, known, key.public)
            lost = [one for one in report.findings if one.kind in (Kind.TRUNCATED, Kind.SIGNATURE)]
            if not lost or len(lost) < len(report.findings) or known.finding:
                raise AuditDamaged("no rows are missing as they are after a backup was brought back")
            head = await self._book.head()
            anchors = known.anchors()
            kept = max((seq for seq in anchors if seq < (lost[0].seq or 0)), default=head.base.seq)
            end = Link(kept, anchors[kept]) if kept in anchors else head.base
            made = await self._sign(
                key, Checkpoint(end, head.base, self._now(), Cause.RESTORED, key.public, reason=reason)
            )
        await self.checkpoint(Cause.COMMAND)
        return made

    async def forget(self, years: int) -> int:
        """Let rows go that were kept for `years`, a whole beginning that was signed so long ago; gives how many.

        Raises AuditDamaged, StoreUnavailable, FileAway, KeyProblem; ValueError for less than `KEEP_YEARS`.
        """
        if years < KEEP_YEARS:
            raise ValueError(f"the audit is kept for at least {KEEP_YEARS} years")
        before = _years_before(self._now(), years)
        upto = await self._book.last_before(before)
        async with self._one_at_a_time:
            key, known = await asyncio.to_thread(self._open)
            head = await self._verified_head(known)
            anchors = known.anchors()
            old = [c.end for c in known.checkpoints if c.at < before and head.base.seq < c.end.seq <= upto]
            base = max((end for end in old if anchors.get(end.seq) == end.hash), key=lambda end: end.seq, default=None)
            if base is None:
                return 0
            # Signed first: rows that went without a word of it would look as if somebody had cut them off.
            made = await self._sign(key, Checkpoint(head.end, base, self._now(), Cause.FORGOTTEN, key.public))
            if made.base != base:  # another process has signed more meanwhile
                return 0
            gone = await self._book.forget(base.seq)
        await self._book.note("system", "audit-forgotten", "audit", upto=base.seq, rows=gone, years=years)
        return gone

    async def run(self, years: Callable[[], int | None] = lambda: None) -> None:
        """Make checkpoints when they are due, and verify all of it once a day, for ever; meant to be cancelled.

        `years`: how long rows are kept, None for good.
        """
        looked: datetime | None = None
        while True:
            due = Cause.START if self._last is None else await self._due()
            if due is not None:
                await self._try(due)
            if self._last is not None and (looked is None or self._now() - looked > (EVERY if self._found else DAY)):
                looked = self._now()
                await self._look(years())
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, years: int | None) -> None:
        try:
            report = await self.verify()
            self._found = report.findings[0].what if report.findings else None
            if self._found:
                log.error("the audit was tampered with, or damaged: %s", self._found)
            elif years is not None:
                await self.forget(years)
        except (AuditDamaged, StoreUnavailable, FileAway, KeyProblem):
            log.info("the audit is verified later")
        except StoreError as error:
            log.error("old rows of the audit were not let go, which the owner of the database alone can do: %s", error)

    async def stop(self) -> None:
        """The last checkpoint, before the database goes."""
        await self._try(Cause.STOP)

    async def _due(self) -> Cause | None:
        try:
            head = await self._book.head()
        except StoreUnavailable:
            return None
        if self._last is None or head.end.seq == self._last.end.seq:
            return None
        if head.end.seq - self._last.end.seq >= EVERY_ROWS:
            return Cause.ROWS
        return Cause.TIME if self._now() - self._last.at >= EVERY else None

    async def _try(self, cause: Cause) -> bool:
        """Whether a checkpoint is there; what keeps it from being made is told once."""
        try:
            await self.checkpoint(cause)
        except StoreUnavailable:
            return False
        except (AuditDamaged, FileAway, KeyProblem) as error:
            if self._problem != str(error):
                log.error("no checkpoint of the audit was made: %s", error)
            self._problem = str(error)
            return False
        self._problem = None
        return True

    def _open(self) -> tuple[SigningKey, Log]:
        """The key and the checkpoints; the first time of all a key is made."""
        with self._files.held():
            fresh = not self._key_file.exists() and self._files.empty
            key = SigningKey.make(self._key_file) if fresh else SigningKey.load(self._key_file)
            return key, self._files.read(believing(key.public))

    async def _verified_head(self, known: Log) -> Head:
        """The head, after the rows since the last checkpoint were verified. Raises AuditDamaged."""
        async with self._book.snapshot() as rows:
            start = known.last.end if known.last else rows.head.base
            start = start if start.seq >= rows.head.base.seq else rows.head.base
            finding = known.finding or _behind(start, rows.head)
            finding = finding or await follow(Chain(start, {}), rows, self._pause)
            if finding:
                raise AuditDamaged(f"{finding.what} (`secondline audit verify` tells more)")
            return rows.head

    async def _sign(self, key: SigningKey, one: Checkpoint) -> Checkpoint:
        made, failure = await asyncio.to_thread(self._add, key, one)
        if failure and failure != self._copy_problem:
            log.warning("the second file of checkpoints was left behind: %s", failure)
        self._last, self._copy_problem = made, failure
        return made

    def _add(self, key: SigningKey, one: Checkpoint) -> tuple[Checkpoint, str | None]:
        with self._files.held():
            known = self._files.read(believing(key.public))
            if known.last and known.last.end.seq > one.end.seq and one.cause is not Cause.RESTORED:
                return known.last, None  # another process has signed more meanwhile
            made = replace(one, previous=known.last.digest if known.last else NO_LINE).signed(key.sign)
            return made, self._files.add(made, known)


def _behind(start: Link, head: Head) -> Finding | None:
    if start.seq <= head.end.seq:
        return None
    what = f"row {start.seq} was signed, and the chain ends after row {head.end.seq}"
    return Finding(Kind.TRUNCATED, head.end.seq + 1, what)


def _years_before(now: datetime, years: int) -> datetime:
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # the 29th of February
        return now.replace(year=now.year - years, day=28)
