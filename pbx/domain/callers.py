"""Who is calling, and which of the practice's rules that brings into play. Pure.

The rules are looked at in the order of `Kind`, and the first that concerns the caller and says something for the state
of the line decides. A number alone proves nothing, because it can be forged: the most that a rule gives it is that
somebody's phone rings, and that only so often.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pbx.domain.actions import Action
from pbx.domain.numbers import Caller, NumberKind

NOT_TAKEN_PROMPT = "not-taken"
"""What a blocked caller hears after the emergency sentence, unless the practice words it."""


class Verdict(StrEnum):
    """What the carrier's STIR/SHAKEN check says of the caller's number; NONE where it says nothing.

    OWN and BEAT are no verdicts of a carrier: the call comes from one of the practice's phones, or from its heartbeat,
    and no caller rule applies to it.
    """

    NONE = ""
    PASSED = "passed"
    FAILED = "failed"
    OWN = "own"
    BEAT = "beat"


class Trust(StrEnum):
    """What a rule asks of the verdict."""

    IGNORE = "ignore"
    NOT_FAILED = "not-failed"
    PASSED = "passed"


class Kind(StrEnum):
    """The rules by caller, in the order in which they are looked at. Their values are those of `routing.Reason`."""

    BLOCKED = "blocked"
    PRIORITY = "priority"
    REPEATED = "repeated-call"
    WITHHELD = "withheld"
    UNKNOWN = "unknown-caller"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody whom the practice knows, by number (E.164). `name` and `note` are for the staff, never for a log."""

    number: str
    name: str
    groups: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class CallerRule:
    """What is done with callers of a `kind`. `path` is where it stands in the file.

    `opened` and `closed` are what is done instead (None: what is done with everybody). `turn_away` names a prompt:
    after the emergency sentence it is all that the caller hears. BLOCKED and PRIORITY are for contacts of `groups`.
    PRIORITY holds for at most `calls` of a number `within` a time; REPEATED from that many on.
    """

    kind: Kind
    path: str
    opened: tuple[Action, ...] | None = None
    closed: tuple[Action, ...] | None = None
    turn_away: str | None = None
    groups: frozenset[str] = frozenset()
    calls: int = 0
    within: timedelta = timedelta(0)
    trust: Trust = Trust.IGNORE


@dataclass(frozen=True, slots=True)
class Frequent:
    """From the `calls`th call of a number `within` a time on, its messages are taken after `greeting`."""

    path: str
    calls: int
    within: timedelta
    greeting: str


@dataclass(frozen=True, slots=True)
class CallerRules:
    """The rules of one number, in the order of `Kind`."""

    rules: tuple[CallerRule, ...] = ()
    frequent: Frequent | None = None

    @property
    def window(self) -> timedelta:
        """How far back the rules look at calls of the same number."""
        counted = [rule.within for rule in self.rules]
        return max([*counted, self.frequent.within if self.frequent else timedelta(0)], default=timedelta(0))

    def of(self, kind: Kind) -> CallerRule | None:
        return next((rule for rule in self.rules if rule.kind is kind), None)


