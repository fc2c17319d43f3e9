"""`secondline oncall`: who is on call, and the swaps."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.cli.live import tell
from pbx.cli.records import operator, with_records
from pbx.cli.rules import parse_time
from pbx.config.load import Practice, load
from pbx.config.problems import did_you_mean
from pbx.config.rota_times import parse_when
from pbx.config.rotas import local_instant
from pbx.database import Records
from pbx.domain.facts import Facts
from pbx.domain.oncall import Rota, Swap, SwapRecord
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock, on_call_in_words
from pbx.domain.swap_wish import check_line, check_swap
from pbx.kept import KeptFile, last_known
from pbx.output import on_call_json, print_json, rfc3339
from pbx.services.oncall import SwapsInForce


class NoSuchSwap(Exception):
    """No swap has the number, or it was undone before. `secondline oncall swaps` shows the numbers."""


def show(options: Namespace) -> int:
    """Say who is on call, until when and why; with --days, who comes after."""
    policy = load(Path(options.config)).policy
    facts = last_known(Layout(Path(options.data)))
    at = parse_time(options.at, policy.timezone)
    rotas = [_rota(policy, options.rota)] if options.rota else list(policy.rotas.values())
    if not rotas:
        raise BadOption("the practice's file has no rota: add [rotas.doctors]; `secondline describe` shows one")
    if options.json:
        print_json({"at": rfc3339(at), "rotas": {r.name: _json(policy, r, at, facts, options.days) for r in rotas}})
        return 0
    for rota in rotas:
        print(on_call_in_words(policy, rota.name, rota.on_call(at, facts.swaps)))
        if options.days:
            _print_stretches(policy, rota, at, at + timedelta(days=options.days), facts)
    return 0


def swap(options: Namespace) -> int:
    """Have somebody stand in for somebody else for a time."""

    async def use(records: Records, practice: Practice) -> int:
        policy, layout = practice.policy, Layout(Path(options.data))
        rota = _rota(policy, options.rota)
        known = Facts(tuple(record.swap for record in await records.swaps.swaps(rota.name)))
        wanted = _wanted(rota, options)
        check_swap(policy, wanted, known, datetime.now(UTC), _named)
        made = await records.swaps.add(wanted, operator())
        told = await _tell_server(layout, records)
        if options.json:
            print_json(_swap_json(made) | {"in_force": told})
            return 0
        print(f"Swap {made.id}: {made.into} stands in for {made.out} in {rota.name!r}. {told}")
        _print_stretches(policy, rota, made.start, made.end, Facts((*known.swaps, made)))
        print(f"To take it back: secondline oncall undo {made.id}")
        return 0

    return with_records(options, use)


def undo(options: Namespace) -> int:
    """Take a swap back."""

    async def use(records: Records, _: Practice) -> int:
        by = (options.by or operator()).strip()
        check_line("--by", by)
        if not await records.swaps.undo(options.id, by, operator()):
            raise NoSuchSwap(
                f"there is no swap {options.id} that could be undone: `secondline oncall swaps` shows them"
            )
        told = await _tell_server(Layout(Path(options.data)), records)
        if options.json:
            print_json({"id": options.id, "undone": True, "in_force": told})
        else:
            print(f"Swap {options.id} is undone. {told}")
        return 0

    return with_records(options, use)


def swaps(options: Namespace) -> int:
    """List the swaps; with --all those that were undone too."""

    async def use(records: Records, practice: Practice) -> int:
        found = await records.swaps.swaps(options.rota, undone=options.all)
        if options.json:
            print_json([_record_json(record) for record in found])
            return 0
        for record in found:
            print(_record_in_words(record, practice.policy))
        if not found:
            print("No swap is on record.")
        return 0

    return with_records(options, use)


def _rota(policy: Policy, name: str) -> Rota:
    if name not in policy.rotas:
        raise BadOption(f"there is no rota {name!r} in the practice's file ({did_you_mean(name, list(policy.rotas))})")
    return policy.rotas[name]


def _wanted(rota: Rota, options: Namespace) -> Swap:
    start, end = (_instant(option, text, rota) for option, text in (("--start", options.start), ("--end", options.end)))
    by = (options.by or operator()).strip()
    return Swap(rota.name, options.off, options.on, start, end, by, options.reason.strip())


def _instant(option: str, text: str, rota: Rota) -> datetime:
    try:
        return local_instant(parse_when(text), rota.timezone)
    except ValueError as error:
        raise BadOption(f"{option} {text!r} is not a date and time (write it as 2026-12-24T08:00)") from error


def _named(name: str) -> str:
    return f"--{name}"


async def _tell_server(layout: Layout, records: Records) -> str:
    await SwapsInForce(records.swaps, KeptFile(layout.swaps)).refresh()
    return await tell(layout, "/swaps")


def _print_stretches(policy: Policy, rota: Rota, start: datetime, end: datetime, facts: Facts) -> None:
    for begins, now in rota.stretches(start, end, facts.swaps):
        names = [policy.mailboxes.get(person, person) for person in now.people]
        who = ", then ".join(names) or "NOBODY"
        print(f"  from {clock(begins, rota.timezone)}: {who} - {now.because}")


def _json(policy: Policy, rota: Rota, at: datetime, facts: Facts, days: int | None) -> dict[str, Any]:
    now = rota.on_call(at, facts.swaps)
    document = on_call_json(policy, now)
    if days:
        found = rota.stretches(at, at + timedelta(days=days), facts.swaps)
        document["stretches"] = [{"start": rfc3339(start)} | on_call_json(policy, state) for start, state in found]
    return document


def _swap_json(swap: Swap) -> dict[str, Any]:
    return {
        "id": swap.id,
        "rota": swap.rota,
        "from": swap.out,
        "to": swap.into,
        "start": rfc3339(swap.start),
        "end": rfc3339(swap.end),
        "by": swap.by,
        "reason": swap.reason,
    }


def _record_json(record: SwapRecord) -> dict[str, Any]:
    undone = {"undone_at": rfc3339(record.undone_at), "undone_by": record.undone_by}
    return _swap_json(record.swap) | {"made_at": rfc3339(record.made_at)} | undone


def _record_in_words(record: SwapRecord, policy: Policy) -> str:
    swap = record.swap
    zone = policy.rotas[swap.rota].timezone if swap.rota in policy.rotas else policy.timezone
    undone = f"; undone by {record.undone_by} {clock(record.undone_at, zone)}" if record.undone_at else ""
    return (
        f"{swap.id}: {swap.into} for {swap.out} in {swap.rota!r} from {clock(swap.start, zone)} "
        f"until {clock(swap.end, zone)}, made by {swap.by} {clock(record.made_at, zone)}: {swap.reason}{undone}"
    )
