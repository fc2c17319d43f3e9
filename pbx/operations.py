"""What an operator asks of the running server: its state, its figures, and to take a changed file."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pbx import __version__
from pbx.ami.client import AmiClient
from pbx.ami.errors import AmiError
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.render import Machine, render
from pbx.asterisk.secrets import Secrets
from pbx.auditing.trail import AuditTrail
from pbx.backup.record import read_record
from pbx.calendars import Calendars
from pbx.certificates import Certificates
from pbx.config.load import ConfigProblems, Practice, load
from pbx.config.settings import Settings
from pbx.disk import DiskWatch, disk_json
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy
from pbx.door import Door
from pbx.mailboxes import Mailboxes
from pbx.output import override_json
from pbx.prompts import make_prompts
from pbx.services.health import Health
from pbx.services.heartbeat import Heartbeat
from pbx.services.known import Known
from pbx.services.oncall import RotaWatch
from pbx.services.pins import Pins
from pbx.services.placing import NotPlaced, Placing
from pbx.services.ports import PlacerDown, StoreUnavailable
from pbx.settings_notes import SettingsNotes
from pbx.store.jobs import TranscriptionQueue
from pbx.store.outbox import PgOutbox
from pbx.store.text_outbox import PgTextOutbox
from pbx.web.metrics import Metrics
from voicemail.greetings import GreetingProblem

log = logging.getLogger(__name__)

Json = dict[str, Any]

ONLY_AT_START = ("web", "database_url", "database_owner_url", "recognizer", "network", "keys", "texts_web")
"""Settings that a running server does not change; a reload says so."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The running parts that the operator's questions are about."""

    asterisk: AsteriskProcess
    ami: AmiClient
    queue: TranscriptionQueue
    health: Health
    metrics: Metrics
    calendars: Calendars
    known: Known
    pins: Pins
    mailboxes: Mailboxes
    outbox: PgOutbox
    trail: AuditTrail
    notes: SettingsNotes
    placing: Placing
    certificates: Certificates
    door: Door
    text_outbox: PgTextOutbox
    heartbeat: Heartbeat


