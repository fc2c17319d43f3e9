"""What happens to a call, as a value that explains itself: `decide` at its start, `advance` after each step.

Both are pure. The same decision drives the call, is stored with it and is printed by `secondline explain`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from pbx.domain.actions import FALLBACK_GREETING, Action, Menu, Ring, RingOnCall, Urgent, Voicemail, fallback_of
from pbx.domain.callers import AS_ANY_OTHER, Incoming, Kind, Ruling, ruling
from pbx.domain.dependence import Asks, asks_of, depends_on
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.languages import spoken_in
from pbx.domain.numbers import Caller, for_people
from pbx.domain.overridden import Course, Overridden, as_overridden, overridden
from pbx.domain.override_words import left_out_in_words, line_in_words
from pbx.domain.own_greetings import heard_in_words, with_own
from pbx.domain.policy import UNASSIGNED_MAILBOX, Number, Policy
from pbx.domain.ring import ring, ring_in_words
from pbx.domain.ring_oncall import ring_on_call
from pbx.domain.schedule import ScheduleState, Why
from pbx.domain.steps import EndStep, MenuStep, PageStep, RecordStep, Result, SayStep, Step, prompts_said
from pbx.domain.tree import Plan, menu_in_words
from pbx.domain.urgent_path import urgent_in_words, urgent_path, way_out

EMERGENCY_PROMPT = "emergency"
"""The prompt with the emergency sentence; it opens every greeting of a closed line."""

THANKS_PROMPT = "thanks"
"""The prompt after a message."""


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Reason(StrEnum):
    """Why a call goes where it goes: the closed list that the log and the metrics use."""

    ALWAYS_OPEN = "always-open"
    IN_HOURS = "in-hours"
    OUTSIDE_HOURS = "outside-hours"
    CLOSED_DATE = "closed-date"
    UNKNOWN_NUMBER = "unknown-number"
    SAFE_MODE = "safe-mode"
    OVERRIDE = "override"
    PRIORITY = "priority"
    BLOCKED = "blocked"
    WITHHELD = "withheld"
    UNKNOWN_CALLER = "unknown-caller"
    REPEATED_CALL = "repeated-call"
    MOVED = "moved"


_Told = tuple[tuple[Step, ...], tuple[str, ...]]
"""What is done with a call, as steps and in sentences."""

BY_CALLER = frozenset(Reason(kind.value) for kind in Kind)
"""The reasons that have to do with who is calling."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a call to `number` that came at `at` (aware), and why.

    `rule` names the deciding rule in the practice's file, `until` (UTC) the next change of the state (None: none in
    sight), `why` the reasons in sentences for people.
    """

    number: str
    at: datetime
    state: State
    reason: Reason
    rule: str
    until: datetime | None
    steps: tuple[Step, ...]
    why: tuple[str, ...]
    policy_version: str

    @property
    def mailbox(self) -> str:
        """Where a message of this call goes."""
        return next((s.mailbox for s in self.steps if isinstance(s, RecordStep)), UNASSIGNED_MAILBOX)


def decide(
    policy: Policy, dialled: str, at: datetime, facts: Facts = NO_FACTS, caller: Caller | None = None
) -> Decision:
    """Decide about a call to `dialled` (E.164) at `at` (aware; raises ValueError for a naive time).

    Without a `caller` it is decided as for one to whom no rule by caller applies.
    """
    number = policy.numbers.get(dialled)
    if number is None:
        return _unknown_number(policy, dialled, at)
    number = with_own(number, at, facts.greetings)
    line = _line(policy, number, at, facts)
    incoming = Incoming(caller, line.state is State.OPEN, at, facts.recent, facts.verdict) if caller else None
    found = ruling(number.callers, policy.contacts, incoming)
    line = _for_caller(policy, line, found)
    if found.rule and found.rule.turn_away:
        steps, done = _turned_away(policy, number, found.rule.turn_away)
    else:
        steps, done = _told(policy, number, line, at, facts)
    own = heard_in_words(policy, prompts_said(steps), facts.greetings, at) if facts.greetings else ()
    why = (*line.why, *done, *own)
    return Decision(dialled, at, line.state, line.reason, line.rule, line.until, steps, why, policy.version)


def _turned_away(policy: Policy, number: Number, prompt: str) -> _Told:
    said = _spoken(policy, SayStep((EMERGENCY_PROMPT, prompt)), number.language or policy.languages[0])
    return (said, EndStep()), (f"Say the emergency sentence and {prompt!r}, and hang up.",)


def _told(policy: Policy, number: Number, line: _Line, at: datetime, facts: Facts) -> _Told:
    """What is done on a line. It is the same for one call after the other until what it depends on changes."""
    key, actions = (number.e164, line.state), line.actions
    asks = policy.told.get((*key, "asks"), actions, lambda: asks_of(actions))
    made_from = (actions, line.heard_as, *depends_on(policy, asks, at, facts))
    told: _Told = policy.told.get(key, made_from, lambda: _laid_out(policy, number, line, at, facts))
    return told


def _laid_out(policy: Policy, number: Number, line: _Line, at: datetime, facts: Facts) -> _Told:
    telling = _Telling(policy, line.heard_as, at, facts, _fallback(number, line.actions))
    language, spoken = number.language or policy.languages[0], partial(_spoken, policy) if policy.translations else None
    plan = Plan(telling.steps, _opening(line.heard_as), telling.fallback, language, spoken)
    plan.add(line.actions)
    return tuple(plan.steps), tuple(s for action in line.actions for s in telling.sentences(action))


def advance(steps: tuple[Step, ...], position: int, result: Result) -> int:
    """The position of the step after the one at `position`, which ended with `result`.

    Before the first step `position` is -1 and `result` START. In a menu a key leads where its option says, and any
    other result goes on. Past an end, the last step (an `EndStep`) comes again.
    """
    last = len(steps) - 1
    here = steps[position] if 0 <= position <= last else None
    if result is Result.ANSWERED or isinstance(here, EndStep):
        return last
    if isinstance(here, MenuStep) and (chosen := here.find(result.key)):
        return min(max(chosen.target, 0), last)
    if isinstance(here, PageStep) and (other := way_out(here, position, result)) is not None:
        return min(other, last)
    return min(max(position, -1) + 1, last)


@dataclass(frozen=True, slots=True)
class _Line:
    """What holds for a line at one instant: its state and why, and what is done with a call.

    `heard_as` is CLOSED where a caller is to hear the emergency sentence before anything else.
    """

    state: State
    reason: Reason
    rule: str
    until: datetime | None
    actions: tuple[Action, ...]
    why: tuple[str, ...]
    heard_as: State
    changed: Overridden


def _line(policy: Policy, number: Number, at: datetime, facts: Facts) -> _Line:
    """What the schedule says, as overrides change it."""
    now = number.schedule.state_at(at) if number.schedule else None
    state, reason, rule, until, why = _line_state(number, at, now)
    actions = number.opened if state is State.OPEN else _when_closed(number, now)
    changed = overridden(policy, number, at, facts, Course(state is State.OPEN, actions, until))
    if deciding := changed.decided_by:
        state, reason, rule = State.OPEN if changed.course.open else State.CLOSED, Reason.OVERRIDE, deciding.rule
    whys = _override_in_words(policy, number, at, changed, why)
    heard_as = State.CLOSED if changed.needs_emergency_sentence else state
    return _Line(state, reason, rule, changed.course.until, changed.course.actions, whys, heard_as, changed)


def _for_caller(policy: Policy, line: _Line, found: Ruling) -> _Line:
    """The same line for one whom a rule by caller concerns. What overrides take out of it, no rule brings back."""
    if found is AS_ANY_OTHER:
        return line
    actions = line.actions if found.actions is None else as_overridden(policy, line.changed, found.actions)
    if found.greeting is not None:
        actions = tuple(replace(a, greeting=found.greeting) if isinstance(a, Voicemail) else a for a in actions)
    line = replace(line, actions=actions, why=(*line.why, *found.why))
    if found.rule is None:
        return line
    # Whoever is blocked hears the emergency sentence on an open line too.
    heard_as = State.CLOSED if found.rule.kind is Kind.BLOCKED else line.heard_as
    return replace(line, reason=Reason(found.rule.kind.value), rule=found.rule.path, heard_as=heard_as)


def _line_state(
    number: Number, at: datetime, now: ScheduleState | None
) -> tuple[State, Reason, str, datetime | None, str]:
    if number.schedule is None or now is None:
        always = f"{number.label} has no schedule: the line is always open, and that never changes."
        return State.OPEN, Reason.ALWAYS_OPEN, f'numbers."{number.e164}"', None, always
    state = State.OPEN if now.open else State.CLOSED
    zone = number.schedule.timezone
    sentence = f"{number.label} is {state} at {_in_zone(at, zone)} ({_cause(now)}){_until(now, zone)}."
    rule = f"schedules.{number.schedule.name}{_RULES.get(now.why, '')}"
    return state, _reason(now), rule, now.until, sentence


def _override_in_words(
    policy: Policy, number: Number, at: datetime, changed: Overridden, scheduled: str
) -> tuple[str, ...]:
    if not (changed.line or changed.away or changed.kept_on_call):
        return (scheduled,)
    zone = number.schedule.timezone if number.schedule else policy.timezone
    first = (
        line_in_words(number, changed, _clock(at, zone), lambda end: _clock(end, zone)) if changed.line else scheduled
    )
    away = left_out_in_words(policy, changed, lambda end: _clock(end, zone))
    return (first, *((f"Without it: {scheduled}",) if changed.line else ()), *away)


def _when_closed(number: Number, now: ScheduleState | None) -> tuple[Action, ...]:
    """What is done when closed; an exception's date has its own greeting."""
    if now is None or (greeting := now.greeting) is None:
        return number.closed
    return tuple(Voicemail(a.mailbox, greeting) if isinstance(a, Voicemail) else a for a in number.closed)


