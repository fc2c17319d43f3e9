"""Who is on call when."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from pbx.config.hours import Days
from pbx.config.rota_times import Clock, Day, Period, ShiftHours, Weekday, When
from pbx.config.schema.section import Section
from pbx.config.values import (
    About,
    Key,
    Keys,
    Line,
    SomeKeys,
    TimeZone,
    as_list,
    wrong,
)


class ShiftSection(Section):
    """A weekly shift of a rota."""

    days: Annotated[Days, About("Days on which it begins.", '"mon-thu"')]
    hours: Annotated[ShiftHours, About("When it begins and ends; over midnight too.", '"17:00-08:00"')]
    people: Annotated[SomeKeys, About("Keys of people, in the order in which they are rung.", '["rictor"]')]


class SwapSection(Section):
    """A single swap: somebody else stands in for a time."""

    off: Annotated[Key, About("Key of the person who is replaced.", '"rictor"')]
    on: Annotated[Key, About("Key of the person who stands in.", '"okafor"')]
    start: Annotated[When, About("From when, in the rota's time zone.", '"2026-12-24T08:00"')]
    end: Annotated[When, About("Until when.", '"2026-12-26T08:00"')]
    reason: Annotated[Line | None, About("Why, for those who read it.", '"family"')] = None


class RotaSection(Section):
    """Who is on call when: people who take `turns` from a start date on, or weekly `shifts`."""

    timezone: Annotated[TimeZone | None, About("If it is not the practice's.", '"America/Chicago"')] = None
    turns: Annotated[
        list[SomeKeys] | None,
        Field(min_length=1),
        BeforeValidator(as_list),
        About(
            "People who take turns; those of an inner list have a turn together, in that order.",
            '["rictor"]',
            shown=True,
        ),
    ] = None
    start: Annotated[Day | None, About("The date on which the first turn begins.", '"2026-01-05"', shown=True)] = None
    period: Annotated[Period | None, About("How long a turn is: day, week, 10 days.", '"week"', shown=True)] = None
    hand_over: Annotated[Clock | None, About("When a turn begins, in 24 hours.", '"08:00"', shown=True)] = None
    hand_over_day: Annotated[
        Weekday | None,
        About("On which day it begins, where turns are of whole weeks; `start` is one.", '"mon"', shown=True),
    ] = None
    shifts: Annotated[
        list[ShiftSection] | None,
        Field(min_length=1),
        About(
            "Weekly shifts instead of turns.",
            '[{ days = "mon-thu", hours = "17:00-08:00", people = ["rictor", "okafor"] }]',
        ),
    ] = None
    backup: Annotated[
        Keys, About("Rung after them at any time, and alone where nobody has a shift.", '["okafor"]')
    ] = []
    swaps: Annotated[
        list[SwapSection],
        About(
            "Single swaps; `secondline oncall swap` makes them too.",
            '[{ off = "rictor", on = "okafor", start = "2026-12-24T08:00", end = "2026-12-26T08:00" }]',
        ),
    ] = []

    @model_validator(mode="after")
    def _one_plan(self) -> RotaSection:
        if (self.turns is None) == (self.shifts is None):
            raise wrong("does not say one way of taking turns", 'add turns = ["..."] or shifts = [{ ... }], not both')
        if self.turns is not None and None in (self.start, self.period, self.hand_over):
            raise wrong(
                "has turns without their times", 'add start = "2026-01-05", period = "week", hand_over = "08:00"'
            )
        if self.shifts is not None and {self.start, self.period, self.hand_over, self.hand_over_day} != {None}:
            raise wrong("gives times of turns to shifts", "take out start, period, hand_over and hand_over_day")
        return self
