"""Who is told of what does not work: once, with what to do, and again when it works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbx.domain.people import Person
from pbx.domain.policy import Phone, Policy
from pbx.domain.templates import PLAIN_TEXT, Channel, Kind, PlainChannel, PlainFields, template_of
from pbx.domain.watch import Watch
from pbx.services.alarms import GRACE, RESTARTS_TOLD_EVERY, Alarms
from pbx.services.health import Health, Part, Watched
from pbx.services.ports import Fate, Parcel, Verdict

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
CHANNELS: dict[str, Channel] = {
    key: PlainChannel(key, kind, template_of(PLAIN_TEXT, PlainFields))
    for key, kind in (("mail", Kind.EMAIL), ("texts", Kind.PHONE_MESSAGE), ("hook", Kind.WEBHOOK))
}
POLICY = Policy(
    version="v1",
    practice="Scotland Family Medicine",
    country="US",
    timezone="America/New_York",
    emergency_sentence="Dial 911.",
    numbers={},
    phones=(Phone("front-1", "mills", "Sam Mills"), Phone("front-2", "mills", "Sam Mills")),
    people={"mills": Person("mills", "Sam Mills", ("front-1", "front-2"), email="mills@example.com")},
    channels=CHANNELS,
    watch=Watch(("mills",), ("mail", "texts", "hook")),
)


class Desk:
    """The alarms with a clock that the test sets, and everything that left."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.now = NOON
        self.kept: str | None = None
        self.left: list[Parcel] = []
        self.fates: list[Fate] = []
        self.health = Health(self.clock)
        for part in Part:
            self.health.working(part)
        self.policy = policy
        self.alarms = self.started()

    def clock(self) -> datetime:
        return self.now

    def started(self) -> Alarms:
        return Alarms(self.health, lambda: self.policy, lambda: dict.fromkeys(CHANNELS, self), self, self.clock)

    def read(self) -> str | None:
        return self.kept

    def write(self, text: str) -> None:
        self.kept = text

    async def send(self, parcel: Parcel) -> Verdict:
        fate = self.fates.pop(0) if self.fates else Fate.SENT
        if fate is Fate.SENT:
            self.left.append(parcel)
        return Verdict(fate)

    async def later(self, by: timedelta) -> list[str]:
        """What was told `by` later."""
        self.now += by
        self.left.clear()
        await self.alarms.look()
        return [parcel.text for parcel in self.left]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_trouble_is_told_to_each_over_each_channel_with_what_to_do(desk: Desk) -> None:
    desk.health.failing(Part.DATABASE, "the disk is full")
    assert await desk.later(timedelta()) == []
    told = await desk.later(GRACE)
    assert [parcel.to for parcel in desk.left] == ["mills@example.com", "front-1", "front-2", ""]
    assert "database has not worked since Mon 23 Nov 2026 12:00: the disk is full." in told[0]
    assert "What callers notice: Nothing: calls follow the rules last known" in told[0]
    assert "What to do: Make room" in told[0]
    hook = desk.left[-1].data
    assert (hook["type"], hook["data"]["what"], hook["data"]["since"]) == (
        "secondline.degraded",
        "database",
        NOON.isoformat(),
    )


async def test_it_is_told_once_and_once_more_when_it_works_again(desk: Desk) -> None:
    desk.health.watch(Watched.HEARTBEAT, "a call heard nothing")
    assert len(await desk.later(GRACE)) == 4
    assert await desk.later(timedelta(hours=5)) == []
    desk.health.watch(Watched.HEARTBEAT, None)
    assert await desk.later(timedelta(minutes=1)) == ["Secondline: heartbeat works again."] * 4
    assert await desk.later(timedelta(minutes=1)) == []


async def test_what_heals_by_itself_within_a_minute_is_told_to_nobody(desk: Desk) -> None:
    desk.health.failing(Part.ASTERISK, "does not run")
    await desk.later(GRACE / 2)
    desk.health.working(Part.ASTERISK)
    assert await desk.later(GRACE) == []


async def test_a_restart_tells_nothing_again(desk: Desk) -> None:
    desk.health.failing(Part.TRANSCRIBER, "no memory")
    await desk.later(GRACE)
    desk.alarms = desk.started()
    assert await desk.later(timedelta(hours=1)) == []
    desk.health.working(Part.TRANSCRIBER)
    assert len(await desk.later(timedelta(minutes=1))) == 4


async def test_what_cannot_be_sent_is_tried_again_under_the_same_id(desk: Desk) -> None:
    desk.fates = [Fate.TEMPORARY, Fate.HELD, Fate.PERMANENT]
    desk.health.failing(Part.DATABASE, "gone")
    assert len(await desk.later(GRACE)) == 1
    assert await desk.later(timedelta(seconds=1)) == []
    assert len(await desk.later(timedelta(minutes=1))) == 2
    assert {parcel.to for parcel in desk.left} == {"mills@example.com", "front-1"}


async def test_a_controller_that_was_started_again_is_told_of_at_most_once_an_hour(desk: Desk) -> None:
    await desk.alarms.restarted("hung for 8 seconds and was killed", NOON)
    [text, *_] = await desk.later(timedelta())
    assert "the controller hung for 8 seconds and was killed at Mon 23 Nov 2026 12:00 and was started again" in text
    desk.alarms = desk.started()
    await desk.alarms.restarted("was killed by SIGKILL", desk.now)
    assert await desk.later(timedelta()) == []
    desk.now += RESTARTS_TOLD_EVERY
    await desk.alarms.restarted("was killed by SIGKILL", desk.now)
    assert len(await desk.later(timedelta())) == 4


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"database": "yesterday"}', '{"database": 5}'])
async def test_a_kept_file_that_makes_no_sense_is_as_none(kept: str, desk: Desk) -> None:
    desk.kept = kept
    desk.health.failing(Part.DATABASE, "gone")
    assert len(await desk.later(GRACE)) == 4


async def test_where_nobody_is_named_nothing_leaves() -> None:
    quiet = Desk(Policy("v", "P", "US", "UTC", "Dial 911.", {}))
    quiet.health.failing(Part.DATABASE, "gone")
    assert await quiet.later(GRACE) == []
