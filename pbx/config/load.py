"""Read the practice's file: everything that it says, or everything that is wrong with it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pbx.config.advice import Accepted, advise, settle
from pbx.config.build import build_rules, build_sounds, policy_of
from pbx.config.calendars import CalendarSource, build_calendars
from pbx.config.caller_advice import advise_callers
from pbx.config.document import read_document
from pbx.config.expectations import build_expectations, hold, warn_of_calendars
from pbx.config.machine import build_settings
from pbx.config.problems import ConfigProblems, Problem
from pbx.config.report import Report
from pbx.config.rotas import LookAhead, warn_ahead
from pbx.config.schedules import Listen
from pbx.config.settings import Settings
from pbx.config.texts import advise_texts
from pbx.config.validate import validate
from pbx.config.webhooks import build_webhooks
from pbx.domain.policy import Policy

__all__ = ["ConfigProblems", "Practice", "Problem", "load"]


@dataclass(frozen=True, slots=True)
class Practice:
    """A file that can be used. `warnings` are worth a look, nothing more; `accepted` are those that are meant so.

    `calendars` are yet to be read. `files` are those that were read and those that they name (absolute).
    """

    policy: Policy
    settings: Settings
    warnings: tuple[Problem, ...] = ()
    calendars: tuple[CalendarSource, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    files: tuple[Path, ...] = ()


@contextmanager
def _without_collector() -> Iterator[None]:
    """All that a file becomes is kept, so looking for garbage meanwhile takes a fifth of the time and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_without_collector()
def load(path: Path, listen: Listen | None = None, ahead: LookAhead | None = None) -> Practice:
    """Read `path` and its includes. Raises ConfigProblems with all that is wrong, in the order of the lines.

    `listen` makes each greeting and says what is wrong with it; without it only a sound file's kind is looked at.
    `ahead` asks for warnings of times at which nobody is on call.
    """
    report = Report(read_document(path))
    file = validate(report)
    settings = build_settings(file, report)
    rules = build_rules(file, report)
    calendars = build_calendars(file, report)
    sounds = build_sounds(file, report, listen)
    webhooks = build_webhooks(file, report)
    expectations = build_expectations(file, report)
    _stop_at_problems(report)
    policy = policy_of(file, report, rules, sounds)
    hold(policy, expectations, report)
    warn_of_calendars(policy, expectations, calendars, report)
    advise(file, policy, report)
    advise_callers(file, policy, report)
    advise_texts(file, report)
    if ahead:
        warn_ahead(policy, ahead, report)
    accepted = settle(file, report)
    _stop_at_problems(report)
    texts = rules.texts
    settings = replace(settings, senders=rules.notifying.senders, webhooks=webhooks)
    settings = replace(settings, texts=texts.carrier, texts_web=texts.web)
    return Practice(policy, settings, _in_order(report.warnings), calendars, accepted, tuple(report.document.files))


def _stop_at_problems(report: Report) -> None:
    if report.problems:
        raise ConfigProblems(_in_order(report.problems))


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.file, problem.line)))
