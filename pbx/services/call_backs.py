"""A call back that reached somebody finishes its message: nobody has to say so a second time.

Told of each call that was taken into the log; what the database cannot take now waits in memory. A restart in that
moment leaves the message open, which costs a reminder and forgets nobody.
"""

from __future__ import annotations

import asyncio
import logging

from pbx.domain.call import FinishedCall
from pbx.domain.calling_back import COUNTS_FROM
from pbx.domain.inbox import How, Refused, Who
from pbx.services.inbox import Inbox
from pbx.services.ports import StoreUnavailable

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0


class CallBacks:
    """Marks messages in `inbox`; while the database is away it is tried again every `retry_seconds`."""

    def __init__(self, inbox: Inbox, retry_seconds: float = RETRY_SECONDS) -> None:
        self._inbox = inbox
        self._retry_seconds = retry_seconds
        self._heard: asyncio.Queue[FinishedCall] = asyncio.Queue()

    def taken_in(self, call: FinishedCall) -> None:
        """A call is in the log; perhaps one that was made about a message."""
        if call.start.about and call.start.made_by and reached(call):
            self._heard.put_nowait(call)

    async def run(self) -> None:
        """Mark for ever; meant to be cancelled."""
        while True:
            await self._finish(await self._heard.get())

    async def _finish(self, call: FinishedCall) -> None:
        start = call.start
        assert start.about and start.made_by  # `taken_in` has seen to it
        while True:
            try:
                await self._inbox.done(start.about, Who.person(start.made_by, How.PHONE), call.answered_at)
            except StoreUnavailable:
                await asyncio.sleep(self._retry_seconds)
                continue
            except Refused as refused:
                log.info("message %s stays as it is after a call back (%s)", start.about, refused.why)
            return


def reached(call: FinishedCall) -> bool:
    """Whether somebody was talked to."""
    return call.answered_at is not None and call.ended_at - call.answered_at >= COUNTS_FROM
