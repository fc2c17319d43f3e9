"""The practice's file: which tables and keys it has. Every key says what it is for; `secondline describe` prints that.

A new table or key is a new field here; `people`, `schedules` and `numbers` turn it into the domain's values, `machine`
into settings.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from pbx.config.closed_dates import ClosedOn
from pbx.config.hours import USUAL, DayHours, Days, Hours
from pbx.config.moments import Moment
from pbx.config.rota_times import Clock, Day, Period, ShiftHours, Weekday, When
from pbx.config.values import (
    About,
    Address,
    Country,
    Host,
    Key,
    Keys,
    Line,
    MenuKey,
    Networks,
    Port,
    PortRange,
    SomeKeys,
    Sources,
    Text,
    TimeZone,
    Username,
    as_list,
    wrong,
)

DEFAULT_RING_SECONDS = 25
"""Shorter than the 30 s after which some carriers stop waiting for an answer."""


class Section(BaseModel):
    """A table of the file: unknown keys and values of another type are refused, never guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PracticeSection(Section):
    """The practice as a whole."""

    name: Annotated[Line, About("The practice's name, as people read it.", '"Scotland Family Medicine"')]
    timezone: Annotated[TimeZone, About("Time zone of the practice, by place.", '"America/New_York"')]
    country: Annotated[Country, About("Country of numbers without a country code.", '"US"')] = "US"
    emergency_sentence: Annotated[
        Text,
        About(
            "Said before every greeting of a closed line, whatever the greeting is.",
            '"If this is an emergency, hang up and dial 911."',
        ),
    ] = "If this is an emergency, hang up and dial 911."


class ServerSection(Section):
    """This machine and its network."""

    web_address: Annotated[Address, About("Where the status page listens.", '"127.0.0.1"')] = "127.0.0.1"
    web_port: Annotated[Port, About("Port of the status page (TCP).", "8080")] = 8080
    sip_address: Annotated[Address, About("Where SIP listens; 0.0.0.0 is everywhere.", '"0.0.0.0"')] = "0.0.0.0"
    sip_port: Annotated[Port, About("Port of SIP (UDP and TCP).", "5060")] = 5060
    public_address: Annotated[
        Host | None,
        About("What carrier and phones outside see, if this machine is behind NAT.", '"203.0.113.7"'),
    ] = None
    local_networks: Annotated[
        Networks, About("Networks that reach this machine without NAT.", '["192.168.1.0/24"]')
    ] = []
    rtp_ports: Annotated[
        PortRange, About("UDP ports for voice, two for each leg of a call; open them for the carrier.", '"10000-10999"')
    ] = "10000-10999"
    drain_seconds: Annotated[
        int, Field(ge=0, le=3600), About("How long a stop waits for calls in progress.", "30", unit="seconds")
    ] = 30


class DatabaseSection(Section):
    """Where calls and messages are kept. Left out: a PostgreSQL of its own in the data folder."""

    url: Annotated[
        Text | None,
        About(
            "Address of your own PostgreSQL; a password belongs into url_file.",
            '"postgresql:///secondline"',
            secret=True,
        ),
    ] = None
    url_file: Annotated[
        Text | None, About("A file that holds the address, beside this one or with its path.", '"database-url"')
    ] = None


class TrunkSection(Section):
    """The carrier's line, from which patients' calls come."""

    carrier: Annotated[
        Text | None,
        About(
            "A known carrier, whose settings are then the defaults. Check its addresses with the carrier.", '"telnyx"'
        ),
    ] = None
    host: Annotated[Host | None, About("The carrier's SIP host.", '"sip.carrier.example"', shown=True)] = None
    port: Annotated[Port | None, About("Port of the carrier's SIP host.", "5060")] = None
    transport: Annotated[Literal["udp", "tcp"] | None, About("How SIP goes to the carrier.", '"udp"')] = None
    addresses: Annotated[
        Sources | None,
        About(
            "Calls are taken from here only: addresses, networks or names. Left out: the host.", '["203.0.113.0/28"]'
        ),
    ] = None
    username: Annotated[
        Username | None, About("Account at the carrier, where it asks for a registration.", '"practice"')
    ] = None
    password_file: Annotated[
        Text | None, About("A file that holds its password and nothing else.", '"trunk-password"')
    ] = None


