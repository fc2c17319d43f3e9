"""What changes for callers between two versions of a practice's file. Pure.

Numbers are compared by the decisions that calls get in one week without closed dates; those and what callers hear are
compared by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from pbx.domain.call import CallStart
from pbx.domain.caller_words import contacts_changed, rules_changed
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.numbers import for_people
from pbx.domain.outline import Event, Verb, outline
from pbx.domain.policy import Greeting, Number, Policy
from pbx.domain.routing import Decision, State, decide

AHEAD_DAYS = 365
"""Closed dates are compared so far ahead."""

_WEEK_MINUTES = 7 * 24 * 60
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Change:
    """One sentence about what changes. `about` is a number (E.164), or a table: practice, greetings, contacts, ..."""

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """How a call is treated before and after, in words."""

    before: str
    after: str


def differences(old: Policy, new: Policy, today: date) -> tuple[Change, ...]:
    """Everything that changes for callers from `today` on; nothing for two files that do the same."""
    found = [*_practice(old, new)]
    for e164 in dict.fromkeys([*old.numbers, *new.numbers]):
        found += [Change(e164, text) for text in _number(old, new, e164, today)]
    found += [Change("greetings", text) for text in _greetings(old, new)]
    found += [Change("contacts", text) for text in contacts_changed(old.contacts, new.contacts)]
    found += [Change("mailboxes", text) for text in _named("The mailbox", old.mailboxes, new.mailboxes)]
    phones = [{phone.name: phone.display for phone in policy.phones} for policy in (old, new)]
    found += [Change("phones", text) for text in _named("The phone", *phones)]
    return tuple(found)


def moved(old: Policy, new: Policy, call: CallStart, facts: Facts = NO_FACTS) -> Moved | None:
    """How a call is treated otherwise by the new file; None if it is treated the same."""
    before, after = (decide(policy, call.dialled, call.at, facts, call.caller) for policy in (old, new))
    if _treated(before) == _treated(after):
        return None
    first, second = _in_words(_treated(before)), _in_words(_treated(after))
    return Moved(first, second)


def _practice(old: Policy, new: Policy) -> Iterator[Change]:
    for name, before, after in (
        ("The practice's name", old.practice, new.practice),
        ("The emergency sentence", old.emergency_sentence, new.emergency_sentence),
        ("The longest message", f"{old.max_message_seconds} s", f"{new.max_message_seconds} s"),
    ):
        if before != after:
            yield Change("practice", f"{name} is {after!r} instead of {before!r}.")


def _number(old: Policy, new: Policy, e164: str, today: date) -> Iterator[str]:
    before, after = old.numbers.get(e164), new.numbers.get(e164)
    if before is None or after is None:
        is_, policy, number = ("new", new, after) if before is None else ("gone", old, before)
        yield f"{_called(policy, number)} is {is_}."
        return
    name = _called(new, after)
    if before.label != after.label:
        yield f"{name} was called {before.label!r}."
    yield from (f"{name}: {text}" for text in _weekly(old, new, e164, today))
    yield from (f"{name} {text}" for text in _closed_dates(before, after, today))
    yield from (f"{name}: {text}" for text in rules_changed(before.callers, after.callers))


def _called(policy: Policy, number: Number | None) -> str:
    return f"{for_people(number.e164, policy.country)} ({number.label})" if number else ""


Treated = tuple[State, tuple[Event, ...]]


def _treated(decision: Decision) -> Treated:
    return decision.state, outline(decision.steps)


def _in_words(treated: Treated) -> str:
    state, events = treated
    meets = [event.in_full for event in events if event.verb is not Verb.HANG_UP]
    return f"{state}: {', then '.join(meets) or Verb.HANG_UP.value}"


def _weekly(old: Policy, new: Policy, e164: str, today: date) -> Iterator[str]:
    """The hours of a week in which calls are treated otherwise, with what was and what is, the same ones together."""
    zone = ZoneInfo(_zone(new, e164))
    monday = _quiet_monday(today, (zone, ZoneInfo(_zone(old, e164))))
    stretches: dict[tuple[Treated, Treated], list[tuple[int, int]]] = {}
    for start, end, *answers in _answers(_without_dates(old, e164), _without_dates(new, e164), e164, monday, zone):
        before, after = answers
        if before != after:
            stretches.setdefault((before, after), []).append((start, end))
    for (before, after), found in stretches.items():
        yield f"{hours_in_words(found)} now {_in_words(after)}; before {_in_words(before)}."


def _zone(policy: Policy, e164: str) -> str:
    schedule = policy.numbers[e164].schedule
    return schedule.timezone if schedule else policy.timezone


def _quiet_monday(today: date, zones: tuple[ZoneInfo, ...]) -> date:
    """The next Monday whose week has no change of the clocks: the hours of such a week are those of the file."""
    monday = today + timedelta(days=(7 - today.weekday()) % 7)
    return next(week for n in range(9) if _is_quiet(week := monday + timedelta(weeks=n), zones) or n == 8)


def _is_quiet(monday: date, zones: tuple[ZoneInfo, ...]) -> bool:
    edges = [datetime.combine(monday + timedelta(days=n), time(0), tzinfo=UTC) for n in (-1, 8)]
    return all(len({edge.astimezone(zone).utcoffset() for edge in edges}) == 1 for zone in zones)


def _without_dates(policy: Policy, e164: str) -> Policy:
    number = policy.numbers[e164]
    schedule = replace(number.schedule, closed_dates={}) if number.schedule else None
    return replace(policy, numbers={e164: replace(number, schedule=schedule)})


def _answers(
    old: Policy, new: Policy, e164: str, monday: date, zone: ZoneInfo
) -> Iterator[tuple[int, int, Treated, Treated]]:
    """The week from `monday` on in stretches of the same answers: minutes after its start, then both answers."""
    start = datetime(monday.year, monday.month, monday.day, tzinfo=zone)
    minute = 0
    while minute < _WEEK_MINUTES:
        at = (start + timedelta(minutes=minute)).astimezone(UTC)
        before, after = decide(old, e164, at), decide(new, e164, at)
        ends = [_minutes(until, start) for until in (before.until, after.until) if until]
        end = min([_WEEK_MINUTES, *(end for end in ends if end > minute)])
        yield minute, end, _treated(before), _treated(after)
        minute = end


def _minutes(at: datetime, start: datetime) -> int:
    """Minutes on the wall clock, as the week's hours are written."""
    wall = at.astimezone(start.tzinfo)
    return (wall.replace(tzinfo=None) - start.replace(tzinfo=None)) // timedelta(minutes=1)


