"""May this person call that number, and which number of the practice does the patient see? A value that says why.

Pure, like `pbx.domain.routing`. The same value drives the call, is stored with it and is printed by
`secondline explain --from-person`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pbx.domain.emergency import emergency_numbers
from pbx.domain.far_numbers import NotFull, full_number, is_costly, region_of
from pbx.domain.numbers import for_people
from pbx.domain.policy import Policy


class OutReason(StrEnum):
    """Why a call outside is placed or refused: the closed list that the log uses."""

    ALLOWED = "allowed"
    EMERGENCY = "emergency"
    INBOUND_ONLY = "inbound-only"
    PERSON = "person-not-allowed"
    CODE = "unknown-code"
    NOT_A_NUMBER = "not-a-number"
    OWN_NUMBER = "own-number"
    PREMIUM = "premium-number"
    PREFIX = "refused-prefix"
    COUNTRY = "country-not-allowed"
    CALLS = "calls-used-up"
    MINUTES = "minutes-used-up"
    AT_ONCE = "too-many-at-once"
    LINES = "all-lines-busy"
    NOT_SERVED = "controller-away"

    @property
    def prompt(self) -> str | None:
        """The prompt that the person hears; None where the call is placed."""
        return None if self in (OutReason.ALLOWED, OutReason.EMERGENCY) else f"out-{self.value}"


class Shown(StrEnum):
    """Why a patient sees this number of the practice."""

    CHOSEN = "chosen"
    LAST_CALLED = "last-called"
    USUAL = "usual"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a person used up today: `calls` that were placed, `seconds` of talk; and calls `now`, theirs and all."""

    calls: int = 0
    seconds: float = 0.0
    now: int = 0
    all_now: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants to call: `person` is a key, `typed` the number as a person types it, with a code or without.

    `device` tells by what: an endpoint's name, or `cell`. `show` (E.164) is a practice number that was asked for in
    another way than by a code. `last_called` is the practice number (E.164) that the one who is called called last.
    """

    person: str | None
    typed: str
    device: str = ""
    show: str | None = None
    last_called: str | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a call may be placed, and how.

    `to` and `shown` are E.164 (None where it did not come to that), `seconds` is the longest that the call may take,
    `why` the reasons in sentences for people; they do not hold the number that is called.
    """

    person: str | None
    device: str
    reason: OutReason
    why: tuple[str, ...]
    to: str | None = None
    shown: str | None = None
    shown_because: Shown | None = None
    seconds: int = 0
    policy_version: str = field(default="", repr=False)

    @property
    def allowed(self) -> bool:
        return self.reason is OutReason.ALLOWED


