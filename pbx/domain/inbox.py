"""The life of a message among people: opened, saved, claimed, done, noted on, forwarded, deleted and taken back.

Each change is a pure function of the case: it gives what becomes of the message and what is written down of it, None
where nothing changes, or raises `Refused`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pbx.domain.call import MessageRecord

LONGEST_NOTE = 2000

_PERSON = "person/"


class State(StrEnum):
    """What the readers of a mailbox have made of a message. One that is deleted keeps the state that it had."""

    NEW = "new"
    HEARD = "heard"
    SAVED = "saved"


class Deed(StrEnum):
    """What somebody did with a message."""

    LISTED = "listed"
    READ = "read"
    LISTENED = "listened"
    EXPORTED = "exported"
    SAVED = "saved"
    CLAIMED = "claimed"
    RELEASED = "released"
    DONE = "done"
    REOPENED = "reopened"
    NOTED = "noted"
    FORWARDED = "forwarded"
    DELETED = "deleted"
    UNDELETED = "undeleted"


class How(StrEnum):
    """The way on which somebody came to a message."""

    COMMAND = "command"
    PHONE = "phone"
    API = "api"


class Why(StrEnum):
    """Why something is refused, for those who cannot show a sentence (a phone says it its own way)."""

    UNKNOWN = "unknown"
    OWNED = "owned"
    DONE = "done"
    NOT_DONE = "not-done"
    DELETED = "deleted"
    NOT_DELETED = "not-deleted"
    TOO_LATE = "too-late"
    HELD = "held"
    BAD_TIME = "bad-time"
    BAD_NOTE = "bad-note"
    NO_MAILBOX = "no-mailbox"


class Refused(Exception):
    """What was asked for is not done; the text is a sentence that says what to do, without patient data."""

    def __init__(self, why: Why, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why


@dataclass(frozen=True, slots=True)
class Who:
    """Who does something: `name` is what messages and history show, `account` is held to account in the audit.

    A person of the practice's file is `person/<key>` and sees the mailboxes that the file gives them; any other name
    is an operator's, who sees all. Where `only` is given, no other mailbox than these is seen.
    """

    name: str
    account: str
    how: How
    only: tuple[str, ...] | None = None

    @classmethod
    def person(cls, key: str, how: How, account: str | None = None, only: tuple[str, ...] | None = None) -> Who:
        """A person by its key in the practice's file; without an account the person answers for it."""
        return cls(f"{_PERSON}{key}", account or f"{_PERSON}{key}", how, only)

    @property
    def key(self) -> str | None:
        """The person's key, or None for an operator."""
        return person_in(self.name)


def person_in(name: str) -> str | None:
    """The key of a person, of the name of an owner or of whoever did something."""
    return name.removeprefix(_PERSON) if name.startswith(_PERSON) else None


def in_words(name: str) -> str:
    """A name as it stands in sentences."""
    return person_in(name) or name


@dataclass(frozen=True, slots=True)
class Done:
    """Somebody finished with a message; `called_back_at` is when the patient was called, None if nobody had to call."""

    by: str
    at: datetime
    called_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a message stands. `owner` is the one who takes care of it (or took care, once it is done)."""

    state: State = State.NEW
    owner: str | None = None
    claimed_at: datetime | None = None
    done: Done | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether somebody still has to take care of it."""
        return self.done is None and self.deleted_at is None


@dataclass(frozen=True, slots=True)
class Case:
    """A message as a change finds it. `held`: it is on legal hold."""

    message: UUID
    mailbox: str
    received_at: datetime
    held: bool
    standing: Standing


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a case. `text` may hold what a patient said; `about` (for history and audit) never does."""

    deed: Deed
    standing: Standing
    text: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    mailbox: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a message's history."""

    at: datetime
    by: str
    how: How
    deed: Deed
    text: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """A message as people find it in a mailbox."""

    message: MessageRecord
    standing: Standing
    held: bool = False


def opened(case: Case, deed: Deed) -> Change:
    """Somebody read it, listened to it or took a copy: it is new no longer. A deleted one may be looked at too."""
    now = case.standing
    return Change(deed, replace(now, state=State.HEARD) if now.state is State.NEW else now)


def saved(case: Case) -> Change | None:
    """Keep it apart from what was only heard."""
    _must_be_there(case)
    if case.standing.state is State.SAVED:
        return None
    return Change(Deed.SAVED, replace(case.standing, state=State.SAVED))


def claimed(case: Case, who: Who, at: datetime) -> Change | None:
    """Take care of it. One owner at a time: refused, with who it is, if somebody else does."""
    _must_be_unfinished(case)
    if case.standing.owner == who.name:
        return None
    _must_be_free_for(case, who)
    return Change(Deed.CLAIMED, replace(case.standing, owner=who.name, claimed_at=at))