class PersonSection(Section):
    """Somebody of the practice. Each has a mailbox of the same name as the key."""

    name: Annotated[Line, About("The name that people read.", '"Dr. Kenneth Rictor"')]
    phones: Annotated[
        Keys,
        About("SIP accounts of this person; all of them ring at once.", '["rictor-desk", "rictor-home"]', shown=True),
    ] = []


class TeamSection(Section):
    """People who are rung together and share a mailbox."""

    name: Annotated[Line, About("The name that people read.", '"Front desk"')]
    members: Annotated[SomeKeys, About("Keys of people.", '["rictor"]')]


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

    @model_validator(mode="after")
    def _one_of_two(self) -> GreetingSection:
        if self.text is None and self.file is None:
            raise wrong("says nothing", 'add text = "..." or file = "...wav"')
        if self.text is not None and self.file is not None:
            raise wrong("has both a text and a file", "keep one of the two")
        return self


class ExceptionSection(Section):
    """Dates with hours or a greeting of their own. They go before `closed_on` and before the hours of the week."""

    on: Annotated[
        ClosedOn,
        About("A date, a range of dates, or holidays; what is written more exactly goes first.", '"2026-12-24"'),
    ]
    open: Annotated[
        DayHours | None,
        About('All hours of these dates; "usual" for those of the week in spite of closed_on.', '"09:00-12:00"'),
    ] = None
    closed: Annotated[Literal[True] | None, About("Closed all day; instead of open.", "true")] = None
    greeting: Annotated[
        Key | None, About("What callers hear on these dates when the line is closed.", '"after-hours"')
    ] = None
    name: Annotated[Line | None, About("What people call it.", '"Christmas Eve"')] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> ExceptionSection:
        if (self.open is None) == (self.closed is None):
            raise wrong("does not say one thing", 'write open = "09:00-12:00", open = "usual" or closed = true')
        if self.open is not None and USUAL in self.open and len(self.open) > 1:
            raise wrong(f"has hours beside {USUAL!r}", f'write open = "{USUAL}" or the hours of these dates')
        return self


class ScheduleSection(Section):
    """Weekly hours, closed dates and exceptions. Outside of the hours a line is closed."""

    timezone: Annotated[TimeZone | None, About("If it is not the practice's.", '"America/Chicago"')] = None
    open: Annotated[
        dict[Days, Hours],
        About(
            "Hours of each day, in 24 hours; several in a list. Days: mon, mon-thu, weekdays, daily. "
            '22:00-06:00 runs over midnight, fri = "18:00-mon 08:00" over the weekend.',
            '{ mon-thu = "09:00-17:00", fri = ["09:00-12:00", "13:00-15:00"] }',
        ),
    ]
    closed_on: Annotated[
        list[ClosedOn],
        BeforeValidator(as_list),
        About(
            "Dates, ranges of dates, and holidays of a country or state.",
            '["us-federal-holidays", "2026-12-24..2026-12-26"]',
            shown=True,
        ),
    ] = []
    exceptions: Annotated[
        list[ExceptionSection],
        About(
            "Dates with hours or a greeting of their own, also as [[schedules.office.exceptions]].",
            '[{ on = "2026-12-24", open = "09:00-12:00", greeting = "after-hours" }]',
        ),
    ] = []
    open_calendar: Annotated[
        Text | None,
        About(
            "An iCalendar file or https address. Its events are the hours; `open` holds while it cannot be read.",
            '"hours.ics"',
            secret=True,
        ),
    ] = None
    closed_calendar: Annotated[
        Text | None,
        About(
            "An iCalendar file or https address, such as that of vacations. The line is closed during its events.",
            '"vacation.ics"',
            secret=True,
        ),
    ] = None


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


