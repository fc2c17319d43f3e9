"""Turn the tables of a file that is well formed into the domain's values; what is wrong goes to the report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pbx.config.call_back import build_call_back
from pbx.config.contacts import Contacts, read_contacts
from pbx.config.emergency import build_places
from pbx.config.languages import build_translations
from pbx.config.menus import build_menu_prompts
from pbx.config.notify import Notifying, build_notifying
from pbx.config.numbers import NumberBuilder
from pbx.config.outbound import build_outbound
from pbx.config.people import Directory, check_people, mailboxes_of, members_of, phones_of, warn_of_unused
from pbx.config.report import Report
from pbx.config.ringing import Ringing, build_ringing
from pbx.config.rotas import build_rotas
from pbx.config.schedules import Listen, build_greetings, build_music, build_schedules
from pbx.config.schema.file import PracticeFile
from pbx.config.texts import BuiltTexts, build_texts
from pbx.domain.callback import Limits
from pbx.domain.emergency import Place
from pbx.domain.hints import DEFAULT_RED_FLAGS, Reading
from pbx.domain.oncall import Rota
from pbx.domain.outbound_rules import OutboundRules
from pbx.domain.policy import Greeting, Number, Policy
from pbx.domain.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides about calls and messages."""

    numbers: dict[str, Number]
    rotas: dict[str, Rota]
    ringing: Ringing
    contacts: Contacts
    call_back: Limits
    notifying: Notifying
    outbound: OutboundRules | None
    places: tuple[Place, ...]
    texts: BuiltTexts


@dataclass(frozen=True, slots=True)
class Sounds:
    """What callers hear."""

    greetings: dict[str, Greeting]
    menu_prompts: dict[str, Greeting]
    music: Greeting | None
    translations: dict[str, Greeting]

    def all(self) -> list[Greeting]:
        music = [self.music] if self.music else []
        return [*self.greetings.values(), *self.menu_prompts.values(), *self.translations.values(), *music]


def build_rules(file: PracticeFile, report: Report) -> Rules:
    """The rules of the file; to be used only if the report has no problem afterwards."""
    check_people(file, report)
    contacts = read_contacts(file, report)
    schedules = build_schedules(file, report)
    numbers = _numbers(file, schedules, report, contacts)
    return Rules(
        rotas=build_rotas(file, report),
        ringing=build_ringing(file, report),
        contacts=contacts,
        call_back=build_call_back(file, schedules, report),
        numbers=numbers,
        notifying=build_notifying(file, report),
        outbound=build_outbound(file, numbers, report),
        places=build_places(file, report),
        texts=build_texts(file, report),
    )


def build_sounds(file: PracticeFile, report: Report, listen: Listen | None) -> Sounds:
    """The sounds of the file; `listen` makes each and says what is wrong with it."""
    return Sounds(
        greetings=build_greetings(file, report, listen),
        menu_prompts=build_menu_prompts(file, report, listen),
        music=build_music(file, report, listen),
        translations=build_translations(file, report, listen),
    )


def policy_of(file: PracticeFile, report: Report, rules: Rules, sounds: Sounds) -> Policy:
    """All of it in one value."""
    return Policy(
        version=_digest([*report.document.texts, rules.contacts.text], sounds.all()),
        practice=file.practice.name,
        country=file.practice.country,
        timezone=file.practice.timezone,
        emergency_sentence=file.practice.emergency_sentence,
        numbers=rules.numbers,
        phones=phones_of(file),
        greetings=sounds.greetings,
        mailboxes=mailboxes_of(file),
        menu_prompts=sounds.menu_prompts,
        max_message_seconds=file.voicemail.max_seconds,
        rotas=rules.rotas,
        snow_day_greeting=file.practice.snow_day_greeting,
        people=rules.ringing.people,
        outside=rules.ringing.outside,
        music=sounds.music,
        contacts=rules.contacts.people,
        languages=tuple(file.practice.languages),
        translations=sounds.translations,
        reading=_reading(file),
        notices=rules.notifying.plans,
        channels=rules.notifying.channels,
        watch=rules.notifying.watch,
        members=members_of(file),
        call_back=rules.call_back,
        undelete_days=file.voicemail.undelete_days,
        outbound=rules.outbound,
        places=rules.places,
        texting=rules.texts.texting,
    )


def _numbers(
    file: PracticeFile, schedules: dict[str, Schedule], report: Report, contacts: Contacts
) -> dict[str, Number]:
    directory = Directory(file, report)
    builder = NumberBuilder(directory, schedules, report, contacts=contacts.people)
    numbers = builder.build()
    builder.name_snow_day_greeting()
    if not report.declared("numbers"):
        remedy = 'add a table such as [numbers."+17175550100"]; `secondline describe` shows one'
        report.problem(("numbers",), "is missing: the practice has no number", remedy)
    warn_of_unused(directory)
    builder.menus.warn_of_unused()
    used = {*builder.used, ("schedules", file.voicemail.call_back_schedule)}
    for table in ("schedules", "greetings"):
        for key in report.declared(table):
            if (table, key) not in used:
                report.warning((table, key), "is not used", "name it in a number, or take it out", "unused")
    return numbers


def _reading(file: PracticeFile) -> Reading:
    """What helps to read messages: the practice's words, its people, its red flags."""
    chosen = file.voicemail.red_flags
    flags = DEFAULT_RED_FLAGS if chosen is None else tuple(chosen)
    people = tuple(person.name for person in file.people.values())
    return Reading(file.practice.country, tuple(file.voicemail.words), people, flags)


def _digest(texts: list[str], greetings: Iterable[Greeting]) -> str:
    """SHA-256 over all that decides: the texts, each with its length before it, and the recordings."""
    digest = hashlib.sha256()
    sounds = [Path(greeting.file).read_bytes() for greeting in greetings if greeting.file]
    for content in [*(text.encode() for text in texts), *sounds]:
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()
