"""Read the practice's file: everything that it says, or everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pbx.config.advice import Accepted, advise, settle
from pbx.config.calendars import CalendarSource, build_calendars
from pbx.config.call_back import build_call_back
from pbx.config.caller_advice import advise_callers
from pbx.config.contacts import Contacts, read_contacts
from pbx.config.document import read_document
from pbx.config.expectations import build_expectations, hold
from pbx.config.machine import build_settings
from pbx.config.menus import build_menu_prompts
from pbx.config.numbers import NumberBuilder
from pbx.config.people import Directory, check_people, mailboxes_of, members_of, phones_of, warn_of_unused
from pbx.config.problems import ConfigProblems, Problem
from pbx.config.report import Report
from pbx.config.ringing import build_ringing
from pbx.config.rotas import LookAhead, build_rotas, warn_ahead
from pbx.config.schedules import Listen, build_greetings, build_music, build_schedules
from pbx.config.schema.file import PracticeFile
from pbx.config.settings import Settings
from pbx.config.validate import validate
from pbx.domain.policy import Greeting, Number, Policy
from pbx.domain.schedule import Schedule

__all__ = ["ConfigProblems", "Practice", "Problem", "load"]


@dataclass(frozen=True, slots=True)
class Practice:
    """A file that can be used. `warnings` are worth a look, nothing more; `accepted` are those that are meant so.

    `calendars` are yet to be read.
    """

    policy: Policy
    settings: Settings
    warnings: tuple[Problem, ...] = ()
    calendars: tuple[CalendarSource, ...] = ()
    accepted: tuple[Accepted, ...] = ()


def load(path: Path, listen: Listen | None = None, ahead: LookAhead | None = None) -> Practice:
    """Read `path` and its includes. Raises ConfigProblems with all that is wrong, in the order of the lines.

    `listen` makes each greeting and says what is wrong with it; without it only a sound file's kind is looked at.
    `ahead` asks for warnings of times at which nobody is on call.
    """
    report = Report(read_document(path))
    file = validate(report)
    settings = build_settings(file, report)
    check_people(file, report)
    rotas = build_rotas(file, report)
    ringing = build_ringing(file, report)
    schedules = build_schedules(file, report)
    call_back = build_call_back(file, schedules, report)
    contacts = read_contacts(file, report)
    numbers = _numbers(file, schedules, report, contacts)
    calendars = build_calendars(file, report)
    greetings = build_greetings(file, report, listen)
    menu_prompts = build_menu_prompts(file, report, listen)
    music = build_music(file, report, listen)
    expectations = build_expectations(file, report)
    if report.problems:
        raise ConfigProblems(_in_order(report.problems))
    sounds = [*greetings.values(), *menu_prompts.values(), *([music] if music else [])]
    policy = Policy(
        version=_digest([*report.document.texts, contacts.text], sounds),
        practice=file.practice.name,
        country=file.practice.country,
        timezone=file.practice.timezone,
        emergency_sentence=file.practice.emergency_sentence,
        numbers=numbers,
        phones=phones_of(file),
        greetings=greetings,
        mailboxes=mailboxes_of(file),
        menu_prompts=menu_prompts,
        max_message_seconds=file.voicemail.max_seconds,
        rotas=rotas,
        snow_day_greeting=file.practice.snow_day_greeting,
        people=ringing.people,
        outside=ringing.outside,
        music=music,
        contacts=contacts.people,
        members=members_of(file),
        call_back=call_back,
        undelete_days=file.voicemail.undelete_days,
    )
    hold(policy, expectations, report)
    advise(file, policy, report)
    advise_callers(file, policy, report)
    if ahead:
        warn_ahead(policy, ahead, report)
    accepted = settle(file, report)
    if report.problems:
        raise ConfigProblems(_in_order(report.problems))
    return Practice(policy, settings, _in_order(report.warnings), calendars, accepted)


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


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.file, problem.line)))


def _digest(texts: list[str], greetings: Iterable[Greeting]) -> str:
    """SHA-256 over all that decides: the texts, each with its length before it, and the recordings."""
    digest = hashlib.sha256()
    sounds = [Path(greeting.file).read_bytes() for greeting in greetings if greeting.file]
    for content in [*(text.encode() for text in texts), *sounds]:
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()
