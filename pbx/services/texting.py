"""Texts come in: from patients over a carrier, and from the practice's own softphones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pbx.domain.facts import Facts
from pbx.domain.numbers import parse_caller, to_e164
from pbx.domain.policy import Policy
from pbx.domain.texting import Arrived, Conversation, State, TextRecord
from pbx.domain.texting_rules import NotSent, Reason, TextDecision, WhyNot, decide_text
from pbx.domain.texting_words import SECURE, Showing
from pbx.services.ports import StoreUnavailable
from pbx.services.text_carriers import Heard, Report
from pbx.services.text_notices import notice_tellings
from pbx.services.text_ports import PhonesUnreachable, Spooled, Telling, TextBook, TextOutbox, TextPhones, TextSpool
from pbx.services.text_writing import TextWriting, Wish, events, phone_telling, trouble

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
OURS = "secondline"
"""Who texts a phone where it is nobody's answer; what is written back there goes nowhere."""

TOO_LONG_TO_READ = "(a text that was too long to be taken: ask for it again, in parts)"


@dataclass(slots=True)
class Texts:
    """`policy` and `facts` give what is in force. `poked` is set when a text may lie in the spool."""

    book: TextBook
    outbox: TextOutbox
    spool: TextSpool
    phones: TextPhones
    policy: Callable[[], Policy]
    facts: Callable[[], Facts]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    poked: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Take in what the telephone system wrote down, for ever; meant to be cancelled."""
        while True:
            try:
                await self.take_spooled()
            except StoreUnavailable:
                log.debug("texts wait for the database")
            except Exception as error:  # noqa: BLE001 - the edge of a job; the text may quote what was written
                log.error("texts could not be taken in: %s", type(error).__name__)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.poked.wait()
            except TimeoutError:
                continue
            self.poked.clear()

    async def take_spooled(self) -> int:
        """Take in what lies in the spool; how many there were. Raises StoreUnavailable."""
        found = await asyncio.to_thread(self.spool.waiting)
        for one in found:
            await self.takes(one)
            await asyncio.to_thread(self.spool.taken, one.id)
        return len(found)

    async def takes(self, one: Spooled) -> None:
        """Take one text of the spool in. A second time changes nothing. Raises StoreUnavailable."""
        if one.phone:
            await self._from_phone(one)
            return
        body = TOO_LONG_TO_READ if one.cut else one.body
        ref = one.ref or f"trunk:{one.id}"
        await self.arrives(Arrived(one.id, one.to, one.patient, body, one.at, ref, one.pictures, one.said))

    async def heard(self, heard: Sequence[Heard]) -> None:
        """Take in what a carrier tells. A text is kept in the spool while the database is away.

        Raises StoreUnavailable for a report: the carrier is to tell it again.
        """
        for one in heard:
            if isinstance(one, Report):
                await self.outbox.report(one, self._told_of_report)
                continue
            try:
                await self.arrives(one)
            except StoreUnavailable:
                await asyncio.to_thread(self.spool.keep, one)

    async def arrives(self, text: Arrived) -> TextDecision | None:
        """A text from a patient: decide, write down. None if it was taken before. Raises StoreUnavailable."""
        policy, facts = self.policy(), self.facts()
        text = _normal(text, policy.country)

        def judge(known: Conversation) -> TextDecision:
            if text.line not in policy.texting.lines:
                return _NOBODYS
            return decide_text(policy, text, facts, known)

        decision = await self.book.take(text, judge, lambda record, made: _told_of_text(policy, record, made))
        if decision is _NOBODYS:
            log.warning("a text came to a number that has no texts in the practice's file: `secondline texts` has it")
        return decision

    async def _from_phone(self, one: Spooled) -> None:
        owner = next((phone.owner for phone in self.policy().phones if phone.name == one.phone), None)
        if owner is None:
            return
        try:
            if one.cut:
                raise NotSent(WhyNot.TOO_LONG)
            secure = one.body.lstrip().lower().startswith(SECURE)
            body = one.body.lstrip()[len(SECURE) :] if secure else one.body
            wish = Wish(owner, one.to, body, phone=one.phone, secure=secure, id=one.id)
            written = await TextWriting(self.book, self.policy, self.now).write(wish)
        except NotSent as refused:
            await self._say(one.phone, f"(Not sent: {refused})")
            return
        if written is not None and written.code is not None:
            days = self.policy().texting.link_lasts.days
            told = (
                f"It goes as a link, good for {days} days. Its code is {written.code}: tell it in any way but a text."
            )
            await self._say(one.phone, f"({told})")

    async def _say(self, phone: str, sentence: str) -> None:
        """Say something to whoever has just written: the phone is there, and it is of no use later."""
        try:
            await self.phones.show(phone, OURS, [sentence])
        except PhonesUnreachable:
            log.warning("a phone could not be told that its text was not sent")

    def _told_of_report(self, record: TextRecord) -> Sequence[Telling]:
        policy = self.policy()
        if record.state is State.FAILED and not record.cause.automatic:
            return [*trouble(policy, record), *notice_tellings(policy, record)]
        return list(events(policy, record.id, f"text.{record.state}"))


_NOBODYS = TextDecision((), None, Reason.NO_TEXTS, ("The number has no texts in the practice's file.",))


def _told_of_text(policy: Policy, record: TextRecord, decision: TextDecision) -> Sequence[Telling]:
    phones = (
        phone_telling(record.id, person, phone, Showing.TEXT, decision.note)
        for person in decision.people
        for phone in policy.phones_of(person)
    )
    found = [*phones, *events(policy, record.id, "text.received")]
    if decision.people and not any(one.phone for one in found):
        found += notice_tellings(policy, record)  # nobody has a phone that could show it
    return found


def _normal(text: Arrived, country: str) -> Arrived:
    caller = parse_caller(text.patient, country)
    try:
        line = to_e164(text.line, country)
    except ValueError:
        line = text.line
    return replace(text, line=line, patient=caller.number or text.patient)
