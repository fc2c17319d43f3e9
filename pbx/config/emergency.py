"""Where phones stand, for 911: no phone of a practice that calls outside is left without a place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pbx.config.outbound import practice_number
from pbx.config.people import people_named
from pbx.config.problems import KeyPath, did_you_mean, key_text
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.outbound import EmergencySection
from pbx.domain.emergency import Place
from pbx.domain.numbers import for_people
from pbx.domain.policy import Policy


def build_places(file: PracticeFile, report: Report) -> tuple[Place, ...]:
    """Every place; what is wrong goes to the report, and so does each phone without one."""
    outbound = file.outbound
    if outbound is None or outbound.inbound_only:
        for key in file.emergency:
            what = "belongs to phones that call outside, and there is no [outbound] that lets them"
            remedy = "add [outbound]; with people = [] phones call 911 and nobody else"
            report.problem(("emergency", key), what, remedy)
        return ()
    builder = _Builder(file, report)
    places = tuple(builder.place(key, section) for key, section in file.emergency.items())
    builder.report_phones_without()
    _report_shared_numbers(places, report)
    return places


def _report_shared_numbers(places: tuple[Place, ...], report: Report) -> None:
    """A carrier has one address on record for a number."""
    first: dict[str, Place] = {}
    for place in places:
        known = first.setdefault(place.call_back, place)
        if place.call_back and known.address != place.address:
            what = f"is the number of {known.key!r} too, which has another address: the carrier keeps one for a number"
            remedy = "give each place a number of its own"
            report.problem(("emergency", place.key, "call_back"), what, remedy)


@dataclass(slots=True)
class _Builder:
    file: PracticeFile
    report: Report
    _standing: dict[str, KeyPath] = field(default_factory=dict)

    def place(self, key: str, section: EmergencySection) -> Place:
        path: KeyPath = ("emergency", key)
        known = [phone for person in self.file.people.values() for phone in person.phones]
        for position, phone in enumerate(section.phones):
            self._stand(phone, known, (*path, "phones", position))
        people = people_named(section.tell, self.file, (*path, "tell"), self.report)
        self._check_reached(people, section, path)
        return Place(
            key=key,
            phones=tuple(section.phones),
            address=" ".join(section.address.split()),
            call_back=practice_number(section.call_back, (*path, "call_back"), self.file, self.report),
            people=people,
            channels=tuple(name for name in section.by if name in self.file.notify),
        )

    def _stand(self, phone: str, known: list[str], path: KeyPath) -> None:
        if phone not in known:
            self.report.problem(path, f"there is no phone {phone!r} in [people]", did_you_mean(phone, known))
        if phone in self._standing:
            first = key_text(self._standing[phone])
            self.report.problem(path, f"the phone {phone!r} stands already in {first}", "each phone is in one place")
        self._standing.setdefault(phone, path)

    def report_phones_without(self) -> None:
        for person, section in self.file.people.items():
            for position, phone in enumerate(section.phones):
                if phone not in self._standing:
                    what = f"the phone {phone!r} calls outside, and nothing says where it stands when it calls 911"
                    remedy = "name it in phones of an [emergency.…] table, or set inbound_only = true in [outbound]"
                    self.report.problem(("people", person, "phones", position), what, remedy)

    def _check_reached(self, people: tuple[str, ...], section: EmergencySection, path: KeyPath) -> None:
        for name in section.by:
            if name not in self.report.declared("notify"):
                known = self.report.declared("notify")
                what = f"no channel in [notify] is called {name!r}"
                self.report.problem((*path, "by"), what, did_you_mean(name, known))
        kinds = {self.file.notify[name].kind for name in section.by if name in self.file.notify}
        reached = [self.file.people[person] for person in people]
        if "email" in kinds and not all(person.email for person in reached):
            without = next(key for key in people if not self.file.people[key].email)
            self.report.problem((*path, "by"), f"{without!r} has no mail address", f"add one to [people.{without}]")
        by_phone = not section.by or kinds == {"phone-message"}
        if people and by_phone and not any(person.phones for person in reached):
            what = "would tell nobody: none of them has a phone of the practice that could show it"
            self.report.problem((*path, "tell"), what, 'tell somebody who has one, or add by = ["..."]')


def places_in_words(policy: Policy) -> Iterator[str]:
    """Sentences for people: what happens when somebody dials 911."""
    if not policy.calls_out:
        if policy.phones:
            yield "No phone can call 911, nor anybody outside: a phone on which somebody tries says so."
        return
    for place in policy.places:
        people = ", ".join(policy.people[key].name for key in place.people)
        by = f" by {', '.join(place.channels)}" if place.channels else " by a text on their phones"
        yield (
            f"911 from {', '.join(place.phones)}: shows {for_people(place.call_back, policy.country)}, at "
            f"{place.address}, and tells {people}{by}. Check that the carrier has this address on record."
        )