_RULES = {Why.EXCEPTION: ".exceptions"}
_CAUSES = {Why.CLOSED_DATE: "closed date: ", Why.EXCEPTION: "exception: "}


def _cause(state: ScheduleState) -> str:
    return f"{_CAUSES.get(state.why, '')}{state.detail}"


def _until(state: ScheduleState, timezone: str) -> str:
    if state.until is None:
        return ", and that never changes" if state.never else ", with no change as far as its calendar is known"
    return f", until {_clock(state.until, timezone)}"


def _clock(at: datetime, timezone: str) -> str:
    # As UTC, because a cache takes two times in a zone for equal that differ in their fold only.
    return _utc_clock(at.astimezone(UTC), timezone)


@lru_cache(maxsize=1000)
def _utc_clock(at: datetime, timezone: str) -> str:
    return _in_zone(at, timezone)


def _in_zone(at: datetime, timezone: str) -> str:
    """As `_clock`, for an instant that no other call shares: keeping it would cost more than it saves."""
    wall = at.astimezone(ZoneInfo(timezone))
    day = wall.date()
    # Where the clocks are set back, an hour comes twice: there the offset tells which one is meant.
    twice = _clocks_change(day, timezone) and wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset()
    return f"{_date(day)} {wall.hour:02}:{wall.minute:02}{f' {wall:%Z}' if twice else ''} {timezone}"


