"""A rendered, running PBX for the tests: about a second to start, on ports and in folders of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pbx.asterisk.certificate import refresh
from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import Ports, free_for_both, free_port
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.programs import Program, find_asterisk
from pbx.asterisk.render import Machine, render
from pbx.asterisk.secrets import Secrets
from pbx.config.settings import Allowance, Network, PhoneException, PhoneSecurity, Settings, Transport, Trunk
from pbx.demo.hearing import samples, seconds_of_sound, seconds_of_tone
from pbx.demo.softphone import SipServer
from pbx.demo.speech import RATE, tone
from pbx.domain.actions import Ring, Voicemail
from pbx.domain.policy import Greeting, Number, Phone, Policy
from pbx.domain.schedule import Schedule
from tests.kit.clock import Clock
from tests.kit.network import TRUNK, until

DID = "+17175550100"
NIGHT_DID = "+17175550111"
PATIENT = "+12155550123"
DESK = "rictor-desk"
SHELF = "garcia-desk"

EMERGENCY_TONE, DEFAULT_TONE, CLOSED_TONE, THANKS_TONE = 1000.0, 1300.0, 1600.0, 1900.0
MAIN_MENU_TONE, REFILLS_MENU_TONE, AGAIN_TONE = 2200.0, 2500.0, 2800.0
TRY_AGAIN_TONE = 3100.0
MUSIC_TONE = 520.0
OFFER_TONE, TAKEN_TONE, GONE_TONE, LATE_TONE = 700.0, 2000.0, 2350.0, 2650.0
OUT_CLOSED_TONE, OUT_REFUSED_TONE = 850.0, 1150.0
NO_911_TONE, INBOUND_ONLY_TONE = 1450.0, 1750.0
SPANISH_MENU_TONE, SPANISH_CLOSED_TONE = 3250.0, 3400.0
WHOM_TONE, NOBODY_TONE = 600.0, 3550.0
PROMPTS = {
    "emergency": EMERGENCY_TONE,
    "default": DEFAULT_TONE,
    "after-hours": CLOSED_TONE,
    "thanks": THANKS_TONE,
    "menu-main": MAIN_MENU_TONE,
    "menu-refills": REFILLS_MENU_TONE,
    "menu-again": AGAIN_TONE,
    "try-again": TRY_AGAIN_TONE,
    "leg-offer": OFFER_TONE,
    "leg-taken": TAKEN_TONE,
    "leg-gone": GONE_TONE,
    "leg-late": LATE_TONE,
    "waiting-music": MUSIC_TONE,
    "out-controller-away": OUT_CLOSED_TONE,
    "out-no-emergency": NO_911_TONE,
    "out-inbound-only": INBOUND_ONLY_TONE,
    "out-premium-number": OUT_REFUSED_TONE,
    "moving-whom": WHOM_TONE,
    "moving-nobody": NOBODY_TONE,
    "menu-main--es": SPANISH_MENU_TONE,
    "after-hours--es": SPANISH_CLOSED_TONE,
}
"""Every prompt is a tone of its own, so that a patient's ears can tell them apart."""

PROMPT_SECONDS = 0.5

IN_THE_CLEAR = PhoneSecurity(
    (
        PhoneException(Allowance.MD5_ONLY, (), "the phones of these tests are written for it"),
        PhoneException(Allowance.UDP, (), "what they send is read"),
    )
)
BARESIPS_DIGEST = PhoneSecurity((PhoneException(Allowance.MD5_ONLY, (), "baresip gives up at SHA-256"),))
"""The client of these tests knows TLS and SRTP, and no digest but MD5."""

LOST_AT_MOST = 0.3
"""Seconds of a message that may be missing: what was said while the beep still rang in the patient's ear."""

OBSERVER = "observer"
OBSERVER_SECRET = "sees-everything"
_OBSERVER_CONF = f"\n[{OBSERVER}]\nsecret = {OBSERVER_SECRET}\nread = all\nwrite = reporting\n"


def a_practice(*, ring_seconds: int = 10) -> Policy:
    """Dr. Rictor's line rings two desks, then takes a message; the night line takes one at once."""
    voicemail = Voicemail("rictor")
    closed = (Voicemail("rictor", "after-hours"),)
    numbers = (
        Number(DID, "Dr. Rictor", None, (Ring("rictor", (DESK, SHELF), ring_seconds), voicemail), closed),
        Number(NIGHT_DID, "Night line", Schedule("night", "America/New_York", {}), (voicemail,), closed),
    )
    return Policy(
        version="0" * 64,
        practice="Scotland Family Medicine",
        country="US",
        timezone="America/New_York",
        emergency_sentence="If this is an emergency, hang up and dial 911.",
        numbers={number.e164: number for number in numbers},
        phones=(Phone(DESK, "rictor", "Dr. Rictor"), Phone(SHELF, "garcia", "Dr. Garcia")),
        greetings={"after-hours": Greeting("after-hours", text="We are closed.")},
        mailboxes={"rictor": "Dr. Rictor"},
        max_message_seconds=60,
    )


@dataclass(frozen=True)
class Spooled:
    """What the PBX wrote about one call. `start` and `end` are the fields of the sidecars."""

    call: UUID
    start: list[str]
    end: list[str]
    recordings: tuple[Path, ...]

    @property
    def stage(self) -> str:
        return self.end[2]

    @property
    def safe(self) -> bool:
        return self.end[6] == "1"


