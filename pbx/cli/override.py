"""`secondline override`: close, open or mute a line for a while, see what holds, and end it early."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from pbx.asterisk.layout import Layout
from pbx.calendars import look_up, with_calendars
from pbx.cli.live import tell
from pbx.cli.records import operator, with_records
from pbx.cli.rules import parse_number
from pbx.config.load import Practice
from pbx.database import Records
from pbx.domain.facts import Facts
from pbx.domain.override import Mode, OverrideRecord, Scope
from pbx.domain.override_end import parse_end, zone_of
from pbx.domain.override_wish import Wanted, answer_in_words
from pbx.domain.override_words import target_in_words
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock
from pbx.kept import KeptFile
from pbx.output import override_json, print_json, rfc3339
from pbx.services.overrides import Overrides, OverridesInForce


class NoSuchOverride(Exception):
    """No override has the number, or it has ended. `secondline override list` shows the numbers."""


def set_override(options: Namespace) -> int:
    """Let an override hold from now on."""

    async def use(records: Records, practice: Practice) -> int:
        layout, now = _layout(options), datetime.now(UTC)
        known = await look_up(practice.calendars, layout.calendars, now)
        policy = with_calendars(practice.policy, known)
        wanted = _wanted(policy, options, now)
        made = await _service(records, layout, policy).set(wanted, operator(), now)
        told = await tell(layout, "/overrides")
        swaps = tuple(record.swap for record in await records.swaps.swaps())
        facts = Facts(swaps, tuple(record.override for record in await records.overrides.overrides()))
        answer = answer_in_words(policy, made, facts)
        if options.json:
            print_json(override_json(policy, made) | {"said": list(answer), "in_force": told})
            return 0
        print(f"Override {made.id}: {told}")
        for sentence in answer:
            print(f"  {sentence}")
        print(f"To end it before: secondline override end {made.id}")
        return 0

    return with_records(options, use)


def end(options: Namespace) -> int:
    """End an override before its time."""

    async def use(records: Records, practice: Practice) -> int:
        layout, policy = _layout(options), practice.policy
        by = options.by or operator()
        ended = await _service(records, layout, policy).undo(options.id, by, operator())
        if ended is None:
            raise NoSuchOverride(f"there is no override {options.id} to end: `secondline override list` shows them")
        told = await tell(layout, "/overrides")
        if options.json:
            print_json({"id": options.id, "ended": True, "in_force": told})
        else:
            whose = target_in_words(policy, ended.scope, ended.target)
            print(f"Override {options.id} ({ended.mode.in_words}, {whose}) has ended. {told}")
        return 0

    return with_records(options, use)


def show(options: Namespace) -> int:
    """List the overrides that hold, the newest first; with --all those that have ended too."""

    async def use(records: Records, practice: Practice) -> int:
        found = await records.overrides.overrides(over=options.all)
        if options.json:
            print_json([_record_json(practice.policy, record) for record in found])
            return 0
        for record in found:
            print(_record_in_words(practice.policy, record))
        if not found:
            print("No override is on record." if options.all else "No override holds: the practice's file decides.")
        return 0

    return with_records(options, use)


def _layout(options: Namespace) -> Layout:
    return Layout(Path(options.data))


def _service(records: Records, layout: Layout, policy: Policy) -> Overrides:
    in_force = OverridesInForce(records.overrides, KeptFile(layout.overrides))
    return Overrides(records.overrides, in_force, lambda: policy)


def _wanted(policy: Policy, options: Namespace, now: datetime) -> Wanted:
    scope, target = Scope.PRACTICE, ""
    if options.number is not None:
        scope, target = Scope.NUMBER, parse_number("--number", options.number, policy.country)
    elif options.person is not None:
        scope, target = Scope.PERSON, options.person
    ends = parse_end(options.until, now, zone_of(policy, scope, target)) if options.until is not None else None
    return Wanted(Mode(options.mode), scope, target, ends, options.by or operator(), options.reason or "")


def _record_json(policy: Policy, record: OverrideRecord) -> dict[str, object]:
    ended = {"ended_at": rfc3339(record.ended_at), "ended_by": record.ended_by}
    return override_json(policy, record.override) | {"made_at": rfc3339(record.made_at)} | ended


def _record_in_words(policy: Policy, record: OverrideRecord) -> str:
    one = record.override
    zone = zone_of(policy, one.scope, one.target)
    reason = f": {one.reason}" if one.reason else ""
    ended = f"; ended by {record.ended_by} {clock(record.ended_at, zone)}" if record.ended_at else ""
    return (
        f"{one.id}: {target_in_words(policy, one.scope, one.target)}: {one.mode.in_words} "
        f"until {clock(one.ends, zone)}, set by {one.by} {clock(one.starts, zone)}{reason}{ended}"
    )
