"""Warnings that a practice's manager would thank one for, and how the file says that one of them is meant so.

A warning has a name that does not change: `[[accept]]` refers to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pbx.config.problems import KeyPath, Problem, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.domain.actions import FALLBACK_GREETING, Action, Ring, RingOnCall, Urgent, Voicemail, leaves_in
from pbx.domain.numbers import to_e164
from pbx.domain.policy import Number, Policy

WARNINGS = {
    "closed-voicemail-only": "a closed line leads to voicemail and rings nobody",
    "same-open-and-closed": "a number has a schedule that changes nothing for its callers",
    "number-unowned": "nobody who has a phone is rung by a number or owns its mailbox",
    "greeting-names-nobody": "a greeting names neither the practice nor one of its people",
    "greeting-no-emergency": "a greeting of an open line does not say what to do in an emergency",
    "greeting-unread": "nothing tells what a recorded greeting says, so that cannot be checked",
    "prompt-untranslated": "a prompt is not there in one of the practice's languages",
    "greeting-no-call-back": "the greeting of a closed line does not promise when somebody calls back",
    "schedule-never-opens": "a schedule stays closed for the next year",
    "person-unused": "no number leads to a person",
    "blocked-and-priority": "contacts are blocked, and have priority as well",
    "caller-rule-never-applies": "a rule by caller fits nobody, or does nothing",
    "caller-turned-away": "callers who may be patients are turned away and can leave no message",
    "everybody-unknown": "without contacts every caller is unknown",
    "texts-no-phone": "the texts of a number are for people without a phone that could show them",
    "texts-find-nobody": "a text that no phone shows, or that is not delivered, is told to nobody",
    "texts-silent-when-closed": "whoever texts a closed number is not told that nobody reads it",
    "unused": "something in the file is named nowhere",
    "no-trunk": "no carrier is set up",
    "certificate-unusable": "the practice's own certificate for phones cannot be used",
    "certificate-ends": "the certificate for phones ends within 30 days",
    "readable-secret": "a file with a password can be read by everybody on this machine",
    "expect-without-calendar": "a test of a line with a calendar is held against its other hours only",
    "accept-unneeded": "something is accepted of which nothing is warned",
}

A_YEAR = timedelta(days=365)

# English and Spanish, by the beginnings of words: enough to find a promise, and a missed one can be accepted.
_CALL_BACK = re.compile(r"\b(call|phone|ring|return|reply|respond|reach|get back|answer|llama|devol|contest)", re.I)
_EMERGENCY = re.compile(r"\b(911|9-1-1|nine one one|112|999|emergenc|urgencia)", re.I)
_WHEN = re.compile(
    r"\b(minute|hour|day|tomorrow|tonight|morning|noon|afternoon|evening|week|monday|tuesday|wednesday|thursday"
    r"|friday|saturday|sunday|o'clock|same day|minuto|hora|día|dia|mañana|tarde|noche|semana|lunes|martes"
    r"|miércoles|jueves|viernes)|\bwhen (we|the office) (open|reopen)|\d\s?(am|pm|a\.m\.|p\.m\.)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A warning that the file says is meant so, and why."""

    warning: Problem
    because: str


def advise(file: PracticeFile, policy: Policy, report: Report) -> None:
    """Warn of what works and is probably not meant."""
    for text in file.numbers:
        number = policy.numbers[to_e164(text, policy.country)]
        for name, what, remedy in _of_number(file, policy, number):
            report.warning(("numbers", text), what, remedy, name)
    _of_greetings(file, policy, report)
    _of_schedules(policy, report)


def _of_number(file: PracticeFile, policy: Policy, number: Number) -> Iterator[tuple[str, str, str]]:
    if number.schedule and not any(isinstance(leaf, Ring | RingOnCall | Urgent) for leaf in leaves_in(number.closed)):
        remedy = "ring somebody in `closed`, or say with [[accept]] why nobody needs to be reached"
        yield "closed-voicemail-only", "when closed, a caller reaches nobody, only voicemail", remedy
    if number.schedule and number.opened == number.closed:
        remedy = "take the schedule out, or let `closed` do something else"
        yield "same-open-and-closed", "does the same whether it is open or closed", remedy
    if not any(_has_phone(file, name) for name in _owners(number, policy)):
        remedy = 'let it ring somebody, give it the mailbox of somebody with a phone, or add phones = ["..."]'
        yield "number-unowned", "belongs to nobody: whoever is named there has no phone", remedy
    uses_general = any(isinstance(a, Voicemail) and a.greeting == FALLBACK_GREETING for a in leaves_in(number.closed))
    if number.schedule and uses_general and FALLBACK_GREETING not in file.greetings:
        remedy = f"add a greeting that does, or word the general one in [greetings.{FALLBACK_GREETING}]"
        yield "greeting-no-call-back", "when closed, the general greeting promises no time for a call back", remedy


