"""The staff writes to a patient: from a softphone or by command, from the practice's number, plainly or as a link."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID, uuid4, uuid5

import argon2

from pbx.domain.numbers import to_e164
from pbx.domain.policy import Policy
from pbx.domain.texting import State, TextRecord
from pbx.domain.texting_rules import NotSent, WhyNot, check_staff_text, lines_of
from pbx.domain.texting_words import Showing, trouble_note
from pbx.services.text_ports import DeliveryKind, NewText, Telling, TextBook

CODE_DIGITS = 6

# Few digits, so a slow hash; memory and passes are those of RFC 9106, on one core.
_HASHER = argon2.PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to send. `to` is a number as people type it; `line` None: the one that fits.

    `person` is the key of who writes it (empty: an operator, who may use every line), `secure` asks for a link.
    """

    person: str
    to: str = field(repr=False)
    body: str = field(repr=False)
    line: str | None = None
    phone: str = ""
    account: str = ""
    secure: bool = False
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The text as it was written down, and the code that opens it where it goes as a link: it is shown once."""

    record: TextRecord
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class TextWriting:
    """`policy` gives what is in force."""

    book: TextBook
    policy: Callable[[], Policy]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def write(self, wish: Wish) -> Written | None:
        """Write a text down, to be sent within a second. One that must not go is kept as refused, with its reason.

        None where a text of the id that is wished for was written before.

        Raises NotSent where it is not even known from which number to whom, and StoreUnavailable.
        """
        policy = self.policy()
        patient = _patient(wish.to, policy.country)
        line = await self._line(policy, wish, patient)
        if wish.secure and policy.texting.public_url is None:
            raise NotSent(WhyNot.NO_PAGE)
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}" if wish.secure else None
        text = NewText(
            id=wish.id or uuid4(),
            line=line,
            patient=patient,
            body=wish.body.strip(),
            at=self.now(),
            person=wish.person,
            account=wish.account,
            phone=wish.phone,
            code_hash=await asyncio.to_thread(_HASHER.hash, code) if code else "",
        )
        record = await self.book.compose(
            text,
            lambda known: check_staff_text(policy.texting, text.body, known),
            lambda record: told_of_writing(policy, record),
        )
        if record is None:
            return None
        return Written(record, code if record.state is State.WAITING else None)

    async def _line(self, policy: Policy, wish: Wish, patient: str) -> str:
        mine = lines_of(policy.texting, wish.person) if wish.person else tuple(policy.texting.lines)
        if wish.line is not None:
            if wish.line not in mine:
                raise NotSent(WhyNot.NOT_YOURS)
            return wish.line
        if not mine:
            raise NotSent(WhyNot.NO_LINE)
        return await self.book.line_with(patient, mine) or mine[0]


def fits(code_hash: str, code: str) -> bool:
    """Whether a code is the one. Takes a tenth of a second; call it beside the event loop."""
    try:
        return _HASHER.verify(code_hash, code)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


@lru_cache(maxsize=1)
def nobodys() -> str:
    """A hash that no code fits, so that a look at a link that is not there takes as long as another."""
    return _HASHER.hash(secrets.token_hex(16))


def told_of_writing(policy: Policy, record: TextRecord) -> Sequence[Telling]:
    """Whom a text of the staff is shown: the others whose line it is see it, or the writer why it was not sent."""
    if record.state is State.REFUSED:
        return list(trouble(policy, record))
    line = policy.texting.lines.get(record.line)
    people = line.people if line else ()
    phones = (
        phone_telling(record.id, person, phone, Showing.COPY)
        for person in people
        for phone in policy.phones_of(person)
        if phone != record.phone
    )
    return [*phones, *events(policy, record.id, "text.written")]


def trouble(policy: Policy, record: TextRecord) -> Iterable[Telling]:
    """Tell whoever wrote a text that it was not sent, on the phone where it was written or on all of theirs."""
    phones = (record.phone,) if record.phone else policy.phones_of(record.person)
    for phone in phones:
        yield phone_telling(record.id, record.person, phone, Showing.TROUBLE, trouble_note(record))
    yield from events(policy, record.id, f"text.{record.state}")


def events(policy: Policy, text: UUID, event: str) -> Iterable[Telling]:
    """Tell every program of the file that hears of texts."""
    for channel in policy.texting.events:
        id_ = uuid5(text, f"event/{event}/{channel}")
        yield Telling(id_, DeliveryKind.EVENT, channel=channel, event=event)


def phone_telling(text: UUID, person: str, phone: str, showing: Showing, note: str = "") -> Telling:
    """Show a text on a phone, once as what it is shown (and once more if there is something else to be said of it)."""
    id_ = uuid5(text, f"phone/{phone}/{showing}/{note}")
    return Telling(id_, DeliveryKind.PHONE, person=person, phone=phone, showing=showing, note=note)


def _patient(text: str, country: str) -> str:
    try:
        return to_e164(text, country)
    except ValueError:
        raise NotSent(WhyNot.BAD_NUMBER) from None