class ServerOperations:
    """Holds the practice in force. Implements `pbx.web.server.Operations`."""

    def __init__(self, config: Path, practice: Practice, machine: Machine, parts: Parts) -> None:
        self._config = config
        self._practice = practice
        self._machine = machine
        self._parts = parts
        self._in_force = parts.calendars.applied_to(practice.policy)
        self._started = datetime.now(UTC)
        self._one_reload = asyncio.Lock()
        self._disk_watch = DiskWatch()
        self.notes = parts.notes
        self.rota_watch = RotaWatch(lambda: self.policy, lambda: self.facts)

    @property
    def policy(self) -> Policy:
        """The policy in force, with its calendars."""
        return self._in_force

    @property
    def settings(self) -> Settings:
        """What the file in force says about the machine."""
        return self._practice.settings

    @property
    def facts(self) -> Facts:
        """What decides besides the file, as it is known now."""
        return self._parts.known.facts

    def take_calendars(self) -> None:
        """Let new calls follow what the calendars say now."""
        self._in_force = self._parts.calendars.applied_to(self._practice.policy)

    @property
    def ready(self) -> bool:
        return self._parts.health.ready

    @property
    def disk_problem(self) -> str | None:
        """What is wrong with the room for recordings, in a sentence."""
        return self._disk_watch.problem

    @property
    def degraded(self) -> list[Json]:
        """What does not work: since when, what callers notice, what to do."""
        return [
            {**asdict(trouble), "since": trouble.since.isoformat(timespec="seconds")}
            for trouble in self._parts.health.troubles
        ]

    @property
    def parts_working(self) -> dict[str, bool]:
        return {part.value: condition.ok for part, condition in self._parts.health.parts.items()}

    async def status(self) -> Json:
        """The whole state; `phones` and `live_calls` are null where Asterisk cannot be asked.

        `left_out` are phones that calls do not wait for now.
        """
        return {
            "ready": self.ready,
            "running": True,
            "version": __version__,
            "started_at": self._started.isoformat(timespec="seconds"),
            "components": {
                part.value: {"ok": c.ok, "detail": c.detail, "since": c.since.isoformat(timespec="seconds")}
                for part, c in self._parts.health.parts.items()
            },
            "degraded": self.degraded,
            "calendars": {
                id_: {"ok": c.ok, "detail": c.detail, "since": c.since.isoformat(timespec="seconds")}
                for id_, c in self._parts.calendars.states.items()
            },
            "phones": await self._phones(),
            "certificate": self._parts.certificates.state(datetime.now(UTC)),
            "door": self._parts.door.state(datetime.now(UTC)),
            "left_out": sorted(self._parts.known.phones.unregistered),
            "live_calls": await self._live_calls(),
            "queue": {"transcription": await self._queue_depth()},
            "notices": await self._notices(),
            "texts": await self._texts(),
            "disk": disk_json(self._machine.layout),
            "mailboxes": await self._parts.mailboxes.state(self.settings.keeping),
            "audio": self._parts.mailboxes.audio(),
            "asterisk_restarts": self._parts.asterisk.restarts,
            "oncall": self._on_call(),
            "overrides": self._overrides(),
            "audit": self._parts.trail.state.as_json(),
            "backup": read_record(self._machine.layout.backups).as_json(datetime.now(UTC)),
            "practice": {"file": str(self._config), "version": self.policy.version},
        }

    async def refresh_gauges(self) -> None:
        """Bring the gauges up to date; what cannot be asked now keeps its last value."""
        metrics = self._parts.metrics
        for part, condition in self._parts.health.parts.items():
            metrics.part_up.labels(part.value).set(condition.ok)
        metrics.asterisk_restarts.set(self._parts.asterisk.restarts)
        if (made := read_record(self._machine.layout.backups).made_at) is not None:
            metrics.backup_made.set(made.timestamp())
        if certificate := self._parts.certificates.shown(datetime.now(UTC)):
            metrics.certificate_ends.set(certificate.facts.expires_at.timestamp())
        door = self._parts.door.state(datetime.now(UTC))
        metrics.banned.set(len(door["banned"]))
        metrics.sign_ins_failed.set(door["failures"])
        metrics.disk_free.set(self._disk_watch.look(self._machine.layout))
        phones = await self._phones()
        metrics.phones.set(sum(registered is True for registered in phones.values()))
        backlogs = await self._notices()
        if backlogs is not None:
            waiting = {backlog["channel"]: backlog["waiting"] for backlog in backlogs}
            for channel in self.policy.channels:
                metrics.notices.labels(channel).set(waiting.get(channel, 0))
        texts = await self._texts()
        for gauge, value in (
            (metrics.texts, texts["waiting"] if texts else None),
            (metrics.live_calls, await self._live_calls()),
            (metrics.queue, await self._queue_depth()),
        ):
            if value is not None:
                gauge.set(value)

    def metrics(self) -> bytes:
        return self._parts.metrics.text()

    async def reload(self) -> Json:
        """Take the practice's file anew. A file with a problem changes nothing; calls in progress go on as decided."""
        async with self._one_reload:
            try:
                fresh = await asyncio.to_thread(load, self._config)
                prompts = await make_prompts(fresh.policy, self._machine.layout)
            except ConfigProblems as error:
                return await self._refused([str(problem) for problem in error.problems])
            except (GreetingProblem, OSError) as error:
                return await self._refused([str(error)])
            taken = await self._take(fresh, prompts)
            await self.notes.reloaded(fresh.policy.version)
            return taken

    async def _refused(self, problems: list[str]) -> Json:
        await self.notes.refused(len(problems))
        return {"ok": False, "problems": problems, "changed": []}

    async def _take(self, fresh: Practice, prompts: tuple[str, ...]) -> Json:
        before, self._practice = self._practice, fresh
        await self._parts.calendars.follow(fresh.calendars, datetime.now(UTC))
        self.take_calendars()
        self._machine = _with_secrets_for(self._machine, fresh.policy)
        changed = [f"greeting {name} made anew" for name in prompts]
        new_certificate = await self._parts.certificates.refresh()
        if new_certificate:
            changed.append("phones are shown a new certificate")
        if render(fresh.policy, fresh.settings, self._machine) or new_certificate:
            await self._parts.asterisk.reload()
            changed.append("Asterisk took its new files")
        if before.policy.version != fresh.policy.version:
            changed.append("new calls follow the new file")
        changed += _needs_restart(before.settings, fresh.settings)
        log.info("the practice's file was taken anew (version %s)", fresh.policy.version[:12])
        return {"ok": True, "problems": [str(w) for w in fresh.warnings], "changed": changed}

    async def take_swaps(self) -> Json:
        """Take changed swaps at once. `ok` is false while the database is away: then they are taken when it is back."""
        try:
            if await self._parts.known.swaps.refresh():
                log.info("the swaps on the rotas changed")
        except StoreUnavailable:
            return {"ok": False}
        return {"ok": True}

    async def take_pins(self) -> Json:
        """Take changed PINs at once. `ok` is false while the database is away: then they are taken when it is back."""
        try:
            await self._parts.pins.refresh()
        except StoreUnavailable:
            return {"ok": False}
        return {"ok": True}

    async def place_call(self, wanted: Json) -> Json:
        """Ring `person`, then call `number`, showing `show` where it is not null; `by` answers for it."""
        try:
            said = await self._parts.placing.place(
                str(wanted["person"]), str(wanted["number"]), str(wanted["by"]), wanted.get("show")
            )
        except NotPlaced as refused:
            return {"ok": False, "said": str(refused)}
        except StoreUnavailable:
            return {"ok": False, "said": "The database is away, so nothing was called: try again later."}
        except PlacerDown:
            doubt = "The telephone system gave no answer: see whether a phone rings before you ask again."
            return {"ok": False, "said": doubt}
        return {"ok": True, "said": " ".join(said.why)}

    async def lift_ban(self, address: str) -> Json:
        """Let an address in again from which secrets were guessed. `ok` is false when it is not banned."""
        return {"ok": await self._parts.door.lift(address)}

    async def take_overrides(self) -> Json:
        """Take changed overrides at once. `ok` is false while the database is away, as with swaps."""
        try:
            if await self._parts.known.overrides.refresh():
                log.info("the overrides changed")
        except StoreUnavailable:
            return {"ok": False}
        return {"ok": True}

    async def beat(self, number: str | None) -> Json:
        """Call `number` (E.164), or the one whose turn it is, and listen to its greeting."""
        wanted = number or self._parts.heartbeat.next_number()
        if wanted not in self.policy.numbers:
            return {"ok": False, "number": wanted, "problem": "the practice's file has no such number"}
        problem = await self._parts.heartbeat.beat(wanted, again=False)
        return {"ok": problem is None, "number": wanted, "problem": problem}

    def _overrides(self) -> list[Json]:
        known = self._parts.known.overrides
        return [override_json(self.policy, one) for one in known.at(datetime.now(UTC))]

    def _on_call(self) -> Json:
        now = datetime.now(UTC)
        ahead = self.rota_watch.ahead(now)
        found = {}
        for name, rota in self.policy.rotas.items():
            state = rota.on_call(now, self._parts.known.swaps.held)
            lacks = [{"what": gap.what, "start": gap.start.isoformat()} for gap in ahead if gap.rota == name]
            until = state.until.isoformat() if state.until else None
            found[name] = {"people": list(state.people), "until": until, "lacks": lacks}
        return found

    async def _phones(self) -> dict[str, bool | None]:
        names = [phone.name for phone in self.policy.phones]
        try:
            found = await self._parts.ami.registered_phones(names)
        except AmiError:
            self._parts.known.phones.lost()
            return dict.fromkeys(names)
        self._parts.known.phones.heard(found)
        return dict(found)

    async def _live_calls(self) -> int | None:
        try:
            return len(await self._parts.ami.live_calls())
        except AmiError:
            return None

    async def _notices(self) -> list[Json] | None:
        try:
            found = await self._parts.outbox.backlogs()
        except StoreUnavailable:
            return None
        return [{"channel": b.channel, "waiting": b.waiting, "failed": b.failed, "failure": b.failure} for b in found]

    async def _texts(self) -> dict[str, int] | None:
        """How many texts wait to be sent, and how many failed within a week; null while the database is away."""
        try:
            return dict(await self._parts.text_outbox.waiting())
        except StoreUnavailable:
            return None

    async def _queue_depth(self) -> int | None:
        try:
            return await self._parts.queue.depth()
        except StoreUnavailable:
            return None


def _with_secrets_for(machine: Machine, policy: Policy) -> Machine:
    secrets = Secrets.load_or_create(machine.layout, [phone.name for phone in policy.phones])
    return Machine(machine.layout, secrets, machine.ports, machine.program)


def _needs_restart(before: Settings, after: Settings) -> list[str]:
    changed = [name for name in ONLY_AT_START if getattr(before, name) != getattr(after, name)]
    return [f"[{name}] changed: it is taken in when the server is started again" for name in changed]