class ActionSection(Section):
    """One thing that is done with a call: `ring` somebody or whoever is `oncall`, a `voicemail`, or a `menu`."""

    ring: Annotated[SomeKeys | None, About("Keys of people or teams; all their phones ring at once.", '"rictor"')] = (
        None
    )
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

    def to_do(self) -> list[object]:
        """What is to be done: one thing in a right section."""
        return [thing for thing in (self.ring, self.oncall, self.voicemail, self.menu) if thing is not None]

    @model_validator(mode="after")
    def _one_of_them(self) -> ActionSection:
        if len(self.to_do()) != 1:
            remedy = 'write { ring = "..." }, { oncall = "..." }, { voicemail = "..." } or { menu = "..." }'
            raise wrong("does not say one thing to do", remedy)
        if self.ring is None and self.oncall is None and self.seconds is not None:
            raise wrong("gives seconds to what does not ring", "seconds belong to ring; see [voicemail] max_seconds")
        if self.voicemail is None and self.greeting is not None:
            raise wrong("gives a greeting to what is no voicemail", "a greeting belongs to voicemail")
        return self


Actions = list[ActionSection]


class OptionSection(ActionSection):
    """What a key of a menu does: one action, or `repeat` or `back`."""

    say: Annotated[Line | None, About("Spoken after the menu's own words.", '"For refills, press 1."')] = None
    repeat: Annotated[Literal[True] | None, About("The same menu is played again.", "true")] = None
    back: Annotated[Literal[True] | None, About("Back to the menu before.", "true")] = None

    def to_do(self) -> list[object]:
        return [*super().to_do(), *(jump for jump in (self.repeat, self.back) if jump)]


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


class VoicemailSection(Section):
    """Messages and how they become text. Nothing of them leaves this machine."""

    max_seconds: Annotated[int, Field(ge=10, le=900), About("Longest message.", "180", unit="seconds")] = 180
    engine: Annotated[
        Literal["moonshine", "vosk"], About("The speech recogniser: moonshine or vosk.", '"moonshine"')
    ] = "moonshine"
    vosk_model: Annotated[Text | None, About("Folder of the model, for vosk.", '"vosk-model-en-us-0.22"')] = None
    memory_mb: Annotated[
        int, Field(ge=500, le=64000), About("Most memory that the recogniser may take.", "3000", unit="megabytes")
    ] = 3000


class ExpectSection(Section):
    """A test of this file: what a call does. One that fails refuses the file; any number of them may stand here."""

    call: Annotated[Line, About("The practice number that is called.", '"+17175550100"')]
    caller: Annotated[Line | None, Field(alias="from"), About("Who calls. Left out: anybody.", '"(215) 555-0143"')] = (
        None
    )
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


class PracticeFile(Section):
    """The whole file."""

    include: Annotated[
        Annotated[list[str], BeforeValidator(as_list)],
        About("Further files, beside this one; they are read as if they stood here.", '["people.toml"]'),
    ] = []
    practice: Annotated[PracticeSection, About("The practice as a whole.", "")]
    trunk: Annotated[TrunkSection | None, About("The carrier's line.", "", shown=True)] = None
    people: Annotated[dict[Key, PersonSection], About("People, by a short key.", "rictor")] = {}
    teams: Annotated[dict[Key, TeamSection], About("Teams, by a short key.", "front-desk")] = {}
    schedules: Annotated[dict[Key, ScheduleSection], About("Schedules, by a short key.", "office")] = {}
    rotas: Annotated[dict[Key, RotaSection], About("Who is on call, by a short key.", "doctors")] = {}
    greetings: Annotated[dict[Key, GreetingSection], About("Greetings, by a short key.", "after-hours")] = {}
    menus: Annotated[dict[Key, MenuSection], About("Menus of a phone tree, by a short key.", "main")] = {}
    numbers: Annotated[dict[str, NumberSection], About("Numbers, as people write them.", "+17175550100")] = {}
    expect: Annotated[list[ExpectSection], About("Tests of this file.", "")] = []
    accept: Annotated[list[AcceptSection], About("Warnings that are known and meant.", "")] = []
    voicemail: Annotated[VoicemailSection, About("Messages.", "")] = VoicemailSection()
    server: Annotated[ServerSection, About("This machine.", "")] = ServerSection()
    database: Annotated[DatabaseSection, About("The database.", "")] = DatabaseSection()
