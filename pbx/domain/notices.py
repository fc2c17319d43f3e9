"""Which notices a message causes, for whom and when: the new one, reminders, escalation, and an overdue call back.

Everything is a function of where the message stands and of the time. A notice has an id that follows from what it is,
so that asking again, after a restart too, names the same notices and no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5


class Cause(StrEnum):
    """Why somebody is told, the least pressing first."""

    NEW = "new"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    OVERDUE = "overdue"


SENTENCES = {
    Cause.NEW: "You have a new message in Secondline.",
    Cause.REMINDER: "You have an unread message in Secondline.",
    Cause.ESCALATION: "A message in Secondline waits for somebody to take it.",
    Cause.OVERDUE: "A call back in Secondline is overdue.",
}
"""What each says where nothing else may be said."""

_PRESSING = tuple(Cause)


def most_pressing(causes: list[Cause]) -> Cause:
    """The one whose sentence stands for all of them. Raises ValueError where there is none."""
    return max(causes, key=_PRESSING.index)


@dataclass(frozen=True, slots=True)
class Group:
    """Told together, `after` the beginning of an escalation: `people` (keys) over `channels` (keys)."""

    after: timedelta
    people: tuple[str, ...]
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoticePlan:
    """What a mailbox asks for: `people` hear of each message over `channels`, and are reminded while it is unread.

    `groups` are told in their order until somebody takes the message, the whole list `rounds` times, `again` apart; and
    anew from when the call back is overdue, however it stands: taken is not done.
    """

    people: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    remind_after: timedelta | None = None
    reminders: int = 1
    groups: tuple[Group, ...] = ()
    rounds: int = 1
    again: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message stands. `owner` took it (a person's key; empty for an operator).

    `done` holds also where it was deleted; `overdue_at` is when the practice's limit for the call back is over, if any.
    """

    message: UUID
    mailbox: str
    received_at: datetime
    unread: bool = True
    owner: str | None = None
    done: bool = False
    overdue_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One telling of one person (a key; empty: of a program) over one channel. `step` tells repetitions apart.

    `phone` is the endpoint of a text to a phone.
    """

    message: UUID
    cause: Cause
    step: str
    person: str
    channel: str
    phone: str = ""

    @property
    def id(self) -> UUID:
        """Follows from the rest."""
        return uuid5(self.message, f"{self.cause}/{self.step}/{self.person}/{self.channel}/{self.phone}")


def due(plan: NoticePlan, standing: Standing, now: datetime) -> tuple[Notice, ...]:
    """The notices that a message asks for at `now`, those included that were given before.

    Each person is in it once a channel, with the latest step of the most pressing cause: whoever was away for a night
    gets one notice and not all that were missed.
    """
    found: dict[tuple[str, str], Notice] = {}
    for at, notice in _steps(plan, standing):
        if at <= now and wanted(notice.cause, standing):
            found[notice.person, notice.channel] = notice
    return tuple(found.values())


def wanted(cause: Cause, standing: Standing) -> bool:
    """Whether a notice that was not sent yet still has a reason."""
    if standing.done:
        return False
    if cause is Cause.OVERDUE:
        return True
    if cause is Cause.ESCALATION:
        return standing.owner is None
    return standing.owner is None and standing.unread


def _steps(plan: NoticePlan, standing: Standing) -> Iterator[tuple[datetime, Notice]]:
    """Every step that a message can come to, the more pressing and the later ones after the others."""
    yield from _tell(plan, standing, standing.received_at, Cause.NEW, "")
    if plan.remind_after:
        for n in range(1, plan.reminders + 1):
            yield from _tell(plan, standing, standing.received_at + n * plan.remind_after, Cause.REMINDER, str(n))
    yield from _escalate(plan, standing, standing.received_at, Cause.ESCALATION)
    if standing.overdue_at:
        whom = (standing.owner,) if standing.owner else plan.people
        yield from _tell(replace(plan, people=whom), standing, standing.overdue_at, Cause.OVERDUE, "")
        yield from _escalate(plan, standing, standing.overdue_at, Cause.OVERDUE)


def _tell(
    plan: NoticePlan, standing: Standing, at: datetime, cause: Cause, step: str
) -> Iterator[tuple[datetime, Notice]]:
    for person in plan.people:
        for channel in plan.channels:
            yield at, Notice(standing.message, cause, step, person, channel)


def _escalate(plan: NoticePlan, standing: Standing, start: datetime, cause: Cause) -> Iterator[tuple[datetime, Notice]]:
    whole = max((group.after for group in plan.groups), default=timedelta()) + plan.again
    for n in range(plan.rounds):
        for place, group in enumerate(plan.groups):
            step = f"{n + 1}.{place + 1}"
            for person in group.people:
                for channel in group.channels:
                    at = start + n * whole + group.after
                    yield at, Notice(standing.message, cause, step, person, channel)
