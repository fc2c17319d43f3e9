"""Who is calling: the contacts, and what is done with callers of a kind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from pbx.config.schema.actions import Actions, NumberSection
from pbx.config.schema.section import Section
from pbx.config.schema.texts import LineTextsSection
from pbx.config.values import About, Key, SomeKeys, Text, as_list, wrong

_ACTIONS = '[{ voicemail = "rictor" }]'
_RING = '[{ ring = "rictor" }, { voicemail = "rictor" }]'
_CALLS = '[{ voicemail = "rictor", greeting = "after-hours" }]'


class ContactsSection(Section):
    """People whom the practice knows, from a spreadsheet."""

    file: Annotated[
        Text,
        About(
            "A CSV file with the columns number, name, groups and note, beside this file or with its path.",
            '"contacts.csv"',
        ),
    ]


class RuleSection(Section):
    """What is done with callers of a kind, in the order blocked, priority, repeated, withheld, unknown."""

    always: Annotated[Actions | None, About("What is done in turn, open or closed.", _ACTIONS)] = None
    open: Annotated[Actions | None, About("What is done in turn when open. Left out: as with everybody.", _RING)] = None
    closed: Annotated[
        Actions | None, About("What is done in turn when closed. Left out: as with everybody.", _CALLS)
    ] = None

    @property
    def to_do(self) -> bool:
        """Whether it says what is done."""
        return any(actions is not None for actions in (self.always, self.open, self.closed))

    @model_validator(mode="after")
    def _one_way(self) -> RuleSection:
        if self.always is not None and (self.open is not None or self.closed is not None):
            raise wrong("has `always` beside `open` or `closed`", "keep `always`, or say both `open` and `closed`")
        return self


class RefusalSection(RuleSection):
    """A rule that may turn callers away."""

    hang_up_after: Annotated[
        Key | None,
        About("Key of a greeting: after the emergency sentence it is all that they hear.", '"after-hours"'),
    ] = None

    @model_validator(mode="after")
    def _refuses_or_acts(self) -> RefusalSection:
        if self.hang_up_after is not None and self.to_do:
            raise wrong("says what is done and hangs up as well", "keep hang_up_after, or the lists of what is done")
        return self


class BlockedSection(RefusalSection):
    """Contacts who are turned away: they hear the emergency sentence, that the call cannot be taken, and are logged."""

    groups: Annotated[SomeKeys, About("Groups of contacts.", '"blocked"')] = ["blocked"]


class PrioritySection(RuleSection):
    """Contacts who ring through when closed. Left out what is done: their calls ring as if open."""

    groups: Annotated[SomeKeys, About("Groups of contacts.", '["priority", "hospital"]')] = ["priority"]
    at_most: Annotated[
        int, Field(ge=1, le=50), About("So many calls of one number ring through; more are as anybody's.", "3")
    ] = 3
    minutes: Annotated[int, Field(ge=1, le=10080), About("Within so long they are counted.", "60", unit="minutes")] = 60
    stir_shaken: Annotated[
        Literal["ignore", "not-failed", "passed"],
        About("What the carrier's check of the number must say: ignore, not-failed or passed.", '"not-failed"'),
    ] = "not-failed"


class RepeatedSection(RuleSection):
    """Somebody who calls again within minutes, as one does in need."""

    calls: Annotated[int, Field(ge=2, le=20), About("From this call on, counted from the first.", "2")] = 2
    minutes: Annotated[int, Field(ge=1, le=1440), About("Within so long they are counted.", "10", unit="minutes")] = 10


class WithheldSection(RefusalSection):
    """Callers who hide their number."""


class UnknownSection(RefusalSection):
    """Callers who are not among the contacts."""


class FrequentSection(Section):
    """Somebody who calls often: messages are taken after a greeting that says what to expect."""

    calls: Annotated[int, Field(ge=2, le=50), About("From this call on, counted from the first.", "5")] = 5
    days: Annotated[int, Field(ge=1, le=31), About("Within so long they are counted.", "7", unit="days")] = 7
    greeting: Annotated[Key, About("Key of the greeting.", '"after-hours"')]


class CallersSection(Section):
    """Rules by who is calling. The first of blocked, priority, repeated, withheld and unknown that fits decides."""

    blocked: Annotated[
        BlockedSection | None,
        About("Contacts who are turned away. Left out: those of the group blocked.", '{ groups = ["blocked"] }'),
    ] = None
    priority: Annotated[
        PrioritySection | None,
        About(
            "Contacts who ring through when closed. Left out: those of the group priority.",
            '{ groups = ["priority"], at_most = 3, minutes = 60 }',
        ),
    ] = None
    repeated: Annotated[
        RepeatedSection | None,
        About("Somebody who calls again within minutes.", f"{{ calls = 2, minutes = 10, closed = {_RING} }}"),
    ] = None
    withheld: Annotated[
        WithheldSection | None, About("Callers who hide their number.", f"{{ always = {_ACTIONS} }}")
    ] = None
    unknown: Annotated[
        UnknownSection | None, About("Callers who are not among the contacts.", f"{{ open = {_ACTIONS} }}")
    ] = None
    frequent: Annotated[
        FrequentSection | None,
        About("Somebody who calls often.", '{ calls = 5, days = 7, greeting = "after-hours" }'),
    ] = None


class NumberCallersSection(CallersSection):
    """What is different for the callers of one number: a rule here goes before the one of [callers]."""

    without: Annotated[
        Annotated[
            list[Literal["blocked", "priority", "repeated", "withheld", "unknown", "frequent"]],
            BeforeValidator(as_list),
        ],
        About("Rules of [callers] that do not hold for this number.", '["unknown"]'),
    ] = []


class CalledNumberSection(NumberSection):
    """One telephone number of the practice. Either the short form, or lists of what is done in turn."""

    callers: Annotated[
        NumberCallersSection | None,
        About("What is different for callers of this number; see [callers].", '{ without = ["unknown"] }'),
    ] = None
    texts: Annotated[
        LineTextsSection | None,
        About("Texts to this number; see [texts].", '{ to = "rictor", auto_reply_closed = "We read this tomorrow." }'),
    ] = None