NO_RULES = CallerRules()


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call as the rules see it. `recent` are the times of the caller's earlier calls (aware), in order."""

    caller: Caller
    is_open: bool
    at: datetime
    recent: tuple[datetime, ...] = ()
    verdict: Verdict = Verdict.NONE

    def count(self, within: timedelta) -> int:
        """How many calls the number has made within so long, this one included."""
        return 1 + bisect_left(self.recent, self.at) - bisect_left(self.recent, self.at - within)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say of a call: who it is by `rule` (None: a caller as any other), and what is done instead.

    `why` names rules and counts, never who is calling.
    """

    rule: CallerRule | None = None
    actions: tuple[Action, ...] | None = None
    greeting: str | None = None
    why: tuple[str, ...] = ()


AS_ANY_OTHER = Ruling()


def ruling(rules: CallerRules, contacts: Mapping[str, Contact], incoming: Incoming | None) -> Ruling:
    """What `rules` say of a call; of one whose caller is not known yet (None) they say nothing."""
    if rules is NO_RULES or incoming is None or incoming.verdict is Verdict.OWN:
        return AS_ANY_OTHER
    contact = contacts.get(incoming.caller.number or "") if incoming.caller.kind is NumberKind.E164 else None
    why: list[str] = []
    for rule in rules.rules:
        actions = rule.opened if incoming.is_open else rule.closed
        if not _concerns(rule, contact, incoming) or (actions is None and rule.turn_away is None):
            continue
        if refusal := _refusal(rule, incoming):
            why.append(refusal)
            continue
        why.append(_because(rule, incoming))
        greeting = _greeting(rules, contact, incoming, why) if rule.kind is not Kind.BLOCKED else None
        return Ruling(rule, actions, greeting, tuple(why))
    greeting = _greeting(rules, contact, incoming, why)
    return Ruling(None, None, greeting, tuple(why))


def longest_window(rules: Iterable[CallerRules]) -> timedelta:
    """How long calls have to be remembered for all of `rules`."""
    return max((each.window for each in rules), default=timedelta(0))


def _concerns(rule: CallerRule, contact: Contact | None, incoming: Incoming) -> bool:
    match rule.kind:
        case Kind.BLOCKED | Kind.PRIORITY:
            return contact is not None and not rule.groups.isdisjoint(contact.groups)
        case Kind.REPEATED:
            return incoming.caller.number is not None and incoming.count(rule.within) >= rule.calls
        case Kind.WITHHELD:
            return incoming.caller.kind is NumberKind.WITHHELD
        case Kind.UNKNOWN:
            return contact is None and incoming.caller.kind is not NumberKind.WITHHELD


def _refusal(rule: CallerRule, incoming: Incoming) -> str | None:
    """Why somebody with priority does not ring through."""
    if rule.kind is not Kind.PRIORITY:
        return None
    if incoming.verdict is Verdict.FAILED and rule.trust is not Trust.IGNORE:
        return f"Priority does not count: the carrier says that the number is forged ({rule.path})."
    if incoming.verdict is not Verdict.PASSED and rule.trust is Trust.PASSED:
        return f"Priority does not count: the carrier does not vouch for the number ({rule.path})."
    if incoming.count(rule.within) > rule.calls:
        most = f"{rule.calls} in {span_in_words(rule.within)}"
        return f"Priority does not count: the number called too often, at most {most} ring through ({rule.path})."
    return None


def _because(rule: CallerRule, incoming: Incoming) -> str:
    match rule.kind:
        case Kind.BLOCKED:
            return f"The caller is blocked ({rule.path})."
        case Kind.PRIORITY:
            count, within = incoming.count(rule.within), span_in_words(rule.within)
            return f"The caller has priority, call {count} of at most {rule.calls} in {within} ({rule.path})."
        case Kind.REPEATED:
            count, within = incoming.count(rule.within), span_in_words(rule.within)
            return f"This is call {count} of the same number within {within} ({rule.path})."
        case Kind.WITHHELD:
            return f"The caller withholds the number ({rule.path})."
        case Kind.UNKNOWN:
            return f"The number is not among the contacts ({rule.path})."


def _greeting(rules: CallerRules, contact: Contact | None, incoming: Incoming, why: list[str]) -> str | None:
    """The greeting of one who calls often. Whoever has priority is expected to."""
    frequent, priority = rules.frequent, rules.of(Kind.PRIORITY)
    if frequent is None or incoming.caller.number is None:
        return None
    if contact and priority and not priority.groups.isdisjoint(contact.groups):
        return None
    count = incoming.count(frequent.within)
    if count < frequent.calls:
        return None
    calls = f"call {count} of the same number within {span_in_words(frequent.within)}"
    why.append(f"This is {calls}: it gets a greeting of its own ({frequent.path}).")
    return frequent.greeting


def span_in_words(span: timedelta) -> str:
    """`10 minutes`, `7 days`."""
    minutes = span // timedelta(minutes=1)
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes % length == 0 and minutes > length:
            return f"{minutes // length} {unit}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
