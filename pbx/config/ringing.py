"""People as they are rung, and the numbers outside: whom the practice's own line may call, and when.

These numbers are dialled by a machine at night and belong to people who trust that no patient ever sees them, so they
are looked at more strictly than those of callers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import PhoneNumberType

from pbx.config.problems import KeyPath, did_you_mean, key_text
from pbx.config.report import Report
from pbx.config.schedules import build_week
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.people import PersonSection
from pbx.config.schema.ringing import ReachSection
from pbx.domain.numbers import to_e164
from pbx.domain.people import Outside, Person, Reach, Stage
from pbx.domain.schedule import Schedule

CELL = "cell"
"""Stands in a reach-me rule for the person's number outside."""

_COSTLY = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a number with a charge of its own",
}


@dataclass(frozen=True, slots=True)
class Ringing:
    """People and numbers outside, each by key."""

    people: dict[str, Person]
    outside: dict[str, Outside]


def build_ringing(file: PracticeFile, report: Report) -> Ringing:
    """Everybody who can be rung; what is wrong goes to the report."""
    builder = _Builder(file, report)
    people = {key: builder.person(key, section) for key, section in file.people.items()}
    outside = {key: builder.outside(key) for key in file.outside}
    for person in people.values():
        _check_unsaid(person, file, report)
    return Ringing(people, outside)


@dataclass(slots=True)
class _Builder:
    file: PracticeFile
    report: Report
    known: dict[str, KeyPath] = field(default_factory=dict)
    """Numbers outside that were seen already, and where."""

    def person(self, key: str, section: PersonSection) -> Person:
        path: KeyPath = ("people", key)
        cell = self._number(section.cell, (*path, CELL)) if section.cell is not None else None
        if section.cell is not None and CELL in section.phones:
            what = f"a phone is called {CELL!r} too, so a rule could mean either"
            self.report.problem((*path, "phones"), what, f"give it another name, such as {key}-cell")
        rules = tuple(self._rule(key, section, place) for place in range(len(section.reach)))
        return Person(key, section.name, tuple(section.phones), cell, rules, section.email)

    def outside(self, key: str) -> Outside:
        section, path = self.file.outside[key], ("outside", key)
        for table in ("people", "teams"):
            if key in self.report.declared(table):
                self.report.problem(path, f"{key!r} is in [{table}] too", "give the number outside another key")
        return Outside(key, section.name, self._number(section.number, (*path, "number")))

    def _number(self, text: str, path: KeyPath) -> str:
        """A number that may be called, as E.164."""
        try:
            number = to_e164(text, self.file.practice.country)
        except ValueError as error:
            what, _, remedy = str(error).partition(" (")
            self.report.problem(path, what, remedy.removesuffix(")"))
            return ""
        for what, remedy in self._against(number, path):
            self.report.problem(path, what, remedy)
        self.known.setdefault(number, path)
        return number

    def _against(self, number: str, path: KeyPath) -> Iterator[tuple[str, str]]:
        parsed = phonenumbers.parse(number)
        if costly := _COSTLY.get(phonenumbers.number_type(parsed)):
            yield f"is {costly}, which this system never calls", "give an ordinary number"
        elif not phonenumbers.is_valid_number(parsed):
            yield "is a number that nobody can have", "correct it; write it as +17175550111"
        if number in self._own_numbers():
            yield "is a number of this practice, so its calls would come back for ever", "give the number outside"
        if number in self.known:
            first = self.known[number]
            yield f"stands already at {key_text(first)}", "each number outside has one owner; name that one instead"
        if self.file.trunk is None and ("trunk",) not in self.report.incomplete:
            yield "cannot be called: there is no [trunk]", "add [trunk] with your carrier, or take the number out"

    def _own_numbers(self) -> set[str]:
        found = set()
        for text in self.file.numbers:
            try:
                found.add(to_e164(text, self.file.practice.country))
            except ValueError:
                continue  # told where the number stands
        return found

    def _rule(self, key: str, person: PersonSection, place: int) -> Reach:
        section, path = person.reach[place], ("people", key, "reach", place)
        if place and person.reach[place - 1].hours is None:
            remedy = "give the rule before it hours, or put it last"
            self.report.problem(path, "is never used: the rule before it holds at any time", remedy)
        known = [*person.phones, *([CELL] if person.cell is not None else [])]
        for position, name in enumerate(section.ring):
            if name == CELL and name not in known:
                remedy = f'add cell = "+1..." to [people.{key}], or take it out'
                self.report.problem((*path, "ring", position), "there is no number of a cell", remedy)
            elif name not in known:
                what = f"{name!r} is no phone of {key!r}"
                self.report.problem((*path, "ring", position), what, did_you_mean(name, known))
        check_after(section.after, section.ring, (*path, "after"), self.report)
        after = section.after or {}
        stages = (Stage(None if name == CELL else name, after.get(name, 0)) for name in section.ring)
        return Reach(self._hours(section, path), tuple(sorted(stages, key=lambda stage: stage.after)))

    def _hours(self, section: ReachSection, path: KeyPath) -> Schedule | None:
        if section.hours is None:
            return None
        week = build_week((*path, "hours"), section.hours, self.report)
        return Schedule(key_text(path), section.timezone or self.file.practice.timezone, week)


def check_after(after: dict[str, int] | None, ring: list[str], path: KeyPath, report: Report) -> None:
    """Report delays of what does not ring."""
    for name in after or {}:
        if name not in ring:
            what = f"{name!r} is not in `ring`"
            report.problem((*path, name), what, did_you_mean(name, ring) if ring else "take it out")


def _check_unsaid(person: Person, file: PracticeFile, report: Report) -> None:
    """No text that callers hear holds a cell."""
    if not person.cell:
        return
    number = str(phonenumbers.parse(person.cell).national_number)
    for path, text in _heard(file):
        if number in "".join(character for character in text if character.isdigit()):
            remedy = "take the number out: the practice's own numbers lead to this person"
            report.problem(path, f"tells callers the cell of {person.key!r}", remedy)


def _heard(file: PracticeFile) -> Iterator[tuple[KeyPath, str]]:
    yield ("practice", "name"), file.practice.name
    yield ("practice", "emergency_sentence"), file.practice.emergency_sentence
    for key, greeting in file.greetings.items():
        yield ("greetings", key, "text"), greeting.text or ""
    for key, menu in file.menus.items():
        yield ("menus", key, "say"), menu.say or ""
        for option, content in menu.options.items():
            if not isinstance(content, list):
                yield ("menus", key, "options", option, "say"), content.say or ""
    for key, number in file.numbers.items():
        yield ("numbers", key, "label"), number.label or ""
