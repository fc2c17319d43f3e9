"""Urgent messages are looked after until somebody has taken them, across restarts and failures."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest

from pbx.domain.actions import Urgent
from pbx.domain.facts import Facts
from pbx.domain.oncall import Rota, Turns
from pbx.domain.policy import Number, Phone, Policy
from pbx.domain.urgent import SLOW, TALK_SECONDS, AttemptResult, UrgentRequest, UrgentState
from pbx.services.ports import Page, PagerDown
from pbx.services.urgent import PinWatch, UrgentCalls
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.urgent import PgUrgentBook
from tests.kit.asterisk import a_practice
from tests.kit.calls import LINE, MORNING, a_message_call, a_start

ROTA = Rota("doctors", "America/New_York", Turns((("rictor",),), date(2026, 1, 5), 7, time(8)), ("okafor",))


def a_policy() -> Policy:
    phones = (Phone("rictor-desk", "rictor", "Dr. Rictor"), Phone("okafor-desk", "okafor", "Dr. Okafor"))
    return replace(a_practice(), phones=phones, rotas={"doctors": ROTA})


@dataclass
class Telephones:
    """Keeps who was rung; `down` is a telephone system that cannot be reached."""

    pages: list[Page] = field(default_factory=list)
    ready: bool = True
    down: bool = False

    async def page(self, page: Page) -> None:
        if self.down:
            raise PagerDown("the link to Asterisk is down")
        self.pages.append(page)

    @property
    def rung(self) -> list[str]:
        return [page.person for page in self.pages]


@dataclass
class World:
    """A request that is open, and a clock that is set by hand."""

    book: PgUrgentBook
    call: UUID
    now: datetime = MORNING
    phones: Telephones = field(default_factory=Telephones)
    facts: Facts = field(default_factory=Facts)

    def controller(self) -> UrgentCalls:
        """One that was just started: it knows nothing but the database."""
        return UrgentCalls(self.book, self.phones, a_policy, lambda: self.facts, lambda: self.now)

    async def looks(self, after: float = 0) -> None:
        self.now += timedelta(seconds=after)
        await self.controller().once()

    async def nobody_answers(self) -> None:
        await self.controller().over(self.phones.pages[-1].attempt)

    async def state(self) -> UrgentState:
        case = await self.book.of_call(self.call)
        assert case is not None
        return case.request.state


@pytest.fixture
async def world(database: Database) -> World:
    start = a_start()
    request = UrgentRequest(start.id, "doctors", "rictor", rounds=2, interval=120, seconds=25, opened=MORNING)
    await PgCallLog(database).finish_call(replace(a_message_call(start), urgent=request))
    return World(PgUrgentBook(database), start.id)


async def test_the_one_on_call_is_rung_then_the_backup_then_both_again_and_nobody_too_soon(world: World) -> None:
    await world.looks()
    [page] = world.phones.pages
    assert (page.call, page.dialled, page.legs, page.seconds) == (world.call, LINE, ("p-0-25-rictor-desk",), 25)
    await world.looks(after=20)
    assert world.phones.rung == ["rictor"], "one at a time"
    await world.nobody_answers()
    await world.looks(after=5)
    await world.nobody_answers()
    await world.looks(after=25)
    assert world.phones.rung == ["rictor", "okafor"]
    await world.looks(after=70)
    assert world.phones.rung == ["rictor", "okafor", "rictor"]


async def test_a_restart_rings_nobody_twice_for_one_attempt_and_goes_on_when_it_must_be_over(world: World) -> None:
    await world.looks()
    for _ in range(3):
        await world.looks(after=20)
    assert world.phones.rung == ["rictor"]
    await world.looks(after=TALK_SECONDS)
    assert world.phones.rung == ["rictor", "okafor"]


async def test_who_took_it_ends_it(world: World) -> None:
    await world.looks()
    assert await world.controller().take(world.call, world.phones.pages[0].attempt, "rictor")
    await world.looks(after=3600)
    assert (world.phones.rung, await world.state()) == (["rictor"], UrgentState.ACCEPTED)


async def test_a_wrong_pin_passes_on_at_once(world: World) -> None:
    await world.looks()
    await world.controller().decided(world.phones.pages[0].attempt, AttemptResult.WRONG_PIN)
    await world.looks(after=1)
    assert world.phones.rung == ["rictor", "okafor"]


async def test_after_the_rounds_the_log_warns_once_and_it_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(8):
            await world.looks()
            await world.nobody_answers()
            world.now += timedelta(seconds=60)
        assert world.phones.rung == ["rictor", "okafor"] * 2
    assert await world.state() is UrgentState.EXHAUSTED
    warned = [record.getMessage() for record in caplog.records if "nobody took it" in record.getMessage()]
    assert len(warned) == 1
    assert str(world.call) in warned[0]
    await world.looks(after=SLOW.total_seconds())
    assert world.phones.rung[4:] == ["rictor"]


async def test_a_phone_that_is_not_there_does_not_use_up_a_turn(world: World) -> None:
    world.facts = Facts(unregistered=frozenset({"rictor-desk"}))
    await world.looks()
    assert world.phones.rung == ["okafor"]


async def test_while_nobody_can_be_rung_no_attempt_is_spent(world: World) -> None:
    world.phones.ready = False
    await world.looks()
    world.phones.ready = True
    await world.looks(after=1)
    assert world.phones.rung == ["rictor"]


async def test_a_link_that_breaks_just_then_costs_one_turn_and_no_more(world: World) -> None:
    world.phones.down = True
    await world.looks()
    world.phones.down = False
    await world.looks(after=1)
    assert world.phones.rung == ["okafor"]


def test_whoever_could_take_no_urgent_call_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    urgent = (Urgent("doctors", "rictor", 2, 120, 25),)
    policy = replace(a_policy(), numbers={LINE: Number(LINE, "Urgent line", None, urgent, urgent)})
    have: dict[str, bool | None] = {"rictor": True, "okafor": False}
    watch = PinWatch(lambda: policy, have.get)
    with caplog.at_level(logging.WARNING):
        watch.look()
        watch.look()
        assert [record.getMessage()[:17] for record in caplog.records] == ["okafor has no PIN"]
        have["rictor"] = None
        watch.look()
    assert len(caplog.records) == 1, "nothing is said where the PINs are not known"
