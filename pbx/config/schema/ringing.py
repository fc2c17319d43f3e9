"""How people are reached: rules by the hour, and numbers outside of the practice."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pbx.config.hours import Days, Hours
from pbx.config.schema.section import Section
from pbx.config.values import About, Key, Keys, Line, TimeZone

LONGEST_DELAY = 60

After = Annotated[dict[Key, Annotated[int, Field(ge=0, le=LONGEST_DELAY)]], Field(min_length=1)]
"""Seconds after which something of a ring begins, by its name."""


class ReachSection(Section):
    """A reach-me rule of a person. The first that holds decides; where none does, the phones ring and then the cell."""

    hours: Annotated[
        dict[Days, Hours] | None,
        Field(min_length=1),
        About("When it holds, as in schedules. Left out: at any time.", '{ weekdays = "17:00-22:00" }'),
    ] = None
    timezone: Annotated[TimeZone | None, About("If it is not the practice's.", '"America/Chicago"')] = None
    ring: Annotated[
        Keys,
        About('Phones of this person, and "cell". [] rings nothing, unless the person is on call.', '["desk", "cell"]'),
    ]
    after: Annotated[After | None, About("What of it begins later.", "{ cell = 15 }", unit="seconds")] = None


class OutsideSection(Section):
    """A number outside that belongs to no person. Whoever answers there presses 1 to take a call."""

    name: Annotated[Line, About("The name that people read.", '"Answering service"')]
    number: Annotated[Line, About("Its telephone number.", '"+17175550160"')]