@lru_cache(maxsize=1000)
def _clocks_change(day: date, timezone: str) -> bool:
    """Whether the clocks are changed on or about `day`."""
    noons = (datetime.combine(day, time(12), ZoneInfo(timezone)) + timedelta(days=n) for n in (-1, 1))
    return len({noon.utcoffset() for noon in noons}) > 1


@lru_cache(maxsize=1000)
def _date(day: date) -> str:
    return f"{day:%a %d %b %Y}"


_REASONS = {
    Why.HOURS: Reason.IN_HOURS,
    Why.OUTSIDE: Reason.OUTSIDE_HOURS,
    Why.CLOSED_DATE: Reason.CLOSED_DATE,
}


def _reason(state: ScheduleState) -> Reason:
    return _REASONS.get(state.why) or (Reason.IN_HOURS if state.open else Reason.CLOSED_DATE)


def _fallback(number: Number, actions: tuple[Action, ...]) -> Voicemail:
    """For one who chooses nothing in a menu. The greeting of a closed line would be wrong on an open one."""
    return fallback_of(actions) or Voicemail(number.fallback_voicemail.mailbox)


def _spoken(policy: Policy, step: Step, language: str) -> Step:
    return spoken_in(step, language, policy.translations) if policy.translations else step


def _opening(state: State) -> tuple[str, ...]:
    return (EMERGENCY_PROMPT,) if state is State.CLOSED else ()


