"""Commands that need only the practice's file: check, explain, describe."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pbx.asterisk.layout import Layout
from pbx.calendars import look_up, try_out, with_calendars
from pbx.cli.errors import BadOption
from pbx.cli.live import NotRunning, ask
from pbx.config.check import in_plain_words
from pbx.config.closed_dates import HOLIDAY_YEARS
from pbx.config.describe import describe
from pbx.config.load import ConfigProblems, Practice, load
from pbx.config.rotas import LookAhead
from pbx.domain.facts import Facts
from pbx.domain.numbers import WITHHELD_NAMES, to_e164
from pbx.domain.policy import Policy, RingOnCall, Urgent
from pbx.domain.routing import Decision, decide
from pbx.output import decision_json, on_call_json, print_json
from pbx.prompts import listener
from pbx.swaps import last_known


def check(options: Namespace) -> int:
    """Print all problems of a file, or `ok` and what it says. 1 if there are problems."""
    try:
        ahead = LookAhead(datetime.now(UTC), options.days, last_known(Layout(Path(options.data).absolute())))
        practice = load(Path(options.file or options.config), listener(), ahead)
    except ConfigProblems as error:
        return _refused(error, options)
    if options.json:
        print_json({"ok": True, "problems": [], "warnings": [str(w) for w in practice.warnings]} | _known(practice))
        return 0
    for warning in practice.warnings:
        print(f"warning: {warning}")
    for accepted in practice.accepted:
        print(
            f"accepted: {accepted.warning.key}: {accepted.warning.what} ({accepted.because}) [{accepted.warning.name}]"
        )
    print("ok")
    for line in in_plain_words(practice):
        print(line)
    for line in asyncio.run(try_out(practice.calendars, datetime.now(UTC))):
        print(line)
    return 0


def _known(practice: Practice) -> dict[str, object]:
    """The warnings once more for programs, by name, and those that the file accepts."""
    return {
        "named": [asdict(warning) for warning in practice.warnings],
        "accepted": [asdict(accepted.warning) | {"because": accepted.because} for accepted in practice.accepted],
    }


def _refused(error: ConfigProblems, options: Namespace) -> int:
    if options.json:
        print_json({"ok": False, "problems": [str(p) for p in error.problems], "warnings": []})
        return 1
    for problem in error.problems:
        print(problem)
    count = len(error.problems)
    print(f"{count} problem{'s' if count > 1 else ''}; nothing was changed")
    return 1


def explain(options: Namespace) -> int:
    """Say what would happen to a call and why."""
    practice = load(Path(options.config))
    at = parse_time(options.at, practice.policy.timezone)
    layout = Layout(Path(options.data).absolute())
    known = asyncio.run(look_up(practice.calendars, layout.calendars, at))
    policy = with_calendars(practice.policy, known)
    facts = last_known(layout) if options.at else _now_known(layout)
    decision = decide(policy, parse_number("--to", options.to, policy.country), at, facts)
    if options.json:
        document = decision_json(decision)
        document["oncall"] = _on_call(policy, decision, facts)
        document["from"] = _caller(options.caller, policy.country)
        print_json(document)
    else:
        _tell(decision, policy, practice)
    return 0


def _now_known(layout: Layout) -> Facts:
    """What is known at this moment: a running server knows which phones are not registered."""
    facts = last_known(layout)
    try:
        state = asyncio.run(ask(layout, "GET", "/status"))
    except NotRunning:
        return facts
    return replace(facts, unregistered=frozenset(state["left_out"]))


def _on_call(policy: Policy, decision: Decision, facts: Facts) -> dict[str, Any]:
    """Who is on call in each rota that the number names, whether it is rung now or not."""
    number = policy.numbers.get(decision.number)
    actions = (*number.opened, *number.closed) if number else ()
    named = dict.fromkeys(action.rota for action in actions if isinstance(action, RingOnCall | Urgent))
    states = {name: policy.rotas[name].on_call(decision.at, facts.swaps) for name in named}
    return {name: on_call_json(policy, state) for name, state in states.items()}


def _caller(text: str | None, country: str) -> str | None:
    withheld = text is None or text.lower() in WITHHELD_NAMES
    return None if withheld else parse_number("--from", text or "", country)


def _tell(decision: Decision, policy: Policy, practice: Practice) -> None:
    for sentence in decision.why:
        print(sentence)
    print(f"Decided by {decision.rule} ({practice.settings.file}): {decision.reason}.")


def parse_time(text: str | None, timezone: str) -> datetime:
    """A time as typed: ISO 8601, in the practice's zone where it names none; now where there is no text.

    Raises BadOption.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadOption(f"{text!r} is not a time (write it as 2026-12-25T10:00)") from error
    if at.year not in HOLIDAY_YEARS:
        raise BadOption(f"{text!r} is too far away: holidays are known from {HOLIDAY_YEARS[0]} to {HOLIDAY_YEARS[-1]}")
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))


def parse_number(option: str, text: str, country: str) -> str:
    """A telephone number as typed, as E.164. Raises BadOption."""
    try:
        return to_e164(text, country)
    except ValueError as error:
        raise BadOption(f"{option} {text!r} {error}") from error


def describe_schema(_: Namespace) -> int:
    """Print the annotated schema of the practice's file."""
    print(describe(), end="")
    return 0