class _No(Exception):
    def __init__(self, reason: OutReason, why: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.why = why


def may_call(policy: Policy, wish: Wish, usage: Usage) -> Permission:
    """Judge a wish under what was used up already."""
    to: str | None = None
    try:
        code, typed = split_code(policy, wish.typed)
        to = _number(policy, wish, typed)
        _check_number(policy, wish, to)
        seconds = _left(policy, wish, usage)
    except _No as no:
        return Permission(wish.person, wish.device, no.reason, (no.why,), to, policy_version=policy.version)
    shown, because = shown_number(policy, wish, code)
    why = (f"{_name(policy, wish.person)} may call this number.", _shown_in_words(policy, shown, because))
    return Permission(
        wish.person, wish.device, OutReason.ALLOWED, why, to, shown, because, seconds, policy_version=policy.version
    )


def split_code(policy: Policy, typed: str) -> tuple[str | None, str]:
    """The code before a number, which says what the patient is to see, and the number. Raises what is not allowed."""
    text = typed.strip()
    if policy.outbound is None or not text.startswith("*"):
        return None, text
    for code in policy.outbound.codes:
        if text.startswith(code):
            return code, text.removeprefix(code).strip()
    known = ", ".join(policy.outbound.codes) or "there is none"
    raise _No(OutReason.CODE, f"The code before the number is not known; known are: {known}.")


def shown_number(policy: Policy, wish: Wish, code: str | None) -> tuple[str, Shown]:
    """What the patient sees: what was chosen for this call, what the patient knows, or what is usual for the person."""
    rules = policy.outbound
    if rules is None or wish.person is None:
        raise ValueError("nobody who may call shows a number")
    if code is not None:
        return rules.codes[code], Shown.CHOSEN
    if wish.show is not None and wish.show in policy.numbers:
        return wish.show, Shown.CHOSEN
    if wish.last_called is not None and wish.last_called in policy.numbers:
        return wish.last_called, Shown.LAST_CALLED
    return rules.people[wish.person].shows, Shown.USUAL


def permission_to_dict(permission: Permission) -> dict[str, Any]:
    """As it is stored with a call and printed; the number that is called stands with the call itself."""
    return {
        "outbound": True,
        "person": permission.person,
        "device": permission.device or None,
        "allowed": permission.allowed,
        "shown": permission.shown,
        "shown_because": permission.shown_because,
        "reason": permission.reason,
        "why": list(permission.why),
        "seconds": permission.seconds,
        "policy_version": permission.policy_version,
    }


def _number(policy: Policy, wish: Wish, typed: str) -> str:
    rules = policy.outbound
    if rules is None or rules.inbound_only:
        raise _No(OutReason.INBOUND_ONLY, "The practice calls nobody outside: its file does not allow it ([outbound]).")
    if wish.person is None or wish.person not in rules.people:
        raise _No(OutReason.PERSON, f"{_name(policy, wish.person)} may not call numbers outside of the practice.")
    if "".join(c for c in typed if c.isdigit()) in emergency_numbers(policy.country):
        raise _No(OutReason.NOT_A_NUMBER, "The emergency services are dialled alone, from a phone, without a code.")
    try:
        return full_number(typed, policy.country)
    except NotFull as error:
        raise _No(OutReason.NOT_A_NUMBER, f"This {error}.") from None


def _check_number(policy: Policy, wish: Wish, to: str) -> None:
    rules = policy.outbound
    assert rules is not None and wish.person is not None  # `_number` has seen to it
    if to in policy.numbers:
        raise _No(OutReason.OWN_NUMBER, "This is a number of the practice: dial it as it is, without a code.")
    if is_costly(to):
        raise _No(OutReason.PREMIUM, "This number costs more than a call: such numbers are never called.")
    if any(to.startswith(prefix) for prefix in rules.refused):
        raise _No(OutReason.PREFIX, "The practice's file refuses numbers that begin like this one.")
    region, countries = region_of(to), rules.people[wish.person].countries
    if region not in countries:
        raise _No(OutReason.COUNTRY, f"{_name(policy, wish.person)} may call {', '.join(sorted(countries))} only.")


def _left(policy: Policy, wish: Wish, usage: Usage) -> int:
    """The longest that a call may take, in seconds."""
    rules = policy.outbound
    assert rules is not None and wish.person is not None
    mine = rules.people[wish.person]
    left = mine.minutes_a_day * 60 - usage.seconds
    if usage.calls >= mine.calls_a_day:
        raise _No(OutReason.CALLS, f"The {mine.calls_a_day} calls of a day are used up.")
    if left < 1:
        raise _No(OutReason.MINUTES, f"The {mine.minutes_a_day} minutes of a day are used up.")
    if usage.now >= mine.at_once:
        raise _No(OutReason.AT_ONCE, f"{usage.now} calls at once are going on already; at most {mine.at_once} may.")
    if usage.all_now >= rules.at_once:
        raise _No(OutReason.LINES, f"All {rules.at_once} lines that the file gives to calls outside are in use.")
    return int(min(left, rules.longest_minutes * 60))


def _name(policy: Policy, person: str | None) -> str:
    known = policy.people.get(person or "")
    return known.name if known else "A phone that belongs to nobody" if person is None else person


def _shown_in_words(policy: Policy, shown: str, because: Shown) -> str:
    number = policy.numbers[shown]
    reason = {
        Shown.CHOSEN: "chosen for this call",
        Shown.LAST_CALLED: "which this number called last",
        Shown.USUAL: "as usual",
    }[because]
    return f"Who is called sees {for_people(shown, policy.country)} ({number.label}), {reason}."
