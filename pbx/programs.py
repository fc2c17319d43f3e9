"""What is for programs, put together of the parts of the server: the interface, and the webhooks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.domain.call import MessageRecord
from pbx.hook_secrets import HookSecrets
from pbx.program_hooks import Details, ProgramHooks
from pbx.sealing.keys import KeysMissing
from pbx.services.hooks import Hooks
from pbx.services.inbox import Inbox
from pbx.services.swaps import Swaps
from pbx.services.text_writing import TextWriting
from pbx.web.api.guard import Guard
from pbx.web.api.listening import Listening
from pbx.web.api.once import Once
from pbx.web.api.parts import Parts
from pbx.web.api.serving import Api
from pbx.web.refusals import Refusals
from voicemail.audio import AudioProblem, wav_bytes
from voicemail.shelf import Shelf

if TYPE_CHECKING:
    from pbx.assembly import Assembly


def api_of(server: Assembly) -> Api:
    """The HTTP interface."""
    records = server.records

    async def wav(message: MessageRecord) -> bytes:
        return await asyncio.to_thread(_wav, server.shelf, message)

    parts = Parts(
        practice=server.operations,
        calls=records.call_book,
        inbox=Inbox(records.inbox, server.policy),
        inbox_book=records.inbox,
        urgent=records.urgent,
        overrides=server.overrides,
        swaps=Swaps(records.swaps, server.known.swaps, server.policy),
        wav=wav,
        listening=Listening(),
        placing=server.placing,
        texts=records.texts,
        writing=TextWriting(records.texts, server.policy),
    )
    guard = Guard(records.tokens, server.policy, Refusals(server.metrics.api_refused.inc), server.journal)
    return Api(parts, guard, Once(records.answers))


def _wav(shelf: Shelf, message: MessageRecord) -> bytes:
    try:
        return wav_bytes(shelf.read(message).pcm)
    except (AudioProblem, KeysMissing) as error:
        raise OSError(str(error)) from error


def hooks_of(server: Assembly) -> Hooks:
    """Programs that are told of what happens."""
    program = ProgramHooks(lambda: server.operations.settings.webhooks, HookSecrets(server.layout.hook_secrets))
    details, book = Details(server.records, server.policy), server.records.hooks
    return Hooks(book, program.subscriptions, program.senders, details.of, server.metrics.hooks_waiting)
