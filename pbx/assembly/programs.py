"""The parts that are for programs, put together: the interface, and the webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pbx.asterisk.layout import Layout
from pbx.auditing.journal import FileJournal
from pbx.database import Records
from pbx.domain.call import MessageRecord
from pbx.domain.policy import Policy
from pbx.hook_secrets import HookSecrets
from pbx.operations import ServerOperations
from pbx.program_hooks import Details, ProgramHooks
from pbx.sealing.keys import KeysMissing
from pbx.services.hooks import Hooks
from pbx.services.inbox import Inbox
from pbx.services.oncall import SwapsInForce
from pbx.services.overrides import Overrides
from pbx.services.placing import Placing
from pbx.services.swaps import Swaps
from pbx.services.text_writing import TextWriting
from pbx.web.api.guard import Guard
from pbx.web.api.listening import Listening
from pbx.web.api.once import Once
from pbx.web.api.parts import Parts
from pbx.web.api.serving import Api
from pbx.web.metrics import Metrics
from pbx.web.refusals import Refusals
from voicemail.audio import AudioProblem, wav_bytes
from voicemail.shelf import Shelf


@dataclass
class ProgramAssembly:
    """`pbx.assembly` gives what is shared with the rest; `policy` gives what is in force."""

    records: Records
    layout: Layout
    policy: Callable[[], Policy]
    operations: ServerOperations
    overrides: Overrides
    swaps: SwapsInForce
    placing: Placing
    shelf: Shelf
    journal: FileJournal
    metrics: Metrics

    @cached_property
    def api(self) -> Api:
        """The HTTP interface."""
        records, policy = self.records, self.policy
        parts = Parts(
            practice=self.operations,
            calls=records.call_book,
            inbox=Inbox(records.inbox, policy),
            inbox_book=records.inbox,
            urgent=records.urgent,
            overrides=self.overrides,
            swaps=Swaps(records.swaps, self.swaps, policy),
            wav=self._wav,
            listening=Listening(),
            placing=self.placing,
            texts=records.texts,
            writing=TextWriting(records.texts, policy),
        )
        guard = Guard(records.tokens, policy, Refusals(self.metrics.api_refused.inc), self.journal)
        return Api(parts, guard, Once(records.answers))

    @cached_property
    def hooks(self) -> Hooks:
        """Programs that are told of what happens."""
        program = ProgramHooks(lambda: self.operations.settings.webhooks, HookSecrets(self.layout.hook_secrets))
        details, book = Details(self.records, self.policy), self.records.hooks
        return Hooks(book, program.subscriptions, program.senders, details.of, self.metrics.hooks_waiting)

    async def _wav(self, message: MessageRecord) -> bytes:
        return await asyncio.to_thread(_wav, self.shelf, message)


def _wav(shelf: Shelf, message: MessageRecord) -> bytes:
    try:
        return wav_bytes(shelf.read(message).pcm)
    except (AudioProblem, KeysMissing) as error:
        raise OSError(str(error)) from error
