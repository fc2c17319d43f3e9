"""What is done with a call: by a number, and by the menus of a phone tree."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from pbx.config.schema.people import Translations
from pbx.config.schema.ringing import After
from pbx.config.schema.section import Section
from pbx.config.values import (
    About,
    Key,
    Language,
    Line,
    MenuKey,
    SomeKeys,
    Text,
    wrong,
)

DEFAULT_RING_SECONDS = 25
"""Shorter than the 30 s after which some carriers stop waiting for an answer."""

DEFAULT_ROUNDS, DEFAULT_INTERVAL = 3, 120


class ActionSection(Section):
    """One thing that is done with a call: `ring`, `oncall`, `voicemail`, `urgent` (with its voicemail), or `menu`."""

    ring: Annotated[SomeKeys | None, About("Keys of people, teams or [outside]; they ring at once.", '"rictor"')] = None
    after: Annotated[
        After | None,
        About("Who of them begins to ring later, while the others ring on.", "{ front-desk = 10 }", unit="seconds"),
    ] = None
    one_by_one: Annotated[
        Literal[True] | None, About("One after the other instead, each for the seconds given.", "true")
    ] = None
    oncall: Annotated[Key | None, About("Key of a rota; whoever is on call is rung, then the backup.", '"doctors"')] = (
        None
    )
    seconds: Annotated[
        int | None,
        Field(ge=5, le=120),
        About(f"How long it rings. Left out: {DEFAULT_RING_SECONDS}.", "25", unit="seconds"),
    ] = None
    voicemail: Annotated[Key | None, About("Key of the person or team whose mailbox it is.", '"rictor"')] = None
    greeting: Annotated[Key | None, About("Key of a greeting. Left out: a general one.", '"after-hours"')] = None
    menu: Annotated[Key | None, About("Key of a menu, which is then the last that is done.", '"main"')] = None
    urgent: Annotated[
        Key | None,
        About(
            "Key of a rota: the caller records the problem (into `voicemail`) and keys a number; then whoever is on "
            "call is fetched, or calls back. The last that is done.",
            '"doctors"',
        ),
    ] = None
    rounds: Annotated[
        int | None,
        Field(ge=1, le=10),
        About(f"With `urgent`: how often everybody is asked before it gets slower. Left out: {DEFAULT_ROUNDS}.", "3"),
    ] = None
    interval: Annotated[
        int | None,
        Field(ge=10, le=1800),
        About(
            f"With `urgent`: nobody is asked twice within this time. Left out: {DEFAULT_INTERVAL}.",
            "120",
            unit="seconds",
        ),
    ] = None

    def to_do(self) -> list[object]:
        """What is to be done: one thing in a right section."""
        voicemail = self.voicemail if self.urgent is None else None  # of the urgent path it is a part
        return [thing for thing in (self.ring, self.oncall, voicemail, self.menu, self.urgent) if thing is not None]

    @model_validator(mode="after")
    def _one_of_them(self) -> ActionSection:
        if len(self.to_do()) != 1:
            remedy = 'write { ring = "..." }, { oncall = "..." }, { voicemail = "..." } or { menu = "..." }'
            raise wrong("does not say one thing to do", remedy)
        if self.ring is None and self.oncall is None and self.urgent is None and self.seconds is not None:
            raise wrong("gives seconds to what does not ring", "seconds belong to ring; see [voicemail] max_seconds")
        if self.ring is None and (self.after is not None or self.one_by_one is not None):
            raise wrong("says how to ring to what does not ring", "after and one_by_one belong to ring")
        if self.after is not None and self.one_by_one is not None:
            raise wrong("rings one by one and later at the same time", "keep after or one_by_one")
        if self.voicemail is None and self.greeting is not None:
            raise wrong("gives a greeting to what is no voicemail", "a greeting belongs to voicemail")
        return self

    @model_validator(mode="after")
    def _urgent_is_whole(self) -> ActionSection:
        if self.urgent is not None and self.voicemail is None:
            raise wrong("does not say where the urgent message goes", 'add voicemail = "..." beside urgent')
        if self.urgent is None and (self.rounds is not None or self.interval is not None):
            raise wrong("gives rounds or an interval to what is not urgent", "they belong to urgent")
        if self.urgent is not None and self.greeting is not None:
            raise wrong("gives a greeting to the urgent path, which says itself what happens", "take greeting out")
        return self


Actions = list[ActionSection]


class OptionSection(ActionSection):
    """What a key of a menu does: one action, or `repeat` or `back`."""

    say: Annotated[Line | None, About("Spoken after the menu's own words.", '"For refills, press 1."')] = None
    repeat: Annotated[Literal[True] | None, About("The same menu is played again.", "true")] = None
    back: Annotated[Literal[True] | None, About("Back to the menu before.", "true")] = None
    language: Annotated[
        Language | None,
        About("The language of the rest of the call; alone: this menu once more, in that language.", '"es"'),
    ] = None

    def to_do(self) -> list[object]:
        found = [*super().to_do(), *(jump for jump in (self.repeat, self.back) if jump)]
        return found or [thing for thing in (self.language,) if thing]

    @model_validator(mode="after")
    def _language_leads_on(self) -> OptionSection:
        if self.language is not None and (self.repeat or self.back):
            raise wrong("changes the language and goes back", "write language alone: it plays this menu once more")
        return self


def _form(value: object) -> str | None:
    return "[list]" if isinstance(value, list) else "[table]" if isinstance(value, dict | OptionSection) else None


MenuOption = Annotated[
    Annotated[OptionSection, Tag("[table]")] | Annotated[Actions, Tag("[list]")], Discriminator(_form)
]


class MenuSection(Section):
    """A menu of a phone tree: the caller hears it and presses a key. Leads no deeper than three menus."""

    say: Annotated[Text | None, About("Spoken by the machine.", '"For refills, press 1."', shown=True)] = None
    file: Annotated[
        Text | None, About("A WAV or MP3 file instead, beside this file or with its path.", '"menu.wav"')
    ] = None
    options: Annotated[
        dict[MenuKey, MenuOption],
        Field(min_length=1),
        About(
            'What each key does: 0-9, "*" or "#". At most four are advised.',
            '{ 1 = [{ ring = "rictor" }, { voicemail = "rictor" }], 9 = { repeat = true } }',
        ),
    ]
    timeout_seconds: Annotated[int, Field(ge=2, le=30), About("How long it waits for a key.", "6", unit="seconds")] = 6
    tries: Annotated[int, Field(ge=1, le=5), About("How often it is played to one who chooses nothing.", "3")] = 3
    otherwise: Annotated[
        Actions | None,
        About(
            "What is done in turn for one who chooses nothing. Left out: the number's voicemail.",
            '[{ voicemail = "rictor" }]',
        ),
    ] = None

    translations: Translations = {}

    @model_validator(mode="after")
    def _says_something(self) -> MenuSection:
        spoken = [option.say for option in self.options.values() if isinstance(option, OptionSection) and option.say]
        if self.file is None and self.say is None and not spoken:
            raise wrong("says nothing", 'add say = "..." or file = "...wav"')
        if self.file is not None and (self.say is not None or spoken):
            raise wrong("has both a text and a file", "keep one of the two")
        return self


class NumberSection(Section):
    """One telephone number of the practice. Either the short form, or lists of what is done in turn."""

    label: Annotated[Line | None, About("What people call this number.", '"Dr. Rictor"', shown=True)] = None
    language: Annotated[Language | None, About("What its callers hear. Left out: the first language.", '"es"')] = None
    schedule: Annotated[Key | None, About("Key of a schedule. Left out: always open.", '"office"', shown=True)] = None
    ring: Annotated[SomeKeys | None, About("Short form: whom to ring when open.", '"rictor"', shown=True)] = None
    seconds: Annotated[
        int | None,
        Field(ge=5, le=120),
        About(f"Short form: how long it rings. Left out: {DEFAULT_RING_SECONDS}.", "25", unit="seconds"),
    ] = None
    voicemail: Annotated[
        Key | None,
        About("Short form: whose mailbox takes the message. Left out: that of `ring`.", '"front-desk"', shown=True),
    ] = None
    greeting: Annotated[Key | None, About("Short form: greeting when nobody answers.", '"after-hours"')] = None
    closed_greeting: Annotated[Key | None, About("Short form: greeting when closed.", '"after-hours"', shown=True)] = (
        None
    )
    open: Annotated[
        Actions | None,
        About(
            "Long form: what is done in turn when open.",
            '[{ ring = "rictor", seconds = 25 }, { voicemail = "rictor" }]',
        ),
    ] = None
    closed: Annotated[
        Actions | None,
        About("Long form: what is done in turn when closed.", '[{ voicemail = "rictor", greeting = "after-hours" }]'),
    ] = None
