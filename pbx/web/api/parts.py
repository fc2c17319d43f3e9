"""What the interface asks of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pbx.domain.call import MessageRecord
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy
from pbx.services.inbox import Inbox
from pbx.services.overrides import Overrides
from pbx.services.placing import Placing
from pbx.services.ports import InboxBook, UrgentBook
from pbx.services.program_ports import CallBook, TextPages
from pbx.services.swaps import Swaps
from pbx.services.text_writing import TextWriting
from pbx.web.api.listening import Listening


class Practice(Protocol):
    """What the interface asks about the practice."""

    @property
    def policy(self) -> Policy: ...

    @property
    def facts(self) -> Facts: ...

    async def status(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """`wav` gives the sound of a message as a WAV file; it raises OSError where there is none."""

    practice: Practice
    calls: CallBook
    inbox: Inbox
    inbox_book: InboxBook
    urgent: UrgentBook
    overrides: Overrides
    swaps: Swaps
    wav: Callable[[MessageRecord], Awaitable[bytes]]
    listening: Listening
    placing: Placing
    texts: TextPages
    writing: TextWriting