def _owners(number: Number, policy: Policy) -> set[str]:
    names: set[str] = set()
    for action in leaves_in((*number.opened, *number.closed)):
        match action:
            case Ring():
                names |= set(action.who.split(", "))
            case RingOnCall() | Urgent():
                names |= set(policy.rotas[action.rota].everybody)
            case Voicemail():
                names.add(action.mailbox)
    return names


def _has_phone(file: PracticeFile, name: str) -> bool:
    members = file.teams[name].members if name in file.teams else [name]
    return any(file.people[member].phones or file.people[member].cell for member in members if member in file.people)


def _of_greetings(file: PracticeFile, policy: Policy, report: Report) -> None:
    numbers = policy.numbers.values()
    when_closed = _greetings_in(action for number in numbers if number.schedule for action in leaves_in(number.closed))
    if policy.snow_day_greeting is not None:
        when_closed.add(policy.snow_day_greeting)
    when_open = _greetings_in(action for number in numbers for action in leaves_in(number.opened))
    names, heard = _names(file, policy), when_closed | when_open
    for key, section in file.greetings.items():
        if key not in heard:
            continue
        path = ("greetings", key, "text" if section.text is not None else "file")
        words = (section.text or section.says or "").lower()
        if not words:
            remedy = 'write down what it says beside it: says = "..."'
            report.warning(path, "is a recording, and what it says cannot be checked", remedy, "greeting-unread")
            continue
        if not any(name in words for name in names):
            remedy = f'begin it like "You have reached {policy.practice}."'
            report.warning(path, "names neither the practice nor a person", remedy, "greeting-names-nobody")
        if key in when_closed and not (_CALL_BACK.search(words) and _WHEN.search(words)):
            remedy = 'promise one, such as "We will call you back on the next working day before noon."'
            report.warning(path, "does not say when somebody calls back", remedy, "greeting-no-call-back")
        if key in when_open and key != FALLBACK_GREETING and not _EMERGENCY.search(words):
            # When closed, and before the general greeting, the emergency sentence is said whatever the greeting is.
            remedy = f'add to it: "{policy.emergency_sentence}"'
            report.warning(path, "does not say what to do in an emergency", remedy, "greeting-no-emergency")


def _greetings_in(actions: Iterable[Action]) -> set[str]:
    return {action.greeting for action in actions if isinstance(action, Voicemail)}


def _names(file: PracticeFile, policy: Policy) -> list[str]:
    """What a caller knows the practice by, in small letters: its name, its lines, its people by their last names."""
    people = (person.name.partition(",")[0].split()[-1] for person in file.people.values())
    labels = (number.label for number in policy.numbers.values())
    return list(dict.fromkeys(name.lower() for name in (policy.practice, *labels, *people)))


def _of_schedules(policy: Policy, report: Report) -> None:
    schedules = {number.schedule.name: number.schedule for number in policy.numbers.values() if number.schedule}
    for name, schedule in schedules.items():
        today = datetime.now(UTC)
        now = schedule.state_at(today)
        if not now.open and (now.until is None or now.until > today + A_YEAR):
            what = "does not open within the next year: its closed dates cover all of its hours"
            report.warning(("schedules", name), what, "check closed_on", "schedule-never-opens")


def settle(file: PracticeFile, report: Report) -> tuple[Accepted, ...]:
    """Take out the warnings that the file accepts. An unknown name is a problem; one that is not needed, a warning."""
    country = file.practice.country
    written = {_e164(text, country): text for text in file.numbers}
    known: dict[tuple[str, str], list[Problem]] = {}
    for warning in report.warnings:
        for subject in _subjects(warning):
            known.setdefault((warning.name, subject), []).append(warning)
    accepted: list[Accepted] = []
    unneeded: list[KeyPath] = []
    for position, section in enumerate(file.accept):
        if section.warning not in WARNINGS:
            what = f"there is no warning called {section.warning!r}"
            remedy = did_you_mean(section.warning, list(WARNINGS))
            report.problem(("accept", position, "warning"), what, remedy)
            continue
        for place, subject in enumerate(section.on):
            meant = known.get((section.warning, subject))
            meant = meant or known.get((section.warning, written.get(_e164(subject, country), subject)))
            accepted += [Accepted(warning, section.because) for warning in meant or ()]
            if not meant:
                unneeded.append(("accept", position, "on", place))
    silenced = {id(one.warning) for one in accepted}
    report.warnings = [warning for warning in report.warnings if id(warning) not in silenced]
    for path in unneeded:
        what = "nothing of the kind is warned of there, so nothing needs to be accepted"
        report.warning(path, what, "take it out, or correct it", "accept-unneeded")
    return tuple(accepted)


def _subjects(warning: Problem) -> set[str]:
    """How an acceptance may name what a warning is about: as `after-hours`, `greetings.after-hours` or a number."""
    key = warning.key.removesuffix(".text").removesuffix(".file")
    return {warning.key, key, (key.partition(".")[2] or key).strip('"')}


def _e164(text: str, country: str) -> str:
    try:
        return to_e164(text, country)
    except ValueError:
        return text
