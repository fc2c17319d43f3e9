"""Every part of the server, put together once, when it is first asked for: what a part needs is what it names.

Nothing here does anything yet: nothing listens, connects or is started before `pbx.app` says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import UUID

from pbx.ami.client import AmiClient
from pbx.ami.errors import AmiError
from pbx.ami.lamps import AmiLamps
from pbx.ami.pager import AmiPager
from pbx.ami.placer import AmiPlacer
from pbx.ami.texts import AmiTexts
from pbx.assembly.messages import MessageAssembly
from pbx.assembly.programs import ProgramAssembly
from pbx.assembly.talks import TalkAssembly
from pbx.assembly.texts import TextAssembly
from pbx.asterisk.layout import Layout
from pbx.asterisk.plans import Plans
from pbx.asterisk.ports import LOOPBACK
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.render import Machine
from pbx.auditing.journal import FileJournal
from pbx.auditing.trail import AuditTrail
from pbx.calendars import Calendars
from pbx.certificates import Certificates
from pbx.config.load import Practice
from pbx.database import DatabaseKeeper, Records, records_of
from pbx.domain.call import FinishedCall
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy
from pbx.door import Door, DoorParts
from pbx.ears import AsteriskEar
from pbx.kept import KeptFile
from pbx.mailboxes import Mailboxes
from pbx.metering import MeteredCallLog, MeteredRouter
from pbx.notify.lamp import Lamps
from pbx.notify.phone_message import PhoneMessageAtOnce
from pbx.notify.senders import Senders
from pbx.operations import Parts, ServerOperations
from pbx.running import Running
from pbx.sealing.vault import Vault
from pbx.services.alarms import Alarms
from pbx.services.call_backs import CallBacks
from pbx.services.calls_today import CallsToday
from pbx.services.emergency import EmergencyWatch
from pbx.services.health import Health
from pbx.services.heartbeat import BeatRouter, Heartbeat
from pbx.services.history import CallHistory
from pbx.services.inbox import Inbox
from pbx.services.known import Known
from pbx.services.lamp_counts import LampCounts
from pbx.services.notices import Notices
from pbx.services.oncall import SwapsInForce
from pbx.services.outbound import CallsOut
from pbx.services.overrides import Overrides, OverridesInForce
from pbx.services.own_greetings import OwnGreetings
from pbx.services.pace import Pace, PacedCallLog
from pbx.services.phones import PhonesAtHand
from pbx.services.pins import Pins
from pbx.services.placing import Placing
from pbx.services.route import CallRouter, DecisionRecorder
from pbx.services.urgent import PinWatch, UrgentCalls
from pbx.settings_notes import SettingsNotes
from pbx.store.chain import PgAudit
from pbx.store.database import Database
from pbx.store.embedded import EmbeddedPostgres
from pbx.supervisor import Before
from pbx.trail import audit_trail
from pbx.web.metrics import Metrics
from voicemail.emergencies import EmergencyShelf
from voicemail.ingest import CallsUnknown
from voicemail.live import FollowingRouter
from voicemail.own_sounds import OwnSounds

AMI_USER = "secondline"

AUDIT_PORTION = 200
"""Audit rows that are verified in one go: about a millisecond, in which no caller is answered."""


@dataclass
class Assembly:
    """The parts, by name. `cluster` is the embedded database, if there is one; `before` says how the controller before
    this one ended."""

    config: Path
    practice: Practice
    machine: Machine
    database: Database
    cluster: EmbeddedPostgres | None
    health: Health
    metrics: Metrics
    before: Before | None = None

    @property
    def layout(self) -> Layout:
        return self.machine.layout

    def policy(self) -> Policy:
        """The policy in force: a reload changes it."""
        return self.operations.policy

    @property
    def vault(self) -> Vault:
        return self.database.vault

    def facts(self) -> Facts:
        """What decides besides it, as it is known now."""
        return self.operations.facts

    @cached_property
    def records(self) -> Records:
        return records_of(self.database)

    # The audit.

    @cached_property
    def trail(self) -> AuditTrail:
        book = PgAudit(self.database, portion=AUDIT_PORTION)
        return audit_trail(book, self.layout, self.practice.settings.audit, self.pace.calm)

    @cached_property
    def journal(self) -> FileJournal:
        return FileJournal(self.layout.audit_journal, self.records.audit)

    # Asterisk, and what is known of it.

    @cached_property
    def asterisk(self) -> AsteriskProcess:
        return AsteriskProcess(self.layout, self.machine.program, self.practice.settings.network)

    @cached_property
    def certificates(self) -> Certificates:
        return Certificates(self.layout, lambda: self.operations.settings, self.asterisk.reload)

    @cached_property
    def door(self) -> Door:
        async def reload_acl() -> None:
            await self.asterisk.console.run("module reload acl")

        settings, audit = lambda: self.operations.settings, self.records.door_audit
        return Door(DoorParts(self.layout, settings, self.ami, audit, reload_acl))

    @cached_property
    def ami(self) -> AmiClient:
        return AmiClient(LOOPBACK, self.machine.ports.ami, AMI_USER, self.machine.secrets.ami)

    @cached_property
    def pace(self) -> Pace:
        return Pace()

    async def live_calls(self) -> frozenset[UUID]:
        """The calls that are up. Raises CallsUnknown."""
        await self.pace.calm()  # Asterisk goes through all of its channels for the answer
        if self.asterisk.pid is None:
            return frozenset()
        try:
            return await self.ami.live_calls()
        except AmiError as error:
            raise CallsUnknown from error

    # What decides about a call.

    @cached_property
    def calendars(self) -> Calendars:
        return Calendars(self.layout.calendars)

    @cached_property
    def known(self) -> Known:
        swaps = SwapsInForce(self.records.swaps, KeptFile(self.layout.swaps))
        overrides = OverridesInForce(self.records.overrides, KeptFile(self.layout.overrides))
        return Known(swaps, overrides, PhonesAtHand(), self.own_greetings)

    @cached_property
    def own_greetings(self) -> OwnGreetings:
        """Those recorded by phone; their sound is where calls hear it, whatever became of the prompts' folder."""
        sounds = OwnSounds(self.layout.own_sounds, self.layout.greetings)
        sounds.put_back()
        return OwnGreetings(KeptFile(self.layout.own_greetings), sounds, self.records.greeting_audit)

    @cached_property
    def overrides(self) -> Overrides:
        return Overrides(self.records.overrides, self.known.overrides, self.policy)

    @cached_property
    def history(self) -> CallHistory:
        return CallHistory(self.policy, self.records.past_calls)

    @cached_property
    def pins(self) -> Pins:
        return Pins(self.records.pins, KeptFile(self.layout.pins), journal=self.journal)

    @cached_property
    def operations(self) -> ServerOperations:
        parts = Parts(
            self.asterisk,
            self.ami,
            self.messages.queue,
            self.health,
            self.metrics,
            self.calendars,
            self.known,
            self.pins,
            Mailboxes(self.messages.retention, self.messages.shelf),
            self.records.outbox,
            self.trail,
            SettingsNotes(self.journal, self.config),
            self.placing,
            self.certificates,
            self.door,
            self.records.text_outbox,
            self.heartbeat,
        )
        return ServerOperations(self.config, self.practice, self.machine, parts)

    @cached_property
    def plans(self) -> Plans:
        """What the dialplan does while nobody answers it."""
        return Plans(self.layout.plans, self.policy, self.facts, self.pace.calm)

    # What answers.

    @cached_property
    def call_log(self) -> MeteredCallLog:
        return MeteredCallLog(self.records.calls, self.metrics)

    @cached_property
    def bookkeeping(self) -> PacedCallLog:
        return PacedCallLog(self.call_log, self.pace)

    @cached_property
    def recorder(self) -> DecisionRecorder:
        return DecisionRecorder(self.bookkeeping)

    @cached_property
    def heartbeat(self) -> Heartbeat:
        return Heartbeat(self.policy, self.facts, AsteriskEar(self.ami, self.layout), self.health)

    @cached_property
    def router(self) -> BeatRouter:
        router = CallRouter(self.policy, self.call_log, self.recorder, self.facts, self.history)
        live = self.practice.settings.recognizer.live
        followed = FollowingRouter(router, self.messages.head_starts) if live else router
        return BeatRouter(MeteredRouter(followed, self.metrics, self.pace), self.policy, self.facts)

    @cached_property
    def by_phone(self) -> TalkAssembly:
        return TalkAssembly(
            records=self.records,
            layout=self.layout,
            policy=self.policy,
            facts=self.facts,
            overrides=self.overrides,
            pins=self.pins,
            inbox=self.inbox,
            own_greetings=self.own_greetings,
            urgent=self.urgent,
            calls_out=self.calls_out,
            shelf=self.messages.shelf,
            recogniser=self.messages.recogniser,
        )

    @cached_property
    def placing(self) -> Placing:
        """Places calls that are asked for by command or by a program."""
        placer = AmiPlacer(self.ami)
        return Placing(self.calls_out, placer, self.records.placed_audit, self.policy, self.facts)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.records.inbox, self.policy)

    @cached_property
    def call_backs(self) -> CallBacks:
        return CallBacks(self.inbox)

    @cached_property
    def calls_today(self) -> CallsToday:
        return CallsToday(KeptFile(self.layout.calls_out), lambda: self.policy().timezone)

    @cached_property
    def calls_out(self) -> CallsOut:
        """Judges calls to numbers outside, whichever way somebody asks for one."""
        return CallsOut(self.policy, self.calls_today, self.recorder, self.records.past_calls)

    @cached_property
    def urgent(self) -> UrgentCalls:
        return UrgentCalls(self.records.urgent, AmiPager(self.ami), self.policy, self.facts)

    # Messages.

    @cached_property
    def messages(self) -> MessageAssembly:
        return MessageAssembly(
            database=self.database,
            records=self.records,
            layout=self.layout,
            at_start=self.practice.settings,
            settings=lambda: self.operations.settings,
            policy=self.policy,
            call_log=self.call_log,
            bookkeeping=self.bookkeeping,
            pace=self.pace,
            metrics=self.metrics,
            live_calls=self.live_calls,
            taken_in=self._taken_in,
        )

    def _taken_in(self, call: FinishedCall) -> None:
        self.calls_out.taken_in(call)
        self.call_backs.taken_in(call)

    # Calls to the emergency services.

    @cached_property
    def emergency_shelf(self) -> EmergencyShelf:
        return EmergencyShelf(self.layout.emergencies)

    @cached_property
    def emergency(self) -> EmergencyWatch:
        audit, senders = self.records.emergency_audit, self.senders.in_force
        texts = PhoneMessageAtOnce(AmiTexts(self.ami))
        return EmergencyWatch(self.emergency_shelf, audit, self.policy, senders, texts)

    # Notices of messages.

    @cached_property
    def senders(self) -> Senders:
        return Senders(lambda: self.operations.settings.senders, AmiTexts(self.ami))

    @cached_property
    def notices(self) -> Notices:
        return Notices(self.records.outbox, self.records.messages, self.policy, self.senders.in_force)

    @cached_property
    def alarms(self) -> Alarms:
        """Notices of what does not work; they need no database."""
        senders = Senders(lambda: self.operations.settings.senders, AmiTexts(self.ami))
        return Alarms(self.health, self.policy, senders.in_force, KeptFile(self.layout.alarms))

    @cached_property
    def lamps(self) -> Lamps:
        return Lamps(LampCounts(self.records.outbox, self.policy).wanted, AmiLamps(self.ami))

    # Texts with patients.

    @cached_property
    def texting(self) -> TextAssembly:
        return TextAssembly(
            records=self.records,
            layout=self.layout,
            ami=self.ami,
            pins=self.pins,
            call_log=self.call_log,
            settings=lambda: self.operations.settings,
            policy=self.policy,
            facts=self.facts,
            refused=self.metrics.api_refused.inc,
        )

    # What is for programs.

    @cached_property
    def programs(self) -> ProgramAssembly:
        return ProgramAssembly(
            records=self.records,
            layout=self.layout,
            policy=self.policy,
            operations=self.operations,
            overrides=self.overrides,
            swaps=self.known.swaps,
            placing=self.placing,
            shelf=self.messages.shelf,
            journal=self.journal,
            metrics=self.metrics,
        )

    # All of it, at work.

    def running(self) -> Running:
        return Running(
            asterisk=self.asterisk,
            certificates=self.certificates,
            door=self.door,
            ami=self.ami,
            keeper=DatabaseKeeper(self.database, self.cluster, self.health),
            recorder=self.recorder,
            ingest=self.messages.ingest,
            reconcile=self.messages.reconcile,
            event_record=self.layout.cel,
            recogniser=self.messages.recogniser,
            queue=self.messages.queue,
            transcription=self.messages.transcription,
            head_starts=self.messages.head_starts,
            operations=self.operations,
            calendars=self.calendars,
            known=self.known,
            plans=self.plans,
            pins=self.pins,
            history=self.history,
            notices=self.notices,
            hooks=self.programs.hooks,
            alarms=self.alarms,
            heartbeat=self.heartbeat,
            before=self.before,
            lamps=self.lamps,
            texts=self.texting.texts,
            text_post=self.texting.post,
            missed_calls=self.texting.missed_calls,
            text_keeping=self.texting.keeping,
            urgent=self.urgent,
            calls_out=self.calls_out,
            calls_today=self.calls_today,
            call_backs=self.call_backs,
            emergency=self.emergency,
            emergency_shelf=self.emergency_shelf,
            pin_watch=PinWatch(self.policy, self.pins.has),
            rota_watch=self.operations.rota_watch,
            retention=self.messages.retention,
            trail=self.trail,
            journal=self.journal,
            key_keeper=self.messages.key_keeper,
            health=self.health,
            poked=asyncio.Event(),
            folders=self.layout,
            asterisk_version=self.machine.program.version or "of an unknown version",
            engine=self.practice.settings.recognizer.engine.value,
        )