def _steps(policy: Policy, action: Voicemail | Menu, state: State) -> tuple[Step, ...]:
    if isinstance(action, Menu):
        raise TypeError("a menu is laid out by its plan")
    opening = (EMERGENCY_PROMPT,) if state is State.CLOSED or action.greeting == FALLBACK_GREETING else ()
    return (
        SayStep((*opening, action.greeting)),
        RecordStep(action.mailbox, policy.max_message_seconds),
        SayStep((THANKS_PROMPT,)),
    )


@dataclass(frozen=True, slots=True)
class _Telling:
    """What an action becomes for one call: its steps, and the sentences that say them."""

    policy: Policy
    state: State
    at: datetime
    facts: Facts
    fallback: Voicemail

    def rung(self, action: RingOnCall) -> tuple[tuple[Step, ...], str]:
        """Found once for the steps and the sentence, and for every line that rings the rota."""
        made_from = depends_on(self.policy, Asks((action.rota,), ()), self.at, self.facts)
        make = partial(ring_on_call, self.policy, action, self.at, self.facts)
        found: tuple[tuple[Step, ...], str] = self.policy.told.get(action, made_from, make)
        return found

    def steps(self, action: Action) -> tuple[Step, ...]:
        if isinstance(action, RingOnCall):
            return self.rung(action)[0]
        if isinstance(action, Urgent):
            return urgent_path(self.policy, action, self.at, self.facts, EMERGENCY_PROMPT)
        if isinstance(action, Ring):
            return ring(self.policy, action, self.at, self.facts)
        return _steps(self.policy, action, self.state)

    def sentences(self, action: Action) -> tuple[str, ...]:
        if isinstance(action, Menu):
            return tuple(menu_in_words(action, self.fallback, self._words))
        return (self._words(action),)

    def _words(self, action: Action) -> str:
        if isinstance(action, RingOnCall):
            return self.rung(action)[1]
        if isinstance(action, Urgent):
            return urgent_in_words(self.policy, action, self.at, self.facts)
        if isinstance(action, Ring):
            return ring_in_words(self.policy, action, self.at, self.facts)
        return _in_words(self.policy, action)


def _in_words(policy: Policy, action: Voicemail | Menu) -> str:
    if isinstance(action, Menu):
        return f"Play the menu {action.name!r}."
    mailbox = policy.mailboxes.get(action.mailbox, action.mailbox)
    return f"Play the greeting {action.greeting!r} and take a message for {mailbox}."


def _unknown_number(policy: Policy, dialled: str, at: datetime) -> Decision:
    action = Voicemail(UNASSIGNED_MAILBOX)
    why = f"{for_people(dialled, policy.country)} is not in the practice's file: the caller can leave a message."
    steps = (*_steps(policy, action, State.CLOSED), EndStep())
    return Decision(dialled, at, State.CLOSED, Reason.UNKNOWN_NUMBER, "numbers", None, steps, (why,), policy.version)