def hours_in_words(stretches: list[tuple[int, int]]) -> str:
    """`Mon-Thu 17:00-18:00, Sat 09:00-12:00` of stretches in minutes after Monday 00:00; `at any time` of the week."""
    if sum(end - start for start, end in stretches) == _WEEK_MINUTES:
        return "at any time"
    days: dict[int, list[str]] = {}
    for start, end in stretches:
        for day in range(start // 1440, (end - 1) // 1440 + 1):
            first, last = max(start - day * 1440, 0), min(end - day * 1440, 1440)
            days.setdefault(day, []).append(f"{_clock(first)}-{_clock(last)}")
    parts = []
    for hours, group in groupby(range(7), key=lambda day: " and ".join(days.get(day, ()))):
        names = [_DAYS[day] for day in group]
        if hours:
            parts.append(f"{names[0] if len(names) == 1 else f'{names[0]}-{names[-1]}'} {hours}")
    return ", ".join(parts).replace(" 00:00-24:00", " all day")


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _closed_dates(before: Number, after: Number, today: date) -> Iterator[str]:
    coming = [today + timedelta(days=n) for n in range(AHEAD_DAYS)]
    old, new = _dates(before), _dates(after)
    for verb, here, there in (("is now closed all day on", new, old), ("is no longer closed on", old, new)):
        found = [day for day in coming if day in here and day not in there]
        days = [
            f"{day:%a %d %b %Y} ({here[day]})" for day in found if _has_hours(before, day) or _has_hours(after, day)
        ]
        if days:
            yield f"{verb} {', '.join(days)}."


def _dates(number: Number) -> Mapping[date, str]:
    return number.schedule.closed_dates if number.schedule else {}


def _has_hours(number: Number, day: date) -> bool:
    """Whether a date would be open at some time, were it no closed one."""
    week = number.schedule.week if number.schedule else {}
    yesterday = week.get((day.weekday() - 1) % 7, ())
    return bool(week.get(day.weekday())) or any(hours.over_midnight and hours.end != time(0) for hours in yesterday)


def _greetings(old: Policy, new: Policy) -> Iterator[str]:
    yield from _named("The greeting", _said(old), _said(new))


def _said(policy: Policy) -> dict[str, str]:
    return {name: _content(greeting) for name, greeting in policy.greetings.items()}


def _content(greeting: Greeting) -> str:
    return f'"{greeting.text}"' if greeting.file is None else f"the recording {greeting.file}"


def _named(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*old, *new]):
        if name not in old:
            yield f"{kind} {name!r} is new: {new[name]}"
        elif name not in new:
            yield f"{kind} {name!r} is gone (it was {old[name]})"
        elif old[name] != new[name]:
            yield f"{kind} {name!r} is now {new[name]} (it was {old[name]})"
