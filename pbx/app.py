"""The server: the only place where the parts are put together.

Order matters twice. At the start, everything that a patient's call needs (prompts, files, Asterisk) comes up whether or
not the database does. At the stop, calls in progress finish first, while the controller still answers; what they left
in the spool is taken in; then the rest goes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

from agi.codes import Codes
from agi.mailbox import Mailbox
from agi.mailbox_visit import Parts as MailboxParts
from agi.server import Talks, serve
from pbx.ami.client import AmiClient
from pbx.ami.errors import AmiError
from pbx.asterisk.cel import calls_seen
from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import LOOPBACK, Ports
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.programs import find_asterisk
from pbx.asterisk.render import Machine, render
from pbx.asterisk.running import find_running
from pbx.asterisk.secrets import Secrets
from pbx.calendars import Calendars
from pbx.config.load import Practice, load
from pbx.config.settings import Recognizer, Web
from pbx.database import DatabaseKeeper, dsn_of, embedded
from pbx.domain.call import SeenCall
from pbx.instance import only_instance
from pbx.kept import KeptFile
from pbx.metering import MeteredCallLog, MeteredRouter, MeteredTranscriber
from pbx.operations import Parts, ServerOperations
from pbx.prompts import announcer, make_prompts, private_sounds
from pbx.running import Running, Signals
from pbx.services.health import Health
from pbx.services.history import CallHistory
from pbx.services.inbox import Inbox
from pbx.services.known import Known
from pbx.services.oncall import SwapsInForce
from pbx.services.overrides import Overrides, OverridesInForce
from pbx.services.own_greetings import OwnGreetings
from pbx.services.pace import Pace, PacedCallLog
from pbx.services.phones import PhonesAtHand
from pbx.services.pins import Pins
from pbx.services.reconcile import Reconcile
from pbx.services.route import CallRouter, DecisionRecorder
from pbx.store.calls import PgCallLog, PgPastCalls
from pbx.store.database import Database
from pbx.store.inbox import PgInbox
from pbx.store.jobs import TranscriptionQueue
from pbx.store.messages import PgMessageBox
from pbx.store.overrides import PgOverrideBook
from pbx.store.own_greetings import PgGreetingAudit
from pbx.store.pins import PgPinBook
from pbx.store.swaps import PgSwapBook
from pbx.store.tokens import PgTokenBook
from pbx.web.api import Api
from pbx.web.metrics import Metrics
from pbx.web.refusals import Refusals
from pbx.web.server import serve_control, serve_web
from voicemail.ingest import CallsUnknown, Folders, Ingest, LiveCalls
from voicemail.own_sounds import OwnSounds
from voicemail.spool import read_spool
from voicemail.transcribe.recogniser import RecogniserProcess, WorkerOptions
from voicemail.transcription import Transcription

log = logging.getLogger(__name__)

AMI_USER = "secondline"


class Server:
    """Everything that `secondline run` runs, on one practice's file and one data folder."""

    def __init__(self, config: Path, data: Path) -> None:
        self._config = config
        self._layout = Layout(data)
        self._health = Health()
        self._metrics = Metrics()
        self._signals = Signals(asyncio.Event(), asyncio.Event(), asyncio.Event())

    def stop(self) -> None:
        """Stop when the calls in progress are over or the drain time is; called again, stop at once."""
        if self._signals.stop.is_set():
            self._signals.hurry.set()
        self._signals.stop.set()

    def reload_soon(self) -> None:
        """Take the practice's file anew."""
        self._signals.reload.set()

    async def run(self) -> None:
        """Serve until `stop`. Raises what keeps it from starting, each with a sentence for people."""
        began = time.monotonic()
        practice = load(self._config)
        for warning in practice.warnings:
            log.warning("%s", warning)
        self._layout.make()
        with only_instance(self._layout.lock):
            machine = await self._prepare(practice)
            async with AsyncExitStack() as stack:
                running = await self._assemble(stack, practice, machine)
                await running.serve(self._signals, practice.settings.drain_seconds, began)
        log.info("stopped")

    async def _prepare(self, practice: Practice) -> Machine:
        """Bring everything on the disk that Asterisk reads up to date."""
        await make_prompts(practice.policy, self._layout)
        ports = Ports.load_or_choose(self._layout, asterisk_runs=find_running(self._layout) is not None)
        secrets = Secrets.load_or_create(self._layout, [phone.name for phone in practice.policy.phones])
        machine = Machine(self._layout, secrets, ports, find_asterisk())
        render(practice.policy, practice.settings, machine)
        return machine

    async def _assemble(self, stack: AsyncExitStack, practice: Practice, machine: Machine) -> Running:
        """Put the parts together, and open all ports but those of Asterisk."""
        settings = practice.settings
        cluster = embedded(settings, self._layout)
        if cluster:
            stack.push_async_callback(cluster.stop)
        database = await stack.enter_async_context(Database.connect(dsn_of(settings, cluster)))
        asterisk = AsteriskProcess(self._layout, machine.program, settings.network)
        ami = AmiClient(LOOPBACK, machine.ports.ami, AMI_USER, machine.secrets.ami)
        queue = TranscriptionQueue(database)
        calendars = Calendars(self._layout.calendars)
        await calendars.follow(practice.calendars)
        swaps = SwapsInForce(PgSwapBook(database), KeptFile(self._layout.swaps))
        override_book = PgOverrideBook(database)
        phones = PhonesAtHand()
        own = self._own_greetings(database)
        known = Known(swaps, OverridesInForce(override_book, KeptFile(self._layout.overrides)), phones, own)
        pins = Pins(PgPinBook(database), KeptFile(self._layout.pins))
        parts = Parts(asterisk, ami, queue, self._health, self._metrics, calendars, known, pins)
        operations = ServerOperations(self._config, practice, machine, parts)
        overrides = Overrides(override_book, known.overrides, lambda: operations.policy)
        api = Api(operations, overrides, PgTokenBook(database), Refusals(self._metrics.api_refused.inc))
        call_log = MeteredCallLog(PgCallLog(database), self._metrics)
        pace = Pace()
        bookkeeping = PacedCallLog(call_log, pace)
        recorder = DecisionRecorder(bookkeeping)
        recogniser = await stack.enter_async_context(RecogniserProcess(_worker_options(settings.recognizer)))
        transcriber = MeteredTranscriber(recogniser, self._metrics)

        live = _live_calls(asterisk, ami, pace)
        history = CallHistory(lambda: operations.policy, PgPastCalls(database))
        router = CallRouter(lambda: operations.policy, call_log, recorder, lambda: operations.facts, history)
        metered = MeteredRouter(router, self._metrics, pace)
        codes = Codes(lambda: operations.policy, lambda: operations.facts, overrides, pins, announcer(self._layout))
        inbox = Inbox(PgInbox(database), lambda: operations.policy)
        mailbox = self._mailbox(operations, pins, own, inbox, recogniser)
        named = {"codes": codes.talk, "mailbox": mailbox.own_phone, "mailbox-outside": mailbox.outside}
        talks = Talks(self._layout.greetings, named)
        await stack.enter_async_context(serve(metered, LOOPBACK, machine.ports.agi, talks=talks))
        await self._open(stack, practice.settings.web, operations, api)
        return Running(
            asterisk=asterisk,
            ami=ami,
            keeper=DatabaseKeeper(database, cluster, self._health),
            recorder=recorder,
            ingest=Ingest(self._folders(), bookkeeping, lambda: operations.policy, live),
            reconcile=Reconcile(call_log, self._calls_seen, self._spooled, live),
            event_record=self._layout.cel,
            recogniser=recogniser,
            queue=queue,
            transcription=Transcription(PgMessageBox(database), self._layout.messages, transcriber),
            operations=operations,
            calendars=calendars,
            known=known,
            pins=pins,
            history=history,
            rota_watch=operations.rota_watch,
            health=self._health,
            poked=asyncio.Event(),
            asterisk_version=machine.program.version or "of an unknown version",
            engine=settings.recognizer.engine.value,
        )

    async def _open(self, stack: AsyncExitStack, web: Web, operations: ServerOperations, api: Api) -> None:
        port = await stack.enter_async_context(serve_web(operations, web.host, web.port, api.routes()))
        await stack.enter_async_context(serve_control(operations, self._layout.operator_socket))
        log.info("health, readiness, metrics and the interface for programs on http://%s:%d", web.host, port)

    def _own_greetings(self, database: Database) -> OwnGreetings:
        """Those recorded by phone; their sound is where calls hear it, whatever became of the prompts' folder."""
        sounds = OwnSounds(self._layout.own_sounds, self._layout.greetings)
        sounds.put_back()
        return OwnGreetings(KeptFile(self._layout.own_greetings), sounds, PgGreetingAudit(database))

    def _mailbox(
        self,
        operations: ServerOperations,
        pins: Pins,
        own: OwnGreetings,
        inbox: Inbox,
        recogniser: RecogniserProcess,
    ) -> Mailbox:
        """The talk about messages."""
        private = private_sounds(self._layout)
        private.clear()
        parts = MailboxParts(
            policy=lambda: operations.policy,
            pins=pins,
            announce=announcer(self._layout),
            inbox=inbox,
            private=private,
            own=own,
            recogniser=recogniser,
            messages=self._layout.messages,
            greetings=self._layout.greetings,
        )
        return Mailbox(parts)

    async def _calls_seen(self) -> list[SeenCall]:
        return await asyncio.to_thread(calls_seen, self._layout.cel)

    async def _spooled(self) -> frozenset[UUID]:
        content = await asyncio.to_thread(read_spool, self._layout.spool, self._layout.spare)
        return frozenset(call.id for call in content.calls)

    def _folders(self) -> Folders:
        return Folders(self._layout.spool, self._layout.spare, self._layout.messages)


def _worker_options(recognizer: Recognizer) -> WorkerOptions:
    return WorkerOptions(recognizer.engine.value, recognizer.vosk_model, recognizer.memory_mb)


def _live_calls(asterisk: AsteriskProcess, ami: AmiClient, pace: Pace) -> LiveCalls:
    async def live_calls() -> frozenset[UUID]:
        await pace.calm()  # Asterisk goes through all of its channels for the answer
        if asterisk.pid is None:
            return frozenset()
        try:
            return await ami.live_calls()
        except AmiError as error:
            raise CallsUnknown from error

    return live_calls