@dataclass(frozen=True)
class Pbx:
    """A PBX with its practice; `process` is its Asterisk."""

    policy: Policy
    settings: Settings
    machine: Machine
    process: AsteriskProcess

    @property
    def layout(self) -> Layout:
        return self.machine.layout

    @property
    def server(self) -> SipServer:
        network = self.settings.network
        return SipServer(network.bind, network.port, network.tls_port, self.layout.tls_authority_certificate)

    @property
    def agi_port(self) -> int:
        return self.machine.ports.agi

    def calls(self) -> list[UUID]:
        """The calls that have begun, oldest first."""
        found = [p for folder in (self.layout.spool, self.layout.spare) for p in folder.glob("*.call")]
        return list(dict.fromkeys(UUID(p.stem) for p in sorted(found, key=lambda p: p.read_text())))

    async def next_ended(self, known: set[UUID], within: float = 10.0) -> Spooled:
        """The first call that is not in `known` and has ended."""

        def ended() -> list[UUID]:
            return [c for c in self.calls() if c not in known and any(p.stat().st_size for p in self._files(c, ".end"))]

        await until(lambda: bool(ended()), within, "the end sidecar of a call")
        return self.spooled(ended()[0])

    def spooled(self, call: UUID) -> Spooled:
        """What was written about `call`, which has ended."""
        start, end = (self._files(call, ending) for ending in (".call", ".end"))
        assert len({path.read_text() for path in start}) == len(end) == 1, "the spare folder has the same beginning"
        recordings = tuple(sorted(self._files(call, "-*.wav")))
        return Spooled(call, start[0].read_text().split("|"), end[0].read_text().split("|"), recordings)

    async def channels(self) -> int:
        """How many channels there are."""
        lines = (await self.process.console.run("core show channels concise") or "").splitlines()
        return sum("!" in line for line in lines)

    async def is_quiet(self, within: float = 5.0) -> None:
        """Wait until no channel is left."""
        async with asyncio.timeout(within):
            while await self.channels():
                await asyncio.sleep(0.05)

    def _files(self, call: UUID, ending: str) -> list[Path]:
        return [p for folder in (self.layout.spool, self.layout.spare) for p in folder.glob(f"{call}{ending}")]


def prepared(
    data: Path,
    policy: Policy,
    *,
    carrier_port: int = 5060,
    security: PhoneSecurity = BARESIPS_DIGEST,
    clock: Clock | None = None,
) -> Pbx:
    """A PBX whose files and prompts are in `data`, not yet started; its time of day is `clock`'s."""
    layout = Layout(data)
    layout.make()
    secrets = Secrets.load_or_create(layout, [phone.name for phone in policy.phones])
    first = free_port("127.0.0.1", socket.SOCK_DGRAM) // 200 * 200
    network = Network(
        "127.0.0.1",
        port := free_for_both(),
        rtp_first=max(first, 10000),
        rtp_last=max(first, 10000) + 199,
        tls_port=free_tls_port(port),
    )
    trunk = Trunk(TRUNK, carrier_port, Transport.UDP, (TRUNK,))
    settings = Settings(data / "practice.toml", trunk, network, phone_security=security)
    refresh(layout, network, security, datetime.now(UTC))
    machine = Machine(layout, secrets, Ports.load_or_choose(layout), _asterisk(clock))
    render(policy, settings, machine)
    asyncio.run(_make_prompts(layout))
    return Pbx(policy, settings, machine, AsteriskProcess(layout, machine.program, network))


def _asterisk(clock: Clock | None) -> Program:
    found = find_asterisk()
    return replace(found, env={**found.env, **clock.env()}) if clock else found


@contextmanager
def running(
    data: Path,
    policy: Policy,
    *,
    observed: bool = False,
    security: PhoneSecurity = BARESIPS_DIGEST,
    clock: Clock | None = None,
) -> Iterator[Pbx]:
    """A PBX that takes calls, until the end of the block."""
    pbx = prepared(data, policy, security=security, clock=clock)
    if observed:
        with (pbx.layout.etc / "manager.conf").open("a") as conf:
            conf.write(_OBSERVER_CONF)
    asyncio.run(_start(pbx))
    try:
        yield pbx
    finally:
        asyncio.run(pbx.process.stop(0))


def seconds_recorded(wav: Path) -> float:
    """The length of a recording, counted from its samples."""
    return len(samples(wav)) / RATE


def is_whole(recording: Path, seconds: float, hertz: float) -> bool:
    """Whether `recording` holds `seconds` of the tone that the patient spoke.

    A busy machine's packets come late and leave clicks in the tone, so only half of it has to be pure.
    """
    pure, sound = seconds_of_tone(recording, hertz), seconds_of_sound(recording)
    return sound >= seconds - LOST_AT_MOST and pure >= seconds / 2


async def _start(pbx: Pbx) -> None:
    await pbx.process.start()


async def _make_prompts(layout: Layout) -> None:
    for name, hertz in PROMPTS.items():
        await tone(hertz, PROMPT_SECONDS, layout.greetings / f"{name}.wav")


def free_tls_port(sip_port: int) -> int:
    """A port that is free for TCP, and stays so when SIP takes its own."""
    while (port := free_port()) == sip_port:
        pass
    return port
