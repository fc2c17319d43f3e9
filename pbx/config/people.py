"""People, teams and their phones: who may be rung, and who has a mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pbx.config.problems import KeyPath, did_you_mean, key_text
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.rotas import RotaSection
from pbx.domain.actions import Callee
from pbx.domain.policy import UNASSIGNED_MAILBOX, Phone

UNASSIGNED_NAME = "Unassigned"


@dataclass(slots=True)
class Directory:
    """Answers what a name in the file stands for, and remembers which names were used.

    A name whose own table is wrong is known but gives nothing: that table's problem has been told already.
    """

    file: PracticeFile
    report: Report
    used: set[str] = field(default_factory=set)

    def phones(self, names: list[str], path: KeyPath) -> tuple[str, ...]:
        """All phones of the people and teams in `names`, each once."""
        found: dict[str, None] = {}
        for name in names:
            found |= dict.fromkeys(self._phones_of(name, path))
        return tuple(found)

    def _phones_of(self, name: str, path: KeyPath) -> list[str]:
        if not self._may_ring(name, path):
            return []
        team = self.file.teams.get(name)
        members = team.members if team else [name]
        people = [self.file.people[m] for m in members if m in self.file.people]
        phones = [phone for person in people for phone in person.phones]
        if not phones and not any(person.cell for person in people) and not any(self._incomplete(m) for m in members):
            remedy = f'give {"a member" if team else "the person"} phones = ["..."] or a cell, or take this ring out'
            self.report.problem(path, f"{name!r} has no phone that could ring", remedy)
        return phones

    def callee(self, name: str, after: int = 0) -> Callee:
        """Whom `name` means in a ring."""
        members = self.file.teams[name].members if name in self.file.teams else [name]
        return Callee(name, tuple(member for member in members if member in self.file.people), after)

    def is_plain(self, callee: Callee) -> bool:
        """Whether the phones of a callee ring at once and that is all there is to it."""
        people = (self.file.people[person] for person in callee.people)
        return callee.key not in self.file.outside and not callee.after and not any(p.cell or p.reach for p in people)

    def _may_ring(self, name: str, path: KeyPath) -> bool:
        if name in self.report.declared("outside"):
            self.used.add(name)
            return False
        return self.knows(name, path)

    def _incomplete(self, person: str) -> bool:
        return person not in self.file.people or ("people", person) in self.report.incomplete

    def knows(self, name: str, path: KeyPath) -> bool:
        """Whether there is a person or team of that name; if not, it is reported at `path`."""
        self.used.add(name)
        if self.report.has("people", name) or self.report.has("teams", name):
            return True
        known = (*self.report.declared("people"), *self.report.declared("teams"))
        self.report.problem(path, f"nobody in [people] or [teams] is called {name!r}", did_you_mean(name, known))
        return False

    def display(self, name: str) -> str:
        """The name that people read."""
        entry = self.file.people.get(name) or self.file.teams.get(name)
        return entry.name if entry else name


def check_people(file: PracticeFile, report: Report) -> None:
    """Report names given twice, phones with two owners, and members who are nobody."""
    for table in ("people", "teams"):
        if UNASSIGNED_MAILBOX in report.declared(table):
            what = f"{UNASSIGNED_MAILBOX!r} is the mailbox for messages that belong to nobody"
            report.problem((table, UNASSIGNED_MAILBOX), what, "choose another key")
    for name in sorted(set(report.declared("people")) & set(report.declared("teams"))):
        report.problem(("teams", name), f"{name!r} is a person too", "give the team another key")
    _check_phones(file, report)
    for team, section in file.teams.items():
        for position, member in enumerate(section.members):
            _check_member(member, ("teams", team, "members", position), report)


def _check_member(member: str, path: KeyPath, report: Report) -> None:
    people = report.declared("people")
    if member in report.declared("teams") and member not in people:
        report.problem(path, f"{member!r} is a team", "name the people instead")
    elif member not in people:
        report.problem(path, f"nobody in [people] is called {member!r}", did_you_mean(member, people))


def _check_phones(file: PracticeFile, report: Report) -> None:
    owners: dict[str, KeyPath] = {}
    for person, section in file.people.items():
        for position, phone in enumerate(section.phones):
            path: KeyPath = ("people", person, "phones", position)
            if phone in owners:
                first = owners[phone]
                what = f"the phone {phone!r} is already at {key_text(first)} (line {report.document.place(first).line})"
                report.problem(path, what, "each phone has one owner; to ring several people make a team")
            owners.setdefault(phone, path)


def phones_of(file: PracticeFile) -> tuple[Phone, ...]:
    """Every SIP account of the practice."""
    return tuple(Phone(name, key, person.name) for key, person in file.people.items() for name in person.phones)


def mailboxes_of(file: PracticeFile) -> dict[str, str]:
    """Everybody and every team has a mailbox; one more takes what belongs to nobody."""
    people = {key: person.name for key, person in file.people.items()}
    teams = {key: team.name for key, team in file.teams.items()}
    return people | teams | {UNASSIGNED_MAILBOX: UNASSIGNED_NAME}


def members_of(file: PracticeFile) -> dict[str, tuple[str, ...]]:
    """Who sees which mailbox: everybody the own one, members that of their team. Operators alone see the rest."""
    people = {key: (key,) for key in file.people}
    return people | {key: tuple(team.members) for key, team in file.teams.items()}


def people_named(names: list[str], file: PracticeFile, path: KeyPath, report: Report) -> tuple[str, ...]:
    """The keys of the people whom `names` mean, people and teams, each once; who is nobody is reported."""
    found: dict[str, None] = {}
    known = (*report.declared("people"), *report.declared("teams"))
    for name in names:
        if name not in known:
            report.problem(path, f"nobody in [people] or [teams] is called {name!r}", did_you_mean(name, known))
        members = file.teams[name].members if name in file.teams else [name]
        found |= dict.fromkeys(member for member in members if member in file.people)
    return tuple(found)


def warn_of_unused(directory: Directory) -> None:
    """Warn of people and teams to whom no number leads. A person with a phone may still dial."""
    file, report = directory.file, directory.report
    in_teams = {member for team in file.teams.values() for member in team.members}
    in_rotas = {person for rota in file.rotas.values() for person in people_of(rota)}
    for key, person in file.people.items():
        if key not in directory.used | in_teams | in_rotas:
            has = "has a phone that nothing rings" if person.phones or person.cell else "has no phone"
            what = f"{has}, and no number leads there"
            remedy = "name the person in a number, a team or a rota, or take it out"
            report.warning(("people", key), what, remedy, "person-unused")
    for table, keys in (("teams", file.teams), ("outside", file.outside)):
        for key in keys:
            if key not in directory.used:
                report.warning((table, key), "is not used", "name it in a number, or take it out", "unused")


def people_of(rota: RotaSection) -> Iterator[str]:
    """Everybody whom a rota names."""
    yield from rota.backup
    for names in (*(rota.turns or ()), *(shift.people for shift in rota.shifts or ())):
        yield from names
    yield from (swap.on for swap in rota.swaps)
