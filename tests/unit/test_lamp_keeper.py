"""The keeper of the message lamps: tells Asterisk what changed, and everything when Asterisk may have forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pbx.ami.errors import LinkLost
from pbx.domain.lamps import Count
from pbx.notify.lamp import Lamps


@dataclass
class Lights:
    epoch: int | None = 1
    broken: bool = False
    shown: list[tuple[str, int, int]] = field(default_factory=list)

    async def show(self, person: str, new: int, old: int) -> None:
        if self.broken:
            raise LinkLost("gone")
        self.shown.append((person, new, old))

    def told(self) -> list[tuple[str, int, int]]:
        shown, self.shown = self.shown, []
        return shown


@pytest.fixture
def lights() -> Lights:
    return Lights()


@pytest.fixture
def counts() -> dict[str, Count]:
    return {"rictor": Count(2, 1), "mills": Count()}


@pytest.fixture
def lamps(lights: Lights, counts: dict[str, Count]) -> Lamps:
    async def wanted() -> dict[str, Count]:
        return dict(counts)

    return Lamps(wanted, lights)


async def test_only_what_changed_is_told(lamps: Lamps, lights: Lights, counts: dict[str, Count]) -> None:
    await lamps.once()
    assert lights.told() == [("rictor", 2, 1), ("mills", 0, 0)]
    await lamps.once()
    assert lights.told() == []
    counts["mills"] = Count(1)
    await lamps.once()
    assert lights.told() == [("mills", 1, 0)]


async def test_a_new_link_is_told_everything(lamps: Lamps, lights: Lights) -> None:
    await lamps.once()
    lights.told()
    lights.epoch = 2
    await lamps.once()
    assert len(lights.told()) == 2


async def test_without_a_link_nothing_is_told(lamps: Lamps, lights: Lights) -> None:
    lights.epoch = None
    await lamps.once()
    assert lights.told() == []


async def test_what_could_not_be_told_is_told_the_next_time(lamps: Lamps, lights: Lights) -> None:
    lights.broken = True
    with pytest.raises(LinkLost):
        await lamps.once()
    lights.broken = False
    await lamps.once()
    assert len(lights.told()) == 2


async def test_the_lamp_of_one_who_left_goes_dark(lamps: Lamps, lights: Lights, counts: dict[str, Count]) -> None:
    await lamps.once()
    lights.told()
    del counts["rictor"]
    await lamps.once()
    assert lights.told() == [("rictor", 0, 0)]
    await lamps.once()
    assert lights.told() == []
