"""A call back that reached somebody finishes its message; one that did not leaves it open."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from pbx.domain.call import Direction, FinishedCall
from pbx.domain.inbox import Who
from pbx.services.call_backs import CallBacks
from pbx.services.inbox import Inbox
from pbx.services.ports import StoreUnavailable
from tests.kit.calls import a_start, an_answered_call

MESSAGE = uuid4()


class Finishes:
    """An inbox whose database is away the first `away` times."""

    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.done_with: asyncio.Queue[tuple[UUID, str, datetime | None]] = asyncio.Queue()

    async def done(self, message: UUID, who: Who, called_back_at: datetime | None) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable
        self.done_with.put_nowait((message, who.name, called_back_at))


def a_call_back(talk: timedelta | None) -> FinishedCall:
    start = replace(a_start(), direction=Direction.OUTBOUND, made_by="rictor", about=MESSAGE)
    call = an_answered_call(start)
    if talk is None:
        return replace(call, answered_at=None)
    return replace(call, ended_at=start.at + timedelta(seconds=10) + talk)


async def marked(inbox: Finishes, *calls: FinishedCall) -> tuple[UUID, str, datetime | None] | None:
    """What the first message was finished with; None if none was in a moment."""
    backs = CallBacks(cast("Inbox", inbox), retry_seconds=0.01)
    running = asyncio.ensure_future(backs.run())
    for call in calls:
        backs.taken_in(call)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                return await inbox.done_with.get()
        return None
    finally:
        running.cancel()


async def test_a_talk_finishes_the_message_at_the_time_of_the_call() -> None:
    call = a_call_back(timedelta(minutes=2))
    assert await marked(Finishes(), call) == (MESSAGE, "person/rictor", call.answered_at)


async def test_a_database_that_is_away_is_waited_for() -> None:
    assert await marked(Finishes(away=3), a_call_back(timedelta(minutes=2))) is not None


async def test_nobody_reached_leaves_it_open() -> None:
    short, unanswered = a_call_back(timedelta(seconds=5)), a_call_back(None)
    other = replace(a_call_back(timedelta(minutes=2)), start=a_start())
    assert await marked(Finishes(), short, unanswered, other) is None
