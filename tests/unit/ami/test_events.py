"""The events of the manager interface, typed and in order."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from pbx.ami.events import AmiEvent, CallEnded, EventQueue, EventsLost, LinkRestored, Paged, typed
from pbx.ami.messages import Fields

CALL = UUID("5b1f0f0e-7d07-4a5c-9d0a-0d9f6a2f3b11")


def fields(**headers: str) -> Fields:
    return Fields.of(headers.items())


async def first(queue: EventQueue, count: int) -> Sequence[AmiEvent]:
    events = queue.take_all()
    taken = [await anext(events) for _ in range(count)]
    await events.aclose()
    return taken


def test_the_end_of_a_call_is_told_with_its_id() -> None:
    assert typed(fields(Event="UserEvent", UserEvent="SecondlineCallEnded", Call=str(CALL))) == CallEnded(CALL)


def test_the_end_of_a_page_is_told_with_its_attempt() -> None:
    assert typed(fields(Event="UserEvent", UserEvent="SecondlinePaged", Page=str(CALL))) == Paged(CALL)
    assert typed(fields(Event="UserEvent", UserEvent="SecondlinePaged", Page="4")) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Event": "Hangup", "Call": str(CALL)},
        {"Event": "UserEvent", "UserEvent": "Other", "Call": str(CALL)},
        {"Event": "UserEvent", "UserEvent": "SecondlineCallEnded"},
        {"Event": "UserEvent", "UserEvent": "SecondlineCallEnded", "Call": "(null)"},
        {},
    ],
)
def test_anything_else_is_left_out(headers: dict[str, str]) -> None:
    assert typed(fields(**headers)) is None


async def test_events_are_taken_in_the_order_in_which_they_came() -> None:
    queue = EventQueue(10)
    sent: list[AmiEvent] = [LinkRestored(), *(CallEnded(uuid4()) for _ in range(9))]
    for event in sent:
        queue.put(event)
    assert await first(queue, 10) == sent


async def test_too_many_events_give_way_to_one_that_says_so() -> None:
    queue = EventQueue(3)
    for _ in range(3):
        queue.put(CallEnded(uuid4()))
    queue.put(CallEnded(CALL))
    assert await first(queue, 2) == [EventsLost(), CallEnded(CALL)]


async def test_a_second_consumer_is_refused() -> None:
    queue = EventQueue(3)
    queue.put(LinkRestored())
    taking = queue.take_all()
    await anext(taking)
    with pytest.raises(RuntimeError, match="one consumer"):
        await anext(queue.take_all())
    await taking.aclose()
