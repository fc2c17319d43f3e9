"""One run: so many calls, so many kills, one seed; then the account of everything."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pbx.demo.practice import DAY_LINE, EVENING_LINE
from tests.torture.accounts import Troubles, reconcile
from tests.torture.audited import verify
from tests.torture.caller import Account, Caller
from tests.torture.faults import KINDS, Kind
from tests.torture.findings import Findings
from tests.torture.plain import leaks
from tests.torture.settling import settled
from tests.torture.thieves import Thieves
from tests.torture.world import World, world

SERVED_WITHIN = 5.0

ASTERISK = "asterisk killed"
ASTERISK_ALONE = "asterisk killed while there was no controller"
GREETING_WITHIN = 3.5
LONGEST_PROBE_SECONDS = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for. `pause` are the seconds from the end of a fault to the next, at least and at most."""

    calls: int
    kills: int
    seed: int
    at_once: int = 6
    pause: tuple[float, float] = (0.2, 4.0)
    kinds: tuple[Kind, ...] = KINDS
    disk: bool = True


@dataclass
class Record:
    """What happened."""

    accounts: list[Account] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    served: list[tuple[str, float]] = field(default_factory=list)
    troubles: Troubles = field(default_factory=Troubles)
    settled_s: float = 0.0

    def longest_after(self) -> dict[str, float]:
        """By fault, the longest time in seconds until a call was answered."""
        longest: dict[str, float] = {}
        for name, seconds in sorted(self.served):
            longest[name] = max(longest.get(name, 0.0), round(seconds, 2))
        return longest