def released(case: Case) -> Change | None:
    """Give it back to all. Anybody who sees the mailbox may, so that nothing waits for one who is away."""
    _must_be_unfinished(case)
    owner = case.standing.owner
    if owner is None:
        return None
    return Change(Deed.RELEASED, replace(case.standing, owner=None, claimed_at=None), about={"owner": owner})


def done(case: Case, who: Who, at: datetime, called_back_at: datetime | None = None) -> Change:
    """Finish with it. `called_back_at` (aware) is when the patient was called; None if no call was needed."""
    _must_be_unfinished(case)
    _must_be_free_for(case, who)
    if called_back_at is not None and not case.received_at <= called_back_at <= at:
        raise Refused(Why.BAD_TIME, "the call back cannot be before the message came in or in the future: correct it")
    now = case.standing
    finished = replace(
        now,
        state=State.HEARD if now.state is State.NEW else now.state,
        owner=who.name,
        claimed_at=now.claimed_at or at,
        done=Done(who.name, at, called_back_at),
    )
    about = {"called_back_at": called_back_at.isoformat()} if called_back_at else {}
    return Change(Deed.DONE, finished, about=about)


def reopened(case: Case) -> Change:
    """Take a `done` back: it is open again, with the same owner."""
    _must_be_there(case)
    if case.standing.done is None:
        raise Refused(Why.NOT_DONE, f"message {case.message} is not done: there is nothing to take back")
    return Change(Deed.REOPENED, replace(case.standing, done=None))


def noted(case: Case, text: str) -> Change:
    """Write something to it that its readers see."""
    return Change(Deed.NOTED, case.standing, text=_note(text, needed=True))


def forwarded(case: Case, who: Who, mailbox: str, text: str = "") -> Change:
    """Move it to another mailbox, where it is new and nobody's. The patient's wait goes on being counted."""
    _must_be_there(case)
    if case.standing.done is None:
        _must_be_free_for(case, who)
    if mailbox == case.mailbox:
        raise Refused(Why.NO_MAILBOX, f"message {case.message} is in the mailbox {mailbox!r} already: name another")
    now = case.standing
    kept = {} if now.done else {"owner": None, "claimed_at": None}
    moved = replace(now, state=State.NEW, **kept)
    return Change(Deed.FORWARDED, moved, _note(text), {"from": case.mailbox, "to": mailbox}, mailbox)


def deleted(case: Case, who: Who, at: datetime) -> Change:
    """Take it out of sight, until it is taken back. One on legal hold stays."""
    _must_be_there(case)
    if case.held:
        raise Refused(Why.HELD, f"message {case.message} is on legal hold: it cannot be deleted before that ends")
    if case.standing.done is None:
        _must_be_free_for(case, who)
    return Change(Deed.DELETED, replace(case.standing, deleted_at=at, deleted_by=who.name))


def undeleted(case: Case, at: datetime, within: timedelta) -> Change:
    """Take a deletion back: everything is as it was before it."""
    when = case.standing.deleted_at
    if when is None:
        raise Refused(Why.NOT_DELETED, f"message {case.message} is not deleted: there is nothing to take back")
    if at - when > within:
        sentence = f"message {case.message} was deleted more than {within.days} days ago: that is not taken back"
        raise Refused(Why.TOO_LATE, f"{sentence} (undelete_days in [voicemail])")
    return Change(Deed.UNDELETED, replace(case.standing, deleted_at=None, deleted_by=None))


def _note(text: str, *, needed: bool = False) -> str:
    text = text.strip()
    if needed and not text:
        raise Refused(Why.BAD_NOTE, "the note is empty: write what your colleagues should know")
    if len(text) > LONGEST_NOTE:
        raise Refused(Why.BAD_NOTE, f"the note is longer than {LONGEST_NOTE} characters: shorten it")
    return text


def _must_be_there(case: Case) -> None:
    if case.standing.deleted_at is not None:
        raise Refused(Why.DELETED, f"message {case.message} is deleted: undelete it first")


def _must_be_unfinished(case: Case) -> None:
    _must_be_there(case)
    if case.standing.done is not None:
        by = in_words(case.standing.done.by)
        raise Refused(Why.DONE, f"message {case.message} is done, by {by}: take that back first (done --undo)")


def _must_be_free_for(case: Case, who: Who) -> None:
    owner = case.standing.owner
    if owner not in (None, who.name):
        raise Refused(Why.OWNED, f"{in_words(owner or '')} takes care of message {case.message}: it has to be released")
