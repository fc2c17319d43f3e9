"""Tests that a practice writes into its own file: at this time, a call to this number does that.

Pure: an expectation is judged by the decision that a real call would get.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.domain.numbers import Caller, for_people
from pbx.domain.outline import Event, Verb, in_words, outline
from pbx.domain.policy import Policy
from pbx.domain.routing import BY_CALLER, Decision, State, decide

HOW_TO_SAY = (
    'say it as "ring rictor", "voicemail rictor", "greeting closed" or "hang up", several in order with commas: '
    '"ring rictor, voicemail rictor"'
)

_VERBS = {
    "ring": Verb.RING,
    "rings": Verb.RING,
    "voicemail": Verb.VOICEMAIL,
    "message": Verb.VOICEMAIL,
    "mailbox": Verb.VOICEMAIL,
    "menu": Verb.MENU,
    "urgent": Verb.URGENT,
    "greeting": Verb.GREETING,
    "play": Verb.GREETING,
    "plays": Verb.GREETING,
    "hang up": Verb.HANG_UP,
    "hangup": Verb.HANG_UP,
}
_VERB = re.compile(rf"({'|'.join(sorted(_VERBS, key=len, reverse=True))})\b[ :]*(.*)", re.IGNORECASE)
_NEXT = re.compile(rf"\s*(?:,|;|->|\bthen\b)[\s,]*(?:then\s+)?(?=(?:{'|'.join(_VERBS)})\b)", re.IGNORECASE)
_NAMES = re.compile(r"\s*(?:,|\+|&|\band\b)\s*", re.IGNORECASE)
_SECONDS = re.compile(r"(?:\s+for)?\s+(\d{1,3})\s*(?:s|sec|secs|seconds?)$", re.IGNORECASE)
_FILLING = re.compile(r"^(?:for|to|of|with|in)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expectation:
    """A call to `call` (E.164) at `at` (aware) does `then`, and nothing before it.

    `names` maps a person or team to the phones that ring for them. `state` and `until` are looked at where they are
    given. `caller` is who calls, None for anybody.
    """

    call: str
    at: datetime
    then: tuple[Event, ...]
    names: Mapping[str, tuple[str, ...]]
    state: State | None = None
    until: datetime | None = None
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """`key` is what does not hold: `then`, `state` or `until`. `what` tells what happens instead, and why."""

    key: str
    what: str


class NotUnderstood(ValueError):
    """The wording of an expectation means nothing; the text names the part."""


def parse_then(text: str) -> tuple[Event, ...]:
    """Read `ring rictor and mills for 20 s, then voicemail rictor`. Raises NotUnderstood."""
    parts = [part.strip(" ,;.") for part in _NEXT.split(text)]
    return tuple(_event(part) for part in parts)


def _event(part: str) -> Event:
    found = _VERB.fullmatch(part)
    if not found:
        raise NotUnderstood(f"{part!r} is not something that a call does")
    verb, rest = _VERBS[found[1].lower()], found[2].strip()
    seconds = _SECONDS.search(f" {rest}") if verb is Verb.RING else None
    if seconds:
        rest = f" {rest}"[: seconds.start()]
    rest = _FILLING.sub("", rest.strip())
    names = tuple(name for name in _NAMES.split(rest) if name)
    if verb is Verb.HANG_UP and names:
        raise NotUnderstood(f"{part!r} names somebody, and a call hangs up for nobody")
    return Event(verb, names, seconds=int(seconds[1]) if seconds else None)


def failures(policy: Policy, expected: Expectation) -> tuple[Failure, ...]:
    """What does not hold; nothing when all is as expected."""
    decision = decide(policy, expected.call, expected.at, caller=expected.caller)
    happens = outline(decision.steps)
    found = []
    if not _holds(expected, happens):
        found.append(Failure("then", _instead(expected.then, happens)))
    if expected.state not in (None, decision.state):
        found.append(Failure("state", f"the line is not {expected.state}, but {decision.state}"))
    if expected.until is not None and expected.until != decision.until:
        until = _clock(decision.until, expected.at) if decision.until else "with no change in sight"
        found.append(Failure("until", f"it does not stay so until {_clock(expected.until, expected.at)}, but {until}"))
    call = f"a call to {for_people(expected.call, policy.country)} at {_clock(expected.at, expected.at)}"
    return tuple(Failure(f.key, f"{call}: {f.what}, because {_because(decision)}") for f in found)


def _instead(wished: Sequence[Event], happens: Sequence[Event]) -> str:
    timed = any(event.seconds for event in wished)
    wish, instead = in_words(wished, seconds=timed), in_words(happens, seconds=timed)
    return f'it does "{instead}" instead of "{wish}"'


def _holds(expected: Expectation, happens: Sequence[Event]) -> bool:
    """Whether what happens begins with what is expected; a greeting counts only where one is expected."""
    ahead = list(happens)
    for wish in expected.then:
        while ahead and ahead[0].verb is Verb.GREETING and wish.verb is not Verb.GREETING:
            ahead.pop(0)
        if not ahead or not _is(wish, ahead.pop(0), expected.names):
            return False
    return True


def _is(wish: Event, event: Event, names: Mapping[str, tuple[str, ...]]) -> bool:
    if wish.verb is not event.verb or wish.seconds not in (None, event.seconds):
        return False
    return all(name in event.names + event.rung or _rings(names.get(name, (name,)), event) for name in wish.names)


def _rings(phones: tuple[str, ...], event: Event) -> bool:
    """A phone, or somebody of a team that is rung: all of their phones ring."""
    return bool(phones) and set(phones) <= set(event.phones)


def _because(decision: Decision) -> str:
    """The sentence on the line's state, and the one on the caller where that one decides."""
    by_caller = decision.why[1:2] if decision.reason in BY_CALLER else ()
    return "; ".join(sentence.rstrip(".") for sentence in (decision.why[0], *by_caller))


def _clock(at: datetime, like: datetime) -> str:
    zone = like.tzinfo
    name = f" {zone.key}" if isinstance(zone, ZoneInfo) else ""
    return f"{at.astimezone(zone):%a %d %b %Y %H:%M}{name}"
