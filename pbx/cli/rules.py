"""Commands that need only the practice's file: check, explain, describe."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pbx.asterisk.layout import Layout
from pbx.calendars import look_up, try_out, with_calendars
from pbx.cli.errors import BadOption
from pbx.cli.explain_out import explain_out
from pbx.config.check import in_plain_words
from pbx.config.closed_dates import HOLIDAY_YEARS
from pbx.config.describe import describe
from pbx.config.load import ConfigProblems, Practice, load
from pbx.config.rotas import LookAhead
from pbx.domain.actions import RingOnCall, Urgent
from pbx.domain.callers import Verdict
from pbx.domain.facts import Facts
from pbx.domain.numbers import WITHHELD_NAMES, Caller, NumberKind, to_e164
from pbx.domain.own_greetings import in_words
from pbx.domain.policy import Policy
from pbx.domain.routing import Decision, decide
from pbx.kept import last_known
from pbx.output import decision_json, name_of, named_caller, on_call_json, print_json
from pbx.prompts import listener


def check(options: Namespace) -> int:
    """Print all problems of a file, or `ok` and what it says. 1 if there are problems."""
    try:
        layout = Layout(Path(options.data))
        ahead = LookAhead(datetime.now(UTC), options.days, last_known(layout))
        practice = load(Path(options.file or options.config), listener(layout), ahead)
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
    for one in ahead.facts.greetings:
        print(in_words(practice.policy, one, datetime.now(UTC)))
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
    """Say what would happen to a call and why; with --from-person, to one that goes out."""
    practice = load(Path(options.config))
    at = parse_time(options.at, practice.policy.timezone)
    if options.from_person is not None:
        return explain_out(options, practice, at)
    layout = Layout(Path(options.data))
    known = asyncio.run(look_up(practice.calendars, layout.calendars, at))
    policy = with_calendars(practice.policy, known)
    earlier = tuple(at - timedelta(minutes=minutes) for minutes in sorted(options.earlier, reverse=True))
    known_now = last_known(layout) if options.at else _now_known(layout)
    facts = replace(known_now, recent=earlier, verdict=Verdict(options.verdict))
    caller = _caller(options.caller, policy.country)
    decision = decide(policy, parse_number("--to", options.to, policy.country), at, facts, caller)
    if options.json:
        document = decision_json(decision)
        document["oncall"] = _on_call(policy, decision, facts)
        document["from"] = caller.number if caller else None
        document["name"] = name_of(caller, policy) if caller else None
        print_json(document)
    else:
        if caller:
            print(f"From {named_caller(caller, policy)}.")
            if (contact := policy.contacts.get(caller.number or "")) and contact.note:
                print(f"Note: {contact.note}")
        _tell(decision, policy, practice)
    return 0


def _now_known(layout: Layout) -> Facts:
    """What is known at this moment: a running server knows which phones are not registered."""
    from pbx.cli.live import NotRunning, ask  # an HTTP client, which no check of a file needs

    facts = last_known(layout)
    try:
        state = asyncio.run(ask(layout, "GET", "/status"))
    except NotRunning:
        return facts
    return replace(facts, unregistered=frozenset(state["left_out"]))


def _on_call(policy: Policy, decision: Decision, facts: Facts) -> dict[str, Any]:
    """Who is on call in each rota that the number names, whether it is rung now or not."""
    number = policy.numbers.get(decision.number)
    by_caller = (
        [a for rule in number.callers.rules for a in (*(rule.opened or ()), *(rule.closed or ()))] if number else []
    )
    actions = (*number.opened, *number.closed, *by_caller) if number else ()
    named = dict.fromkeys(action.rota for action in actions if isinstance(action, RingOnCall | Urgent))
    states = {name: policy.rotas[name].on_call(decision.at, facts.swaps) for name in named}
    return {name: on_call_json(policy, state) for name, state in states.items()}


def _caller(text: str | None, country: str) -> Caller | None:
    if text is None:
        return None
    if text.lower() in (*WITHHELD_NAMES, "withheld"):
        return Caller(NumberKind.WITHHELD)
    return Caller(NumberKind.E164, parse_number("--from", text, country))


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
