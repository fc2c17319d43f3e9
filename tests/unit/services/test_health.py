from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pbx.services.health import Health, Part

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


def test_ready_needs_every_part() -> None:
    health = Health()
    assert not health.ready
    for part in Part:
        health.working(part)
    assert health.ready
    health.failing(Part.DATABASE, "cannot be reached")
    assert not health.ready


def test_since_moves_only_when_a_part_changes() -> None:
    clock = Clock()
    health = Health(clock)
    clock.now = START + timedelta(minutes=1)
    health.working(Part.ASTERISK, "22.10.1")
    clock.now = START + timedelta(minutes=2)
    health.working(Part.ASTERISK, "22.10.1, 1 restart")
    assert health.parts[Part.ASTERISK].since == START + timedelta(minutes=1)
    assert health.parts[Part.ASTERISK].detail == "22.10.1, 1 restart"
