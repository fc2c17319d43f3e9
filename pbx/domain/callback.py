"""Calling back in time: until when a message has to be done, what is overdue, and the share that was met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID

from pbx.domain.schedule import Schedule

LONGEST_WAIT = timedelta(days=14)
"""Whatever the schedule says, nobody waits longer: one that never opens again must not hide a message."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Within which time a patient is to be called back: by the clock, or counted in the open hours of `hours`."""

    within: timedelta
    hours: Schedule | None = None

    def due(self, received_at: datetime) -> datetime:
        """When (UTC) the limit for a message that came at `received_at` (aware) is over."""
        at = received_at.astimezone(UTC)
        last = at + LONGEST_WAIT
        if self.hours is None:
            return min(at + self.within, last)
        left = self.within
        while at < last:
            state = self.hours.state_at(at)
            until = min(state.until or last, last)
            if state.open and at + left <= until:
                return at + left
            if state.open:
                left -= until - at
            at = until
        return last


@dataclass(frozen=True, slots=True)
class Limits:
    """The practice's limit, and those of mailboxes with one of their own. None: nothing is ever overdue."""

    usual: Limit | None = None
    mailboxes: Mapping[str, Limit] = field(default_factory=dict)

    def due(self, mailbox: str, received_at: datetime) -> datetime | None:
        limit = self.mailboxes.get(mailbox, self.usual)
        return None if limit is None else limit.due(received_at)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known of a patient's wait, and nothing about the patient.

    `called_back_at` is set once somebody called, `closed_at` once the message needs nobody any more (done or deleted).
    """

    message: UUID
    mailbox: str
    received_at: datetime
    owner: str | None = None
    called_back_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """A message that nobody finished with in time. `due_at` is UTC; `owner` is who claimed it, if somebody did."""

    message: UUID
    mailbox: str
    owner: str | None
    due_at: datetime


def overdue(waits: Iterable[Waiting], limits: Limits, at: datetime) -> list[Overdue]:
    """What is overdue at `at` (aware), the longest first. A claim alone stops no clock."""
    found = []
    for wait in waits:
        due = limits.due(wait.mailbox, wait.received_at)
        if wait.closed_at is None and due is not None and due < at:
            found.append(Overdue(wait.message, wait.mailbox, wait.owner, due))
    return sorted(found, key=lambda one: one.due_at)


@dataclass(frozen=True, slots=True)
class Share:
    """How calling back went. `messages` is the sum of `in_time`, `late`, `unjudged`, `without_call` and `open`.

    `late` were called back, but after the limit; `unjudged` were called back where the file names no limit;
    `without_call` were closed and nobody called; `open` wait still, of these `overdue` too long. `median_seconds` is
    from the message to the call, by the clock.
    """

    messages: int = 0
    in_time: int = 0
    late: int = 0
    unjudged: int = 0
    without_call: int = 0
    open: int = 0
    overdue: int = 0
    median_seconds: float | None = None

    @property
    def met(self) -> float | None:
        """The share (0..1) that was called back in time, of all whose time is over; None where there is none."""
        judged = self.in_time + self.late + self.overdue
        return self.in_time / judged if judged else None


@dataclass(frozen=True, slots=True)
class CallBackReport:
    """The practice as a whole, and each mailbox that had a message."""

    total: Share
    mailboxes: Mapping[str, Share]


def report(waits: Sequence[Waiting], limits: Limits, at: datetime) -> CallBackReport:
    """How calling back went, as seen at `at` (aware)."""
    by_mailbox: dict[str, list[Waiting]] = {}
    for wait in waits:
        by_mailbox.setdefault(wait.mailbox, []).append(wait)
    boxes = {mailbox: _share(found, limits, at) for mailbox, found in sorted(by_mailbox.items())}
    return CallBackReport(_share(waits, limits, at), boxes)


def _share(waits: Sequence[Waiting], limits: Limits, at: datetime) -> Share:
    called = [(wait, wait.called_back_at) for wait in waits if wait.called_back_at is not None]
    dues = [(limits.due(wait.mailbox, wait.received_at), when) for wait, when in called]
    times = [(when - wait.received_at).total_seconds() for wait, when in called]
    still_open = [wait for wait in waits if wait.called_back_at is None and wait.closed_at is None]
    return Share(
        messages=len(waits),
        in_time=sum(due is not None and when <= due for due, when in dues),
        late=sum(due is not None and when > due for due, when in dues),
        unjudged=sum(due is None for due, _ in dues),
        without_call=len(waits) - len(called) - len(still_open),
        open=len(still_open),
        overdue=len(overdue(still_open, limits, at)),
        median_seconds=median(times) if times else None,
    )
