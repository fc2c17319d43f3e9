"""People, teams and what callers hear of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import model_validator

from pbx.config.schema.ringing import ReachSection
from pbx.config.schema.section import Section
from pbx.config.values import (
    About,
    Keys,
    Language,
    Line,
    SomeKeys,
    Text,
    wrong,
)


class PersonSection(Section):
    """Somebody of the practice. Each has a mailbox of the same name as the key."""

    name: Annotated[Line, About("The name that people read.", '"Dr. Kenneth Rictor"')]
    phones: Annotated[
        Keys,
        About("SIP accounts of this person; all of them ring at once.", '["rictor-desk", "rictor-home"]', shown=True),
    ] = []
    cell: Annotated[
        Line | None,
        About(
            "A number outside that joins in after 10 seconds; who answers it presses 1. Callers never see it.",
            '"+17175550161"',
        ),
    ] = None
    email: Annotated[
        Line | None, About("Where notices of messages go, if [notices] says so.", '"rictor@example.com"')
    ] = None
    reach: Annotated[
        list[ReachSection],
        About(
            "Rules for what rings at which hour, also as [[people.rictor.reach]].",
            '[{ hours = { weekdays = "17:00-22:00" }, ring = ["rictor-home", "cell"], after = { cell = 15 } }]',
        ),
    ] = []


class TeamSection(Section):
    """People who are rung together and share a mailbox."""

    name: Annotated[Line, About("The name that people read.", '"Front desk"')]
    members: Annotated[SomeKeys, About("Keys of people.", '["rictor"]')]


class TranslationSection(Section):
    """A prompt in another language. The voice speaks English only: record any other."""

    file: Annotated[Text | None, About("A WAV or MP3 file.", '"closed-es.wav"', shown=True)] = None
    text: Annotated[Text | None, About("Spoken by the machine, where it is English.", '"We are closed."')] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> TranslationSection:
        if (self.text is None) == (self.file is None):
            raise wrong("does not say one thing", 'write file = "...wav"')
        return self


Translations = Annotated[
    dict[Language, TranslationSection],
    About("The same in other languages of the practice.", '{ es = { file = "closed-es.wav" } }'),
]


class PromptSection(Section):
    """A prompt of the program's own: emergency, thanks, default or menu-again."""

    translations: Translations = {}


class GreetingSection(Section):
    """What a caller hears before the tone, spoken or recorded. The key `default` words the general one."""

    text: Annotated[
        Text | None,
        About(
            "Spoken by the machine.",
            '"You have reached Scotland Family Medicine. We are closed. Leave a message, and we call back tomorrow."',
            shown=True,
        ),
    ] = None
    file: Annotated[Text | None, About("A WAV or MP3 file, beside this file or with its path.", '"closed.wav"')] = None
    says: Annotated[
        Text | None,
        About("What the recording in `file` says, so that `check` can look at it; callers never hear it.", '"..."'),
    ] = None

    translations: Translations = {}

    @model_validator(mode="after")
    def _one_of_two(self) -> GreetingSection:
        if self.text is None and self.file is None:
            raise wrong("says nothing", 'add text = "..." or file = "...wav"')
        if self.text is not None and self.file is not None:
            raise wrong("has both a text and a file", "keep one of the two")
        if self.says is not None and self.file is None:
            raise wrong("tells what a recording says, and names none", 'write text = "..." instead, or add file')
        return self
