"""What the practice wants: the checked content of its file, as immutable values with every reference resolved."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pbx.domain.actions import Action, Voicemail, fallback_of
from pbx.domain.callback import Limits
from pbx.domain.callers import NO_RULES, CallerRules, Contact
from pbx.domain.emergency import Place
from pbx.domain.hints import Reading
from pbx.domain.notices import NoticePlan
from pbx.domain.oncall import Rota
from pbx.domain.outbound_rules import OutboundRules
from pbx.domain.people import Outside, Person
from pbx.domain.remembered import Remembered
from pbx.domain.schedule import Schedule
from pbx.domain.templates import Channel
from pbx.domain.texting import NO_TEXTS, Texting
from pbx.domain.watch import Watch

UNASSIGNED_MAILBOX = "unassigned"
"""Where a message goes whose number is no longer in the file: nothing is thrown away."""


@dataclass(frozen=True, slots=True)
class Number:
    """One practice number (E.164) and what happens to its calls.

    `schedule` None means always open. `opened` and `closed` are taken in order; each ends in a `Voicemail`,
    an `Urgent` or a `Menu`, and there is a mailbox in them, or in what a menu of theirs does for one who chooses
    nothing. Callers hear `language`; None is the practice's first.
    """

    e164: str
    label: str
    schedule: Schedule | None
    opened: tuple[Action, ...]
    closed: tuple[Action, ...]
    callers: CallerRules = NO_RULES
    language: str | None = None

    @property
    def fallback_voicemail(self) -> Voicemail:
        """Where a message goes that was taken without the controller: that of a closed line, then of an open one."""
        found = fallback_of((*self.closed, *self.opened))
        if found is None:
            raise ValueError("a number without a voicemail")
        return found


@dataclass(frozen=True, slots=True)
class Phone:
    """A SIP account: `name` is the endpoint in Asterisk, `owner` the person's key, `display` the person's name."""

    name: str
    owner: str
    display: str


@dataclass(frozen=True, slots=True)
class Greeting:
    """A spoken text or an audio file; exactly one of `text` and `file` (an absolute path) is set."""

    name: str
    text: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """All that decides about a call. `version` is the SHA-256 (hex) of the file's text it was made from.

    `country` is an ISO 3166-1 alpha-2 code (for numbers without a country code), `timezone` an IANA name (for times
    shown). `max_message_seconds` bounds one recording; `mailboxes` maps a mailbox's key to the name that people read,
    `menu_prompts` a prompt's name to what a menu says, `translations` its name to a prompt in another language than the
    first of `languages` (`pbx.domain.languages`), `contacts` a number (E.164) to whose it is. `snow_day_greeting` is
    that of closed lines on a snow day; `music` is heard while it rings (None: ring-back). `reading` is what the
    practice knows of its messages' words. `members` maps a mailbox to the people (keys) who see it, `call_back` says
    within which time patients are called back, `undelete_days` how long a deletion can be undone. `notices` says by
    mailbox who hears of its messages, `channels` by key what may be said over each. `outbound` says who may call
    numbers outside (None: the file does not speak of it, and nobody does), `places` where phones stand that call 911,
    `texting` whose texts are whose, `watch` who hears of trouble with Secondline itself.
    """

    version: str
    practice: str
    country: str
    timezone: str
    emergency_sentence: str
    numbers: Mapping[str, Number]
    phones: tuple[Phone, ...] = ()
    greetings: Mapping[str, Greeting] = field(default_factory=dict)
    mailboxes: Mapping[str, str] = field(default_factory=dict)
    menu_prompts: Mapping[str, Greeting] = field(default_factory=dict)
    max_message_seconds: int = 180
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    snow_day_greeting: str | None = None
    people: Mapping[str, Person] = field(default_factory=dict)
    outside: Mapping[str, Outside] = field(default_factory=dict)
    music: Greeting | None = None
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    translations: Mapping[str, Greeting] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    notices: Mapping[str, NoticePlan] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    call_back: Limits = field(default_factory=Limits)
    undelete_days: int = 30
    outbound: OutboundRules | None = None
    places: tuple[Place, ...] = ()
    texting: Texting = NO_TEXTS
    told: Remembered[Hashable, Any] = field(default_factory=Remembered, init=False, repr=False, compare=False)
    """What calls were told last, for `pbx.domain.routing`."""
    reached_by_hours: frozenset[str] = field(default=frozenset(), init=False, repr=False, compare=False)
    """Keys of the people whose reach-me rules follow hours."""
    _phones_of: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_hours = (key for key, person in self.people.items() if any(rule.hours for rule in person.reach))
        object.__setattr__(self, "reached_by_hours", frozenset(by_hours))

    def phones_of(self, person: str) -> tuple[str, ...]:
        """The endpoints of a person (its key); empty for somebody who is not in the file."""
        if person not in self._phones_of:
            self._phones_of[person] = tuple(phone.name for phone in self.phones if phone.owner == person)
        return self._phones_of[person]

    def owner_of(self, phone: str) -> str | None:
        """Whose phone (endpoint name) it is: the person's key."""
        return next((known.owner for known in self.phones if known.name == phone), None)

    @property
    def calls_out(self) -> bool:
        """Whether the practice's people call numbers outside at all."""
        return self.outbound is not None and not self.outbound.inbound_only

    def may_call_out(self, person: str) -> bool:
        """Whether a person (its key) may call numbers outside at all."""
        return self.outbound is not None and not self.outbound.inbound_only and person in self.outbound.people

    def can_ring(self, person: str) -> bool:
        """Whether a person (its key) has a phone or a cell."""
        known = self.people.get(person)
        return known.can_ring if known else bool(self.phones_of(person))

    @property
    def outside_numbers(self) -> dict[str, str]:
        """Every number outside (E.164) that may be called, by the name that an `OutsideTarget` has."""
        cells = {person.key: person.cell for person in self.people.values() if person.cell is not None}
        return cells | {key: outside.e164 for key, outside in self.outside.items()}
