"""The server at work: its loops, from the start of Asterisk to the end of the last call."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pbx.ami.client import AmiClient
from pbx.ami.errors import AmiError
from pbx.ami.events import CallEnded, EmergencyCalled, EventsLost, LinkRestored, Paged, SignInFailed, TextSpooled
from pbx.asterisk.cel import rotate
from pbx.asterisk.layout import Layout
from pbx.asterisk.plans import Plans
from pbx.asterisk.process import AsteriskProcess
from pbx.auditing.journal import FileJournal
from pbx.auditing.trail import AuditTrail
from pbx.calendars import Calendars
from pbx.certificates import Certificates
from pbx.database import DatabaseKeeper
from pbx.disk import problem_of_spool, spare_a_full_spool
from pbx.door import Door
from pbx.key_keeper import KeyKeeper
from pbx.notify.lamp import Lamps
from pbx.operations import ServerOperations
from pbx.services.alarms import Alarms
from pbx.services.call_backs import CallBacks
from pbx.services.calls_today import CallsToday
from pbx.services.emergency import EmergencyWatch
from pbx.services.health import Health, Part, Watched
from pbx.services.heartbeat import Heartbeat
from pbx.services.history import CallHistory
from pbx.services.hooks import Hooks
from pbx.services.known import Known
from pbx.services.notices import Notices
from pbx.services.oncall import RotaWatch
from pbx.services.outbound import CallsOut
from pbx.services.pins import Pins
from pbx.services.ports import StoreUnavailable
from pbx.services.reconcile import Reconcile
from pbx.services.route import DecisionRecorder
from pbx.services.text_calls import MissedCalls
from pbx.services.text_keeping import TextKeeping
from pbx.services.text_post import TextPost
from pbx.services.texting import Texts
from pbx.services.urgent import PinWatch, UrgentCalls
from pbx.store.jobs import TranscriptionQueue
from pbx.supervisor import Before
from voicemail.emergencies import EmergencyShelf
from voicemail.ingest import CallsUnknown, Ingest
from voicemail.live import LiveTranscription
from voicemail.retention import Retention
from voicemail.transcribe.recogniser import RecogniserProcess, RecognitionFailed
from voicemail.transcription import Transcription

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
RECOGNISER_LOOK_SECONDS = 15.0
RECONCILE_SECONDS = 300.0
RECONCILE_AGAIN_SECONDS = 10.0
ROTA_LOOK_SECONDS = 60.0
LAST_SCAN_SECONDS = 10.0
GAVE_UP = "The recording could not be transcribed after several attempts: listen to it."


@dataclass(slots=True)
class Signals:
    """What the outside asks of a running server."""

    stop: asyncio.Event
    hurry: asyncio.Event
    reload: asyncio.Event


@dataclass(frozen=True, slots=True)
class Running:
    """All parts, put together by `pbx.assembly`."""

    asterisk: AsteriskProcess
    certificates: Certificates
    door: Door
    ami: AmiClient
    keeper: DatabaseKeeper
    recorder: DecisionRecorder
    ingest: Ingest
    reconcile: Reconcile
    event_record: Path
    recogniser: RecogniserProcess
    queue: TranscriptionQueue
    transcription: Transcription
    head_starts: LiveTranscription
    operations: ServerOperations
    calendars: Calendars
    known: Known
    plans: Plans
    pins: Pins
    history: CallHistory
    notices: Notices
    hooks: Hooks
    alarms: Alarms
    heartbeat: Heartbeat
    before: Before | None
    lamps: Lamps
    texts: Texts
    text_post: TextPost
    missed_calls: MissedCalls
    text_keeping: TextKeeping
    rota_watch: RotaWatch
    urgent: UrgentCalls
    calls_out: CallsOut
    calls_today: CallsToday
    call_backs: CallBacks
    emergency: EmergencyWatch
    emergency_shelf: EmergencyShelf
    pin_watch: PinWatch
    retention: Retention
    trail: AuditTrail
    journal: FileJournal
    key_keeper: KeyKeeper
    health: Health
    poked: asyncio.Event
    folders: Layout
    asterisk_version: str
    engine: str

    async def serve(self, signals: Signals, drain_seconds: float, began: float) -> None:
        """Run until told to stop. `began` is the monotonic time at which the program started.

        When a loop breaks, Asterisk is left running: patients still reach the greeting, and the next start adopts it.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop) for loop in self._controller_loops()]
            adopted = await self.asterisk.start()
            log.info("Asterisk is %s", "taken over with its calls" if adopted else "up")
            async with self.ami:
                tasks += [group.create_task(loop) for loop in self._call_loops(signals)]
                tasks.append(group.create_task(self._tell_when_ready(began)))
                await signals.stop.wait()
                await self._drain(signals, drain_seconds)
                await self._take_in_the_rest()
            for task in tasks:
                task.cancel()

    def _controller_loops(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self.keeper.run(),
            self.recorder.run(),
            self.known.swaps.run(),
            self.known.overrides.run(),
            self.pins.run(),
            self.history.run(),
            self.calls_today.run(),
            self.call_backs.run(),
            self._watch_rotas(),
            self._keep_recogniser(),
            self.retention.run(),
            self.journal.run(),
            self.trail.run(lambda: self.operations.settings.audit.keep_years),
            self.text_keeping.run(),
            self.key_keeper.run(),
            self.plans.run(),
            self._raise_alarms(),
            self.calendars.run(self.operations.take_calendars),
            self.queue.run(self.transcription.transcribe_message, self._give_up, asyncio.Event()),
        ]

    def _call_loops(self, signals: Signals) -> list[Coroutine[Any, Any, None]]:
        return [
            self.asterisk.watch(),
            self.certificates.run(),
            self.door.run(),
            self._follow_calls(),
            self.ingest.run(self.poked),
            self._look_after(),
            self._reconcile_calls(),
            self.urgent.run(),
            self._reload_when_asked(signals.reload),
            self.notices.run(),
            self.hooks.run(),
            self.lamps.run(),
            self.emergency.run(),
            self.texts.run(),
            self.text_post.run(),
            self.missed_calls.run(),
            self.heartbeat.run(),
        ]

    async def _follow_calls(self) -> None:
        async for event in self.ami.events():
            match event:
                case CallEnded(call):
                    self.head_starts.over(call)
                    self.calls_out.ended(call)
                    self.poked.set()
                case LinkRestored() | EventsLost():
                    self.poked.set()
                    self.texts.poked.set()
                    await self._count_what_is_up()
                case EmergencyCalled(call, line):
                    self.emergency_shelf.hear(call, line)
                    self.emergency.poked.set()
                case SignInFailed():
                    await self.door.failed(event)
                case TextSpooled():
                    self.texts.poked.set()
                case Paged(attempt=attempt):
                    await self.urgent.over(attempt)

    async def _count_what_is_up(self) -> None:
        """Calls outside that ended while nobody listened give their lines back."""
        with contextlib.suppress(AmiError):
            self.calls_out.still_up(await self.ami.live_calls(), datetime.now(UTC))

    async def _look_after(self) -> None:
        self.health.working(Part.CONTROLLER, self._how_it_goes())
        while True:
            self._look_at_asterisk()
            self.health.watch(Watched.PLANS, self.plans.problem)
            self.health.watch(Watched.SPOOL, await asyncio.to_thread(problem_of_spool, self.folders))
            with contextlib.suppress(OSError):
                await asyncio.to_thread(spare_a_full_spool, self.folders)
            self.health.watch(Watched.DISK, self.operations.disk_problem)
            await self.operations.refresh_gauges()
            await asyncio.sleep(LOOK_SECONDS)

    def _how_it_goes(self) -> str:
        sentence = "answers the telephone system's questions"
        if self.before is None:
            return sentence
        return f"{sentence}; started again {self.before.times} times, because the one before {self.before.why}"

    async def _raise_alarms(self) -> None:
        if self.before is not None:
            with contextlib.suppress(OSError):
                await self.alarms.restarted(self.before.why, self.before.at)
        await self.alarms.run()

    def _look_at_asterisk(self) -> None:
        if self.asterisk.pid is None:
            self.health.failing(Part.ASTERISK, "does not run; it is being started again, the log says why it ended")
        elif not self.ami.connected:
            self.health.failing(Part.ASTERISK, "runs, but does not answer on its manager port; callers are served")
        else:
            self.health.working(Part.ASTERISK, f"Asterisk {self.asterisk_version}, {self.asterisk.restarts} restarts")

    async def _reconcile_calls(self) -> None:
        while True:
            pause = RECONCILE_SECONDS
            try:
                await self.reconcile.once(datetime.now(UTC))
                await asyncio.to_thread(rotate, self.event_record)
            except (StoreUnavailable, CallsUnknown):
                log.info("the event record of the calls is compared with the log later")
                pause = RECONCILE_AGAIN_SECONDS
            await asyncio.sleep(pause)

    async def _watch_rotas(self) -> None:
        while True:
            self.rota_watch.look(datetime.now(UTC))
            self.pin_watch.look()
            await asyncio.sleep(ROTA_LOOK_SECONDS)

    async def _keep_recogniser(self) -> None:
        """Load the model before the first message needs it, and again when its process died."""
        while True:
            try:
                await self.recogniser.start()
            except RecognitionFailed as error:
                self.health.failing(Part.TRANSCRIBER, f"{error} Messages are kept and wait.")
            else:
                self.health.working(Part.TRANSCRIBER, self.engine)
            await asyncio.sleep(RECOGNISER_LOOK_SECONDS)

    async def _give_up(self, message: UUID) -> None:
        await self.transcription.message_box.transcription_failed(message, GAVE_UP)

    async def _reload_when_asked(self, reload: asyncio.Event) -> None:
        while True:
            await reload.wait()
            reload.clear()
            for problem in (await self.operations.reload())["problems"]:
                log.error("%s", problem)

    async def _tell_when_ready(self, began: float) -> None:
        await self.health.became_ready.wait()
        log.info("ready after %.1f s", time.monotonic() - began)

    async def _drain(self, signals: Signals, drain_seconds: float) -> None:
        log.info("stopping: no new calls; those in progress may take up to %d s more", drain_seconds)
        stopping = asyncio.ensure_future(self.asterisk.stop(drain_seconds))
        hurrying = asyncio.ensure_future(signals.hurry.wait())
        await asyncio.wait({stopping, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        hurrying.cancel()
        if not stopping.done():
            stopping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await stopping
            await self.asterisk.stop(0)
        await asyncio.gather(stopping, return_exceptions=True)

    async def _take_in_the_rest(self) -> None:
        """What cannot be taken in now stays in the spool, and in the journal, for the next start."""
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(LAST_SCAN_SECONDS):
                await self.recorder.flush()
                await self.ingest.scan_once()
        with contextlib.suppress(StoreUnavailable, OSError):  # the time is over, or the data folder cannot be written
            async with asyncio.timeout(LAST_SCAN_SECONDS):
                await self.operations.notes.stopped()
                await self.journal.tell_all()
                await self.trail.stop()
