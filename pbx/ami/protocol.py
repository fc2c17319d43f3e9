"""panoramisk's manager protocol, guarded. What is replaced here, and why, is in the tests named after each guard.

Of panoramisk the bare protocol, its actions and its messages are used; not its `Manager`, which sends unanswered
actions again after a reconnect, never looks at the answers to its pings, and goes on connecting after it was closed.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
from collections.abc import Callable, Mapping

from panoramisk.actions import Action  # type: ignore[import-untyped]
from panoramisk.ami_protocol import AMIProtocol  # type: ignore[import-untyped]
from panoramisk.message import Message  # type: ignore[import-untyped]

from pbx.ami.errors import LinkLost
from pbx.ami.messages import Answer, Fields, Value, checked

log = logging.getLogger(__name__)

MESSAGE_CHARACTERS = 1 << 20
"""A message that grows past this without an end is none of Asterisk's."""

_GREETING = "Asterisk Call Manager/"
_LINE_END = "\r\n"


class GuardedAction(Action):  # type: ignore[misc]
    """An action whose future gets an `Answer`: at once, or when its list is complete."""

    def __init__(self, name: str, fields: Mapping[str, Value]) -> None:
        super().__init__(checked(name, fields))
        self.future: asyncio.Future[Answer]

    def add_message(self, message: Message) -> None:
        """Take one more message of the answer. A list is what says of itself that it starts (`astman_send_listack`)."""
        self.responses.append(Fields.of(message.items()))
        first, last = self.responses[0], self.responses[-1]
        if first.get("EventList") == "start" and last.get("EventList") != "Complete":
            return
        if not self.future.done():
            self.future.set_result(Answer(first, tuple(self.responses[1:-1])))


class GuardedProtocol(AMIProtocol):  # type: ignore[misc]
    """One connection to the manager interface.

    `on_event` gets each event that is no answer, in order. `lost` gets the reason, once, when the link is over; every
    action still open then raises LinkLost, and none is ever sent again. A message that cannot be read is counted and
    left out.
    """

    def __init__(self, on_event: Callable[[Fields], None]) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.closed = False
        self.unreadable = 0
        self._on_event = on_event
        # A character may be split over two reads.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""

    def send(self, data: GuardedAction, as_list: bool = False) -> asyncio.Future[Answer]:
        """Send an action; its answer. Raises LinkLost when the link is over."""
        if self.closed:
            raise LinkLost("the link to Asterisk is down")
        self.responses[data.id] = data
        # One who no longer waits leaves nothing behind.
        data.future.add_done_callback(lambda _: self.responses.pop(data.id, None))
        self.transport.write(str(data).encode())
        return data.future

    def data_received(self, data: bytes) -> None:
        self._text += self._decoder.decode(data)
        if self.version is None and not self._take_greeting():
            return
        *blocks, self._text = self._text.split(2 * _LINE_END)
        for block in blocks:
            if not self.closed:
                self._take(block)
        if len(self._text) > MESSAGE_CHARACTERS:
            self.drop("the peer sent a message without an end")

    def handle_message(self, message: Message) -> None:
        action = self.responses.get(message.action_id)
        if action is not None:
            action.add_message(message)
            return
        event = message.get("Event")
        if event == "Shutdown":
            self.drop("Asterisk is shutting down")
        elif event is not None:
            self._on_event(Fields.of(message.items()))

    def connection_lost(self, exc: Exception | None) -> None:
        self.drop("Asterisk closed the connection" if exc is None else f"the connection broke ({type(exc).__name__})")

    def close(self) -> None:
        self.drop("closed by the controller")

    def drop(self, reason: str) -> None:
        """End the link for `reason`. A second time changes nothing."""
        if self.closed:
            return
        self.closed = True
        # Not close(): with a peer that has gone silent, that would wait for its kernel to take what is still unsent.
        self.transport.abort()
        for action in list(self.responses.values()):
            if not action.future.done():
                action.future.set_exception(LinkLost(f"the link to Asterisk was lost: {reason}"))
        if not self.lost.done():
            self.lost.set_result(reason)

    def _take_greeting(self) -> bool:
        line, end, rest = self._text.partition(_LINE_END)
        if not line.startswith(_GREETING[: len(line)]):
            self.drop("the peer is not Asterisk's manager interface")
            return False
        if not end:
            return False
        self.version, self._text = line.removeprefix(_GREETING), rest
        return True

    def _take(self, block: str) -> None:
        try:
            message = Message.from_line(block.strip(_LINE_END))
            if message is not None:
                self.handle_message(message)
        except Exception as error:  # noqa: BLE001 - one message must not cost the link; its text may be a caller's
            self.unreadable += 1
            log.warning("left out a message of Asterisk: %s", type(error).__name__)
