"""Greetings that people record by phone: heard instead of the file's wherever a message for them is taken.

What the practice says of a date, of a caller, or on a snow day is not theirs to replace, and the emergency sentence
comes first as it always does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pbx.domain.actions import Action, Jump, Menu, Option, Voicemail
from pbx.domain.policy import Number, Policy
from pbx.domain.spoken import spoken_moment


class GreetingKind(StrEnum):
    """When a recorded greeting is heard; a temporary one comes before the two others until it ends."""

    NORMAL = "normal"
    CLOSED = "closed"
    TEMPORARY = "temporary"


@dataclass(frozen=True, slots=True)
class OwnGreeting:
    """A recording of `person` (a key of the file). `ends` (aware) is set for a temporary one, and only there."""

    person: str
    kind: GreetingKind
    ends: datetime | None = None

    def __post_init__(self) -> None:
        if (self.kind is GreetingKind.TEMPORARY) != (self.ends is not None):
            raise ValueError("a temporary greeting has an end, and no other has")

    @property
    def prompt(self) -> str:
        """The name of its prompt; no greeting of the file can have it, because theirs begin with a letter or digit."""
        return f"-{self.person}-{self.kind}"

    def holds(self, at: datetime) -> bool:
        return self.ends is None or at < self.ends


def with_own(number: Number, at: datetime, greetings: Iterable[OwnGreeting]) -> Number:
    """The same number with the greetings that its people recorded and that hold at `at`."""
    held = {(one.person, one.kind): one for one in greetings if one.holds(at)}
    if not held:
        return number

    def own(mailbox: str, kind: GreetingKind) -> OwnGreeting | None:
        return held.get((mailbox, GreetingKind.TEMPORARY)) or held.get((mailbox, kind))

    def changed(actions: tuple[Action, ...], kind: GreetingKind) -> tuple[Action, ...]:
        return tuple(one(action, kind) for action in actions)

    def one(action: Action, kind: GreetingKind) -> Action:
        if isinstance(action, Voicemail) and (found := own(action.mailbox, kind)):
            return replace(action, greeting=found.prompt)
        if isinstance(action, Menu):
            options = tuple(option(o, kind) for o in action.options)
            return replace(action, options=options, otherwise=changed(action.otherwise, kind))
        return action

    def option(found: Option, kind: GreetingKind) -> Option:
        return found if isinstance(found.then, Jump) else replace(found, then=changed(found.then, kind))

    opened, closed = changed(number.opened, GreetingKind.NORMAL), changed(number.closed, GreetingKind.CLOSED)
    return replace(number, opened=opened, closed=closed)


def heard_in_words(
    policy: Policy, played: Collection[str], greetings: Iterable[OwnGreeting], at: datetime
) -> Iterator[str]:
    """Sentences on the recordings among the prompts that a call may be `played`."""
    for one in greetings:
        if one.prompt in played:
            yield f"{in_words(policy, one, at)} It is heard instead of the greeting in the file."


def in_words(policy: Policy, one: OwnGreeting, at: datetime) -> str:
    """`Dr. Rictor recorded a closed greeting by phone.`"""
    until = f", until {spoken_moment(one.ends, at, policy.timezone)}" if one.ends else ""
    return f"{policy.mailboxes.get(one.person, one.person)} recorded a {one.kind} greeting by phone{until}."