class Run:
    """Calls, faults and thieves side by side until there were enough calls and kills, and each fault once."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan = plan
        self.record = Record()
        self._world = world
        self._numbers = itertools.count(1)
        self._used: list[str] = []
        self._enough = asyncio.Event()
        self._began = time.monotonic()
        self._thieves = Thieves(world, plan.seed)

    async def go(self) -> Findings:
        """Drive it, let everything settle, and hold it to account."""
        async with asyncio.TaskGroup() as thieves:
            thieves.create_task(self._thieves.run())
            async with asyncio.TaskGroup() as group:
                group.create_task(self._break_things())
                for n in range(self.plan.at_once):
                    group.create_task(self._callers(n))
            self._thieves.stop()
        self.record.settled_s = await settled(self._world)
        return await self._account()

    async def _account(self) -> Findings:
        log.info("settled after %.0f s; now every call is accounted for", self.record.settled_s)
        findings = await reconcile(self._world, self.record.accounts, self.record.troubles)
        for text in await leaks(self._world, self._used):
            findings.note("I4", text)
        for text in await self._thieves.settle_up():
            findings.note("I6", text)
        await verify(self._world, findings)
        self._judge_times(findings)
        return findings

    async def _callers(self, place: int) -> None:
        luck = random.Random(f"{self.plan.seed}/caller/{place}")
        while len(self.record.accounts) < self.plan.calls or not self._enough.is_set():
            dialled = luck.choice([EVENING_LINE, EVENING_LINE, DAY_LINE])
            caller = Caller(self._world.practice.sip, self._number(), dialled, luck, luck.uniform(0.5, 5.0))
            self.record.accounts.append(await caller.call(luck.random() < 0.15))
            await asyncio.sleep(luck.uniform(0.0, 0.5))

    def _number(self) -> str:
        self._used.append(f"+1215{next(self._numbers) + 2_000_000:07d}")
        return self._used[-1]

    async def _break_things(self) -> None:
        luck = random.Random(f"{self.plan.seed}/faults")
        for kind in in_order(self.plan.kinds, luck):
            if not await self._break(kind, luck):
                await self._break(kind, luck)
        weights = [kind.weight for kind in self.plan.kinds]
        while self.record.kills < self.plan.kills:
            [kind] = luck.choices(self.plan.kinds, weights)
            await self._break(kind, luck)
        self._enough.set()

    async def _break(self, kind: Kind, luck: random.Random) -> bool:
        """One fault, and the next call after it; whether there was anything to break."""
        await asyncio.sleep(luck.uniform(*self.plan.pause))
        began, name = asyncio.get_running_loop().time(), kind.name
        if kind.name == ASTERISK and not await self._world.server.is_alive():
            name = ASTERISK_ALONE
        if not await kind.fault(self._world, luck):
            return False
        self.record.faults[name] += 1
        self.record.kills += kind.is_kill
        served = await self._next_is_served(luck)
        self.record.served.append((name, served))
        span = (began, asyncio.get_running_loop().time())
        if kind.name == ASTERISK:
            self.record.troubles.down.append(span)
        elif kind.name.startswith("spool"):
            self.record.troubles.disk.append(span)
        self._tell(name, served)
        return True

    def _tell(self, name: str, served: float) -> None:
        log.info(
            "seed %d, %.0f s: %d of %d kills, %d of %d calls; %s, the next call was answered after %.1f s",
            *(self.plan.seed, time.monotonic() - self._began),
            *(self.record.kills, self.plan.kills, len(self.record.accounts), self.plan.calls, name, served),
        )

    async def _next_is_served(self, luck: random.Random) -> float:
        """Seconds from now until a call is answered."""
        began = asyncio.get_running_loop().time()
        while True:
            caller = Caller(self._world.practice.sip, self._number(), EVENING_LINE, luck, 0.0)
            account = await caller.call(early=True, within=LONGEST_PROBE_SECONDS, longest_pause=0.25)
            if account.answered_at is not None:
                self.record.accounts.append(account)
                return account.answered_at - began
            if account.ended_at - began >= LONGEST_PROBE_SECONDS:
                return account.ended_at - began

    def _judge_times(self, findings: Findings) -> None:
        for name, seconds in self.record.served:
            if seconds > SERVED_WITHIN:
                findings.note("I7", f"after {name} the next call was answered {seconds:.1f} s later")
        late = self.greetings()
        if late and percentile(late, 0.99) > GREETING_WITHIN:
            findings.note("I7", f"the greeting began after {percentile(late, 0.99):.2f} s at the 99th percentile")

    def greetings(self) -> list[float]:
        """From the INVITE to the first sound, of the calls that Asterisk was there for; a closed line's alone."""
        return sorted(
            account.heard_at - account.dialled_at
            for account in self.record.accounts
            if account.heard_at is not None
            and account.dialled == EVENING_LINE
            and not any(a <= account.heard_at and account.dialled_at <= b for a, b in self.record.troubles.down)
        )

    def report(self, findings: Findings, seconds: float) -> dict[str, Any]:
        """The figures of this run."""
        record, late = self.record, self.greetings()
        answered = sum(account.answered_at is not None for account in record.accounts)
        spoken = sum(account.tone_at is not None for account in record.accounts)
        return {
            "seed": self.plan.seed,
            "calls": len(record.accounts),
            "answered": answered,
            "heard_the_tone": spoken,
            "kills": record.kills,
            "faults": dict(sorted(record.faults.items())),
            "disk_faults": "on a disk of its own" if self._world.has_disk else "none: this account mounts no disk",
            "greeting_p50_s": round(percentile(late, 0.5), 3),
            "greeting_p99_s": round(percentile(late, 0.99), 3),
            "greeting_max_s": round(max(late, default=0.0), 3),
            "next_call_served_s": record.longest_after(),
            "events_tampered_with": dict(sorted(self._world.wire.met.items())),
            "attempts_of_thieves": dict(sorted(self._thieves.tries.items())),
            "settled_s": round(record.settled_s, 1),
            "seconds": round(seconds, 1),
            **findings.as_json(),
        }


def in_order(kinds: Sequence[Kind], luck: random.Random) -> list[Kind]:
    """Each once, in the order that luck gives."""
    return luck.sample(kinds, len(kinds))


def percentile(ordered: list[float], share: float) -> float:
    """Of values in order; 0 where there are none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def torture(plan: Plan, folder: Path) -> dict[str, Any]:
    """A whole run in `folder`; its report."""
    began = time.monotonic()
    async with world(folder, disk=plan.disk) as made:
        run = Run(plan, made)
        findings = await run.go()
        return run.report(findings, time.monotonic() - began)
