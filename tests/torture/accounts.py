"""Hold every call against what the practice kept of it: the invariants of docs/faults.md."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from pbx.config.load import load
from pbx.database import open_records
from pbx.domain.call import CallRecord, Direction, MessageRecord
from pbx.domain.numbers import Caller, NumberKind
from tests.kit.server import secondline
from tests.torture import audited
from tests.torture.caller import EARLY, Account
from tests.torture.findings import Findings
from tests.torture.voice import PACKET_SECONDS, Found, found_in
from tests.torture.world import EXPORTED, World

TAIL_SECONDS = 2.05
"""What a kill of Asterisk may cost of a recording: 32 KiB of its buffer (main/file.c)."""

ALLOWED_SECONDS = 0.4
"""Voice that was still on its way when a call ended."""

LATE_SECONDS = 0.4
"""From the end of the tone, as the caller hears it, to the first of the recording."""

_DISK = " (disk)"

MOST_CALLS = 100_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What the practice has of one caller."""

    calls: list[CallRecord]
    messages: list[MessageRecord]


Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Troubles:
    """When there was no Asterisk (`down`), and when the spool's disk took nothing (`disk`)."""

    down: list[Span] = field(default_factory=list)
    disk: list[Span] = field(default_factory=list)


async def reconcile(world: World, accounts: list[Account], troubles: Troubles) -> Findings:
    """Every account against the log and the messages."""
    findings = Findings()
    calls, messages = await _on_record(world, findings)
    kept = _by_caller(calls, messages)
    _told(world, findings, {str(message.id) for message in messages})
    audited.mails(world, messages, findings)
    for account in accounts:
        mine = kept.pop(account.number, Kept([], []))
        await _one(world, account, mine, troubles, findings)
    for number, strange in kept.items():
        if number != "":
            findings.note("I1", f"{len(strange.calls)} calls of a number that did not call")
    _left_over(world, kept.get("", Kept([], [])), findings)
    return findings


async def _on_record(world: World, findings: Findings) -> tuple[Sequence[CallRecord], Sequence[MessageRecord]]:
    """The calls that came in, and the messages; what the audit has of them is looked at on the way."""
    settings = load(world.practice.file).settings
    async with open_records(settings, world.layout) as records:
        calls = await records.calls.calls(None, None, MOST_CALLS)
        messages = await records.messages.messages(None, MOST_CALLS)
        await audited.hold_against(records, calls, messages, findings)
    return [call for call in calls if call.direction is Direction.INBOUND], messages


def _by_caller(calls: Sequence[CallRecord], messages: Sequence[MessageRecord]) -> dict[str, Kept]:
    found: dict[str, Kept] = defaultdict(lambda: Kept([], []))
    for call in calls:
        found[_number(call.caller)].calls.append(call)
    for message in messages:
        found[_number(message.caller)].messages.append(message)
    return found


def _number(caller: Caller) -> str:
    """Empty for those who give none, as the thieves of a run."""
    return caller.number or "" if caller.kind is NumberKind.E164 else ""


async def _one(world: World, account: Account, kept: Kept, troubles: Troubles, findings: Findings) -> None:
    name = f"{account.plan} call {account.number[-5:]} ({', '.join(c.outcome for c in kept.calls)})"
    killed = [t for t in world.asterisk_killed if account.dialled_at <= t <= account.ended_at]
    findings.hit += bool(killed and account.answered_at)
    findings.outcomes.update(call.outcome for call in kept.calls)
    if account.answered_at is None:
        findings.unanswered += 1
        if not _meets(account, troubles.down):
            findings.note("I7", f"{name} was not answered though Asterisk was there (status {account.status})")
        return
    if any(call.ended_at is None for call in kept.calls):
        findings.note("I1", f"{name} has no end in the log")
    if len(kept.calls) != 1:
        findings.note("I1" if not kept.calls else "I2", f"{name} has {len(kept.calls)} rows in the log")
    if account.tone_at is None and not killed and (account.by_server or account.plan != EARLY):
        findings.note("I1", f"{name} {'was cut before' if account.by_server else 'never heard'} the tone")
    findings.messages += len(kept.messages)
    if account.tone_at is not None:
        parts = [await _part(world, account, message, findings, name) for message in kept.messages]
        heard = sorted((part for part in parts if part is not None), key=lambda part: part.first)
        findings.met_disk += (met := _meets(account, troubles.disk))
        _voice(account, heard, killed[0] if killed else None, findings, f"{name}{_DISK if met else ''}")


