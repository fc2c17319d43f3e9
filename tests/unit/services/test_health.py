from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pbx.services.health import Health, Part, Watched

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


def test_trouble_says_since_when_what_callers_notice_and_what_to_do() -> None:
    clock = Clock()
    health = Health(clock)
    for part in Part:
        health.working(part)
    assert not list(health.troubles)
    clock.now = START + timedelta(minutes=1)
    health.failing(Part.DATABASE, "the disk is full")
    health.watch(Watched.SPOOL, "it is not mounted")
    clock.now = START + timedelta(minutes=2)
    health.watch(Watched.SPOOL, "it is read-only")
    database, spool = health.troubles
    assert (database.what, database.detail) == ("database", "the disk is full")
    assert (spool.what, spool.detail, spool.since) == ("spool", "it is read-only", START + timedelta(minutes=1))
    assert not health.ready
    health.working(Part.DATABASE)
    assert health.ready  # the spool's trouble does not make the server unready
    health.watch(Watched.SPOOL, None)
    assert not list(health.troubles)


def test_each_thing_that_can_fail_has_its_words() -> None:
    health = Health()
    for watched in Watched:
        health.watch(watched, "something")
    assert {trouble.what for trouble in health.troubles} == {*Part, *Watched}
    assert all(trouble.callers.endswith(".") and trouble.remedy.endswith(".") for trouble in health.troubles)
