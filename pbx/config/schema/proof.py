"""What the practice says about its own file: tests that it must pass, and warnings that it means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pbx.config.moments import Moment
from pbx.config.schema.section import Section
from pbx.config.values import (
    About,
    Key,
    Line,
    as_list,
)


class ExpectSection(Section):
    """A test of this file: what a call does. One that fails refuses the file; any number of them may stand here."""

    call: Annotated[Line, About("The practice number that is called.", '"+17175550100"')]
    caller: Annotated[
        Line | None,
        Field(alias="from"),
        About("Who calls, or withheld. Left out: somebody to whom no rule by caller applies.", '"(215) 555-0143"'),
    ] = None
    at: Annotated[Moment, About("When, in the practice's time zone.", '"2026-11-23T10:00"')]
    then: Annotated[
        Annotated[list[Line], BeforeValidator(as_list), Field(min_length=1)],
        About(
            "What the call does first, and next: ring, greeting, voicemail, hang up. What is not named may follow.",
            '"ring rictor, voicemail front-desk"',
        ),
    ]
    state: Annotated[Literal["open", "closed"] | None, About("How the line is then.", '"open"')] = None
    until: Annotated[Moment | None, About("When that changes.", '"2026-11-23T17:00"')] = None


class AcceptSection(Section):
    """A warning of `check` that is known and meant: it is no longer shown. Any number of them may stand here."""

    warning: Annotated[Key, About("The warning's name, as it stands in brackets.", '"closed-voicemail-only"')]
    on: Annotated[
        Annotated[list[Line], BeforeValidator(as_list), Field(min_length=1)],
        About("What the warning is about: numbers, or keys of the file.", '"+17175550100"'),
    ]
    because: Annotated[Line, About("Why that is as it should be.", '"Nights are covered by the hospital."')]
