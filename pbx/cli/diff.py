"""`secondline diff OLD NEW`: what a changed file changes for callers, before it is put in place."""

from __future__ import annotations

import asyncio
import hashlib
from argparse import Namespace
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pbx.asterisk.layout import Layout
from pbx.cli.errors import sentence
from pbx.cli.records import operator
from pbx.config.load import ConfigProblems, Practice, load
from pbx.config.settings import Settings
from pbx.database import DatabaseProblem, open_records
from pbx.domain.call import CallRecord, CallStart, Direction
from pbx.domain.callers import longest_window
from pbx.domain.difference import Change, Moved, differences, moved
from pbx.domain.facts import Facts
from pbx.domain.numbers import for_people
from pbx.domain.policy import Greeting, Policy
from pbx.output import print_json, rfc3339

LOOK_BACK = timedelta(days=7)
MOST_CALLS = 100_000

SAME, DIFFERENT, TROUBLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class PastCalls:
    """The logged calls of the last week, and those that would have gone elsewhere. `why_not` where they are unknown."""

    looked_at: int = 0
    moved: tuple[tuple[CallRecord, Moved], ...] = ()
    why_not: str | None = None


def diff(options: Namespace) -> int:
    """Say what changes. 0: nothing for callers, 1: something, 2: a file cannot be read."""
    try:
        old, new = load(Path(options.config)), load(Path(options.new))
    except ConfigProblems as error:
        for problem in error.problems:
            print(problem)
        return TROUBLE
    before, after = _comparable(old.policy), _comparable(new.policy)
    now = datetime.now(UTC)
    changes = differences(before, after, now.astimezone(ZoneInfo(after.timezone)).date())
    past = _past_calls(old, before, after, Layout(Path(options.data)), now - LOOK_BACK)
    if options.json:
        print_json(_json(changes, past))
    else:
        _tell(changes, past, after)
    return DIFFERENT if changes or past.moved else SAME


def _comparable(policy: Policy) -> Policy:
    """Recordings are told apart by what they hold: the same one in another folder is no change."""
    greetings = {name: _by_content(greeting) for name, greeting in policy.greetings.items()}
    return replace(policy, greetings=greetings)


def _by_content(greeting: Greeting) -> Greeting:
    if greeting.file is None:
        return greeting
    digest = hashlib.sha256(Path(greeting.file).read_bytes()).hexdigest()
    return replace(greeting, file=f"{Path(greeting.file).name} ({digest[:12]})")


def _past_calls(practice: Practice, old: Policy, new: Policy, layout: Layout, since: datetime) -> PastCalls:
    if practice.settings.database_url is None and not layout.postgres.exists():
        return PastCalls(why_not=f"{layout.data} holds no call log (name the data folder with --data)")
    try:
        window = longest_window(number.callers for policy in (old, new) for number in policy.numbers.values())
        known = asyncio.run(_calls(practice.settings, layout, since - window))
    except (*DatabaseProblem, OSError) as error:
        return PastCalls(why_not=sentence(error))
    calls = [call for call in known if call.started_at >= since]
    earlier: dict[str, list[datetime]] = {}
    for call in known:
        earlier.setdefault(call.caller.number or "", []).append(call.started_at)
    found = ((call, _moved(old, new, call, earlier)) for call in calls)
    return PastCalls(len(calls), tuple((call, otherwise) for call, otherwise in found if otherwise))


def _moved(old: Policy, new: Policy, call: CallRecord, earlier: dict[str, list[datetime]]) -> Moved | None:
    times = earlier.get(call.caller.number, ()) if call.caller.number else ()
    start = CallStart(call.id, call.dialled, call.caller, call.started_at)
    return moved(old, new, start, Facts(recent=tuple(sorted(at for at in times if at < call.started_at))))


async def _calls(settings: Settings, layout: Layout, since: datetime) -> list[CallRecord]:
    async with open_records(settings, layout) as records:
        found = await records.calls.calls(since, None, MOST_CALLS)
        came_in = [call for call in found if call.direction is Direction.INBOUND]
        await records.audit.note(operator(), "compared", "calls", calls=len(came_in))
        return came_in


def _tell(changes: tuple[Change, ...], past: PastCalls, policy: Policy) -> None:
    for change in changes:
        print(change.text)
    if not changes:
        print("Nothing changes for callers.")
    print()
    if past.why_not is not None:
        print(f"Last week's calls were not looked at: {past.why_not}.")
        return
    print(f"Of last week's {past.looked_at} logged calls, {len(past.moved)} would have gone elsewhere.")
    zone = ZoneInfo(policy.timezone)
    for call, otherwise in past.moved:
        when = f"{call.started_at.astimezone(zone):%a %d %b %H:%M}"
        print(f"  {when} to {for_people(call.dialled, policy.country)} (call {call.id})")
        print(f"    was {otherwise.before}")
        print(f"    now {otherwise.after}")


def _json(changes: tuple[Change, ...], past: PastCalls) -> dict[str, Any]:
    return {
        "same": not changes and not past.moved,
        "changes": [{"about": change.about, "text": change.text} for change in changes],
        "calls": {
            "looked_at": None if past.why_not else past.looked_at,
            "why_not": past.why_not,
            "moved": [
                {
                    "id": str(call.id),
                    "to": call.dialled,
                    "started_at": rfc3339(call.started_at),
                    "before": otherwise.before,
                    "after": otherwise.after,
                }
                for call, otherwise in past.moved
            ],
        },
    }