def _meets(account: Account, spans: list[Span]) -> bool:
    return any(a <= account.ended_at and account.dialled_at <= b for a, b in spans)


def _voice(account: Account, heard: list[Found], killed: float | None, findings: Findings, name: str) -> None:
    """Whether all that was said is in the parts of the message, and nothing of it twice.

    A kill of Asterisk, and a disk that takes nothing, may cost a buffer.
    """
    buffer = TAIL_SECONDS if killed or name.endswith(_DISK) else 0.0
    for one, other in pairwise(heard):
        if other.first <= one.last:
            findings.note("I2", f"{name} has packets {other.first} to {one.last} twice")
    at = bisect_left(account.sent_at, killed) if killed else account.sent
    allowed = ALLOWED_SECONDS + buffer
    missing = (at - 1 - heard[-1].last if heard else at - account.tone_packet) * PACKET_SECONDS
    if missing > allowed and (heard or account.spoke > allowed):
        findings.note("I3" if heard else "I1", f"{name} lacks the last {missing:.2f} s of {account.spoke:.2f} s")
    if buffer and heard:
        (findings.tails if killed else findings.tails_of_disk).append(max(0.0, missing))
    late = (heard[0].first - account.tone_packet) * PACKET_SECONDS if heard else 0.0
    if late > LATE_SECONDS + buffer and len(heard) < 2:
        findings.note("I3", f"{name} lacks the first {late:.2f} s")
    findings.torn += sum(part.jumps > 0 or part.strange > 2 for part in heard)


async def _part(world: World, account: Account, message: MessageRecord, findings: Findings, name: str) -> Found | None:
    """What is in one message, read as the practice's people get it."""
    file = world.practice.data.parent / EXPORTED
    file.unlink(missing_ok=True)
    answer = await secondline("voicemail", "export", str(message.id), str(file), *world.files)
    if answer.status:
        findings.note("I1", f"{name} has a message that cannot be exported")
        return None
    data = await asyncio.to_thread(file.read_bytes)
    pcm = _samples(data)
    if pcm is None:
        findings.note("I3", f"{name} has a recording whose header was not repaired")
        return None
    return await asyncio.to_thread(found_in, account.number, account.sent, pcm)


def _samples(data: bytes) -> bytes | None:
    """The samples of a WAV whose header says how long it is; None where it does not."""
    try:
        with wave.open(io.BytesIO(data)) as wav:
            pcm = wav.readframes(wav.getnframes())
    except (wave.Error, EOFError):
        return None
    return pcm if len(pcm) + 44 == len(data) else None


def _left_over(world: World, unknown: Kept, findings: Findings) -> None:
    """Nothing may be left in the spool, and nothing put aside."""
    for folder in (world.layout.spool, world.layout.spare):
        left = [path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."]
        for path in left:
            findings.note("I1", f"{path.parent.name}/{_kind(path)} was never taken in")
    for message in unknown.messages:
        findings.note("I1", f"message {message.id} has lost its caller")


def _kind(path: Path) -> str:
    return path.suffix


def told_of(world: World) -> dict[str, set[str]]:
    """The ids of the notices that the practice's program took, by message."""
    found: dict[str, set[str]] = defaultdict(set)
    for body, id_ in zip(world.hook.taken, world.hook.ids, strict=True):
        if "message" in (data := json.loads(body)["data"]):
            found[data["message"]].add(id_)
    return found


def _told(world: World, findings: Findings, messages: set[str]) -> None:
    """Each message is told of; a notice that is taken twice has the same id, so that the program can tell."""
    told = told_of(world)
    findings.untold = len(messages - set(told))
    if findings.untold:
        findings.note("I2", f"{findings.untold} messages were told to nobody")
    twice = [message for message in messages if len(told.get(message, ())) > 1]
    if twice:
        findings.note("I2", f"{len(twice)} messages were told under two ids")
    if world.hook.forged:
        findings.note("I4", f"{world.hook.forged} requests to the program were not signed")
