"""Who tries all the while to call out at the practice's expense: strangers, the carrier's own address, a stolen phone.

The practice itself calls nobody during a run, so whatever arrives at the carrier was stolen. A call of the practice's
at the end shows that a call out would have arrived.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field

import psutil

from pbx.asterisk.ports import is_free
from pbx.demo.practice import EVENING_LINE, PHONE
from tests.kit.carrier import ANSWER
from tests.kit.network import TRUNK, Request, raw_caller
from tests.kit.raw_phone import RawPhone, raw_phone
from tests.torture.world import World

ALLOWED = "+12155550123"
COSTLY = (
    "19005551234", "+19005551234", "19765551234", "15005551234", "18765551234", "18095551234", "12645551234",
    "011882161234567", "011979123456789", "0114490987900", "+442079460958", "+2524000000", "+53530000000", "411",
    "1010288", "10102881900555123", "*8119005551234", "+12155550123&PJSIP%2F19005551234%40_trunk", "o-0-30-19005551234",
)  # fmt: skip
"""Dialled by a phone whose secret was stolen: more than the practice's country, or no number at all."""

INSIDE = ("2155550123", ALLOWED, "911", "933", "*97", "*81", "*72", PHONE, "sl-out", "s", "h", "i", "T", *COSTLY)
"""Dialled by whoever is no phone of the practice's."""

ANSWER_WITHIN = 6.0
CONTROL_WITHIN = 20.0
_NOBODY = '"Anonymous" <sip:anonymous@anonymous.invalid>'


@dataclass
class Thieves:
    """`tries` counts the attempts by who made them and by how the controller was; `wrong` is what should not be."""

    world: World
    seed: int
    pause: tuple[float, float] = (0.1, 1.5)
    tries: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Try until `stop`; what is under way then is ended."""
        async with asyncio.TaskGroup() as group:
            for steal in (self._stranger, self._trunk, self._trickster, self._phone):
                group.create_task(self._steals(steal.__name__.strip("_")))

    def stop(self) -> None:
        self._over.set()

    async def _steals(self, who: str) -> None:
        luck = random.Random(f"{self.seed}/thief/{who}")
        while not self._over.is_set():
            await asyncio.sleep(luck.uniform(*self.pause))
            state = await asyncio.to_thread(controller_is, self.world)
            self.tries[f"{who}, controller {state}"] += 1
            await getattr(self, f"_{who}")(luck)

    async def _stranger(self, luck: random.Random) -> None:
        """An address that nobody knows, in the name of a phone, of the carrier, or of a patient."""
        name = luck.choice([PHONE, "_trunk", "_line", "+12155550100"])
        host = luck.choice([self.world.practice.sip.host, TRUNK])
        await self._dials(f"127.0.3.{luck.randint(1, 250)}", luck.choice(INSIDE), f"<sip:{name}@{host}>", luck)

    async def _trunk(self, luck: random.Random) -> None:
        """The carrier's address, from where every call is let in: what comes in does not go out."""
        await self._dials(TRUNK, luck.choice(INSIDE), luck.choice([f"<sip:{PHONE}@{TRUNK}>", _NOBODY]), luck)

    async def _dials(self, address: str, dialled: str, sender: str, luck: random.Random) -> None:
        server = self.world.practice.sip
        async with raw_caller(address, server) as caller:
            status = await caller.calls(
                Request(server.uri(dialled), sender, self._tricks(luck), to_header=self._to(luck)), ANSWER_WITHIN
            )
            if status == ANSWER:
                caller.hangs_up()
                self.wrong.append(f"{'the carrier' if address == TRUNK else 'a stranger'} was let in to {dialled}")

    async def _trickster(self, luck: random.Random) -> None:
        """A call to a line of the practice's, as any patient's, whose headers want it to go on from there."""
        server = self.world.practice.sip
        request = Request(server.uri(EVENING_LINE), _NOBODY, self._tricks(luck), to_header=self._to(luck))
        async with raw_caller(TRUNK, server) as caller:
            if await caller.calls(request, ANSWER_WITHIN) != ANSWER:
                caller.gives_up()
                await asyncio.sleep(0.5)
            if ANSWER in caller.statuses:
                await asyncio.sleep(luck.uniform(0.0, 0.3))
                caller.hangs_up()
                await asyncio.sleep(0.2)

    async def _phone(self, luck: random.Random) -> None:
        """A stolen secret: whoever has it may call the practice's country, and nothing that costs more."""
        async with self._a_phone() as phone:
            if await phone.dials(luck.choice(COSTLY), ANSWER_WITHIN) == ANSWER:
                await phone.sends_within("BYE", within=1.0)
                return
            phone.gives_up()
            await asyncio.sleep(0.5)
            if ANSWER in phone.statuses:
                await phone.sends_within("BYE", within=1.0)

    def _a_phone(self) -> contextlib.AbstractAsyncContextManager[RawPhone]:
        practice = self.world.practice
        return raw_phone(PHONE, practice.secret(PHONE), practice.sip)

    def _tricks(self, luck: random.Random) -> tuple[str, ...]:
        there = f"sip:19005551234@{TRUNK}:{self.world.carrier.port}"
        return luck.choice(
            [
                (),
                (f"Route: <{there};lr>",),
                (f"Diversion: <{there}>;reason=unconditional",),
                (f"Refer-To: <{there}>", f"Referred-By: <sip:{PHONE}@{self.world.practice.sip.host}>"),
                (f"P-Asserted-Identity: <sip:{PHONE}@{self.world.practice.sip.host}>", "X-Goto: sl-out,19005551234,1"),
                (f"Alert-Info: <{there}>", f"Call-Info: <{there}>;purpose=call"),
            ]
        )

    def _to(self, luck: random.Random) -> str:
        return luck.choice(["", f"<sip:19005551234@{TRUNK}:{self.world.carrier.port}>"])

    async def settle_up(self) -> list[str]:
        """What was stolen; then a call of the practice's own must arrive, or else nothing was shown. Call it once."""
        carrier = self.world.carrier
        wrong = [f"a call to {invite.user} arrived at the carrier" for invite in carrier.invites]
        stolen = len(carrier.invites)
        async with self._a_phone() as phone:
            status = await phone.dials(ALLOWED, CONTROL_WITHIN)
            if status == ANSWER:
                await phone.hangs_up()
        if [invite.user for invite in carrier.invites[stolen:]] != [ALLOWED]:
            wrong.append(f"the practice's own call out did not arrive (status {status}), so nothing is shown")
        return [*self.wrong, *wrong]


def controller_is(world: World) -> str:
    """`up`, `hung` (it was stopped) or `down` (nobody listens for Asterisk's questions)."""
    with contextlib.suppress(psutil.Error):
        if world.controller and psutil.Process(world.controller).status() == psutil.STATUS_STOPPED:
            return "hung"
    return "down" if is_free(world.port("agi")) else "up"
