"""Texts go out: to patients over the carrier, and to the phones, people and programs of the practice."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pbx.domain.back_off import HELD, wait_after
from pbx.domain.policy import Policy
from pbx.domain.telling import SUBJECT
from pbx.domain.templates import Kind, PlainChannel, TrustedChannel
from pbx.domain.texting import Cause, Consent, State, TextRecord
from pbx.domain.texting_words import OnPhone, Showing, event_data, notice_words, shown_on_phone
from pbx.services.ports import Fate, Parcel, Sender, StoreUnavailable, Verdict
from pbx.services.text_carriers import Carrier, Outgoing, Posted, PostFate
from pbx.services.text_links import TextLinks
from pbx.services.text_notices import notice_tellings
from pbx.services.text_ports import Delivery, DeliveryKind, PhonesUnreachable, Telling, TextBook, TextOutbox, TextPhones
from pbx.services.text_writing import trouble

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
SETTLE_SECONDS = 2.0
MOST_PHONES = 8
"""Phones that are asked at the same time whether they are there."""

GIVE_UP_AFTER = timedelta(hours=4)
"""So long a text of the staff is tried while its carrier cannot be reached: what comes later may do harm."""

AUTOMATIC_IS_STALE = timedelta(minutes=15)
SAY_THAT_IT_WAITS = timedelta(minutes=2)
KEPT_FOR_A_PHONE = timedelta(days=14)
DOUBT = timedelta(minutes=15)
"""So long a carrier may take to report of a text whose answer was lost."""


@dataclass(slots=True)
class TextPost:
    """`policy`, `carrier` and `senders` (by the channel's key) give what is in force."""

    book: TextBook
    outbox: TextOutbox
    phones: TextPhones
    links: TextLinks
    policy: Callable[[], Policy]
    carrier: Callable[[], Carrier | None]
    senders: Callable[[], Mapping[str, Sender]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    luck: Callable[[], float] = random.random
    _nobody_to_tell: set[UUID] = field(default_factory=set)
    _phoning: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_PHONES))

    async def run(self) -> None:
        """Look after all of it for ever; meant to be cancelled. A carrier that hangs holds up no phone."""
        while True:
            try:
                await self.outbox.let_go()
                break
            except StoreUnavailable:
                await asyncio.sleep(LOOK_SECONDS)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again_and_again("sent", self.send_next))
            group.create_task(self._again_and_again("looked after", self.look_after))
            group.create_task(self._again_and_again("told", self._tell_programs_and_people))
            group.create_task(self._again_and_again("shown", lambda: self._ask_phones(group)))

    async def _tell_programs_and_people(self) -> bool:
        told = [await self.deliver_next(kind) for kind in (DeliveryKind.NOTICE, DeliveryKind.EVENT)]
        return any(told)

    async def _ask_phones(self, group: asyncio.TaskGroup) -> bool:
        """Take what is due for a phone and show it beside everything else: a phone takes seconds to say it is there."""
        await self._phoning.acquire()
        try:
            delivery = await self.outbox.next_delivery(DeliveryKind.PHONE)
        except BaseException:
            self._phoning.release()
            raise
        if delivery is None:
            self._phoning.release()
            return False
        group.create_task(self._show_beside(delivery))
        return True

    async def _show_beside(self, delivery: Delivery) -> None:
        try:
            await self._show(delivery)
        except StoreUnavailable:
            log.debug("texts wait for the database")
        except Exception as error:  # noqa: BLE001 - the edge of an attempt; the text may quote what was written
            log.error("a text could not be shown: %s", type(error).__name__)
        finally:
            self._phoning.release()

    async def _again_and_again(self, what: str, once: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        while True:
            try:
                while await once():
                    pass
            except StoreUnavailable:
                log.debug("texts wait for the database")
            except Exception as error:  # noqa: BLE001 - the edge of a job; the text may quote what was written
                log.error("texts could not be %s: %s", what, type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    # To patients.

    async def send_next(self) -> bool:
        """Hand the next text to the carrier; False if there is none. Raises StoreUnavailable."""
        record = await self.outbox.next_text()
        if record is None:
            return False
        posted = await self._post(record)
        attempts = await self._surely(lambda: self.outbox.attempts(record.id))
        if posted.fate is PostFate.TEMPORARY and self.now() - record.at > GIVE_UP_AFTER:
            posted = Posted(PostFate.PERMANENT, f"{posted.why} It was tried for {GIVE_UP_AFTER.seconds // 3600} hours.")
        again, tell = wait_after(attempts, self.luck()), self._told(record, posted)
        await self._surely(lambda: self.outbox.settle(record.id, posted, again, tell))
        if posted.fate is PostFate.PERMANENT:
            log.error("a text will not arrive. %s", posted.why)
        elif posted.fate is PostFate.TEMPORARY and attempts == 1:
            log.warning("a text waits. %s", posted.why)
        return True

    async def _post(self, record: TextRecord) -> Posted:
        carrier, texting = self.carrier(), self.policy().texting
        if record.cause.automatic and self.now() - record.at > AUTOMATIC_IS_STALE:
            return Posted(PostFate.PERMANENT, "It would have come too late to be of use.")
        if carrier is None:
            return Posted(PostFate.TEMPORARY, "The practice's file has no carrier for texts any more.")
        try:
            known = await self.book.conversation(record.line, record.patient)
            if known.consent is Consent.REVOKED and record.cause is not Cause.KEYWORD:
                return Posted(PostFate.PERMANENT, "They asked for no texts meanwhile (STOP): call them.")
            body = record.body if record.cause is not Cause.LINK else await self.links.words_for_patient(record)
        except StoreUnavailable:
            return Posted(PostFate.TEMPORARY, "The database is away.")
        report_to = f"{texting.public_url}/texts/{carrier.name}/{record.id}" if texting.public_url else None
        try:
            return await carrier.send(Outgoing(record.id, record.line, record.patient, body, report_to))
        except Exception as error:  # noqa: BLE001 - the edge of an attempt; the text may quote what was to be sent
            return Posted(PostFate.UNSURE, f"It is not known whether it was sent ({type(error).__name__}).")

    def _told(self, record: TextRecord, posted: Posted) -> list[Telling]:
        """What the staff hears of it. Of what the program says by itself, nothing."""
        if record.cause.automatic:
            return []
        if posted.fate is PostFate.PERMANENT:
            failed = _as(record, State.FAILED, posted.why)
            return [*trouble(self.policy(), failed), *notice_tellings(self.policy(), failed)]
        if posted.fate is PostFate.TEMPORARY and self.now() - record.at > SAY_THAT_IT_WAITS:
            return list(
                trouble(self.policy(), _as(record, State.WAITING, "It waits for the carrier and is tried again."))
            )
        return []

    async def _surely(self, write: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """What became of a text has to be written down before anything else is sent, however long that takes."""
        while True:
            try:
                return await write()
            except StoreUnavailable:
                await asyncio.sleep(SETTLE_SECONDS)

    # To the practice.

    async def deliver_next(self, kind: DeliveryKind) -> bool:
        """Tell what is due next of a kind; False if nothing is. Raises StoreUnavailable."""
        delivery = await self.outbox.next_delivery(kind)
        if delivery is None:
            return False
        match kind:
            case DeliveryKind.PHONE:
                await self._show(delivery)
            case _:
                await self._notify(delivery)
        return True

    async def _show(self, delivery: Delivery) -> None:
        policy = self.policy()
        if delivery.phone not in policy.phones_of(delivery.person):
            await self.outbox.not_delivered(delivery.id, "The phone is not in the practice's file any more.", None)
            return
        if delivery.showing is Showing.TROUBLE and delivery.text.state in (State.SENT, State.DELIVERED):
            await self.outbox.not_delivered(delivery.id, "The trouble was over before the phone was there.", None)
            return
        try:
            there = await self.phones.is_there(delivery.phone)
            if there:
                one = OnPhone(delivery.text, delivery.showing, delivery.note, delivery.person)
                await self.phones.show(delivery.phone, delivery.text.patient, shown_on_phone(policy, one))
        except PhonesUnreachable:
            await self.outbox.not_delivered(
                delivery.id, "The telephone system cannot be asked now.", HELD, counts=False
            )
            return
        if there:
            await self.outbox.delivered(delivery.id, sent=True)
        elif delivery.made_at and self.now() - delivery.made_at > KEPT_FOR_A_PHONE:
            await self.outbox.not_delivered(delivery.id, f"The phone was off for {KEPT_FOR_A_PHONE.days} days.", None)
        else:
            await self.outbox.not_delivered(delivery.id, "The phone is off.", HELD, counts=False)

    async def _notify(self, delivery: Delivery) -> None:
        verdict = await self._told_over(delivery)
        waited = self.now() - delivery.made_at if delivery.made_at else timedelta()
        if verdict.fate is Fate.SENT:
            await self.outbox.delivered(delivery.id, sent=True)
            if self._says_the_same_of_all(delivery):
                await self.outbox.told_alike(delivery)
        elif verdict.fate is Fate.PERMANENT or waited > KEPT_FOR_A_PHONE:
            await self.outbox.not_delivered(delivery.id, verdict.why, None)
            log.error("a notice of a text over %s will not arrive. %s", delivery.channel, verdict.why)
        else:
            held = verdict.fate is Fate.HELD
            again = HELD if held else wait_after(delivery.attempts, self.luck())
            await self.outbox.not_delivered(delivery.id, verdict.why, again, counts=not held)

    async def _told_over(self, delivery: Delivery) -> Verdict:
        policy = self.policy()
        channel, sender = policy.channels.get(delivery.channel), self.senders().get(delivery.channel)
        if channel is None or sender is None:
            return Verdict(Fate.PERMANENT, "The channel is not in the practice's file any more.")
        to = ""
        if channel.kind is not Kind.WEBHOOK:
            person = policy.people.get(delivery.person)
            to = (person.email if person else None) or ""
            if not to:
                return Verdict(Fate.PERMANENT, "Somebody who should be told has no address in the practice's file.")
        said, data = "", event_data(policy, delivery.event, delivery.text, trusted=isinstance(channel, TrustedChannel))
        if delivery.kind is DeliveryKind.NOTICE:
            link = await self.links.for_person(delivery.text, delivery.person) if channel.kind is Kind.EMAIL else None
            words = notice_words(policy, channel, delivery.text, link)
            said, data = words.text, words.data
        since = delivery.made_at or self.now()
        try:
            return await sender.send(Parcel(delivery.id, to, SUBJECT, said, {"timestamp": since.isoformat(), **data}))
        except Exception as error:  # noqa: BLE001 - the edge of an attempt; the text may quote what was to be sent
            return Verdict(Fate.TEMPORARY, f"It could not be sent ({type(error).__name__}).")

    def _says_the_same_of_all(self, delivery: Delivery) -> bool:
        channel = self.policy().channels.get(delivery.channel)
        waits = delivery.kind is DeliveryKind.NOTICE and delivery.text.inbound
        return waits and isinstance(channel, PlainChannel) and bool(delivery.person)

    # What nobody saw.

    async def look_after(self) -> bool:
        """Tell people of texts that no phone showed in time, and of those that may not have arrived."""
        policy, now = self.policy(), self.now()
        for record in await self.outbox.unseen(now - policy.texting.tell_after, self._nobody_to_tell):
            await self._tell(record, notice_tellings(policy, record))
        for record in await self.outbox.doubtful(now - DOUBT, self._nobody_to_tell):
            note = _as(record, State.UNSURE, "It is not known whether it arrived: call if it matters.")
            await self._tell(record, [*trouble(policy, note), *notice_tellings(policy, note)])
        return False

    async def _tell(self, record: TextRecord, tellings: list[Telling]) -> None:
        if all(one.kind is DeliveryKind.EVENT for one in tellings):
            log.error("a text needs somebody's attention, and [notices] names nobody: `secondline texts` has it")
            self._nobody_to_tell.add(record.id)
        await self.outbox.tell(record.id, tellings)


def _as(record: TextRecord, state: State, failure: str) -> TextRecord:
    """The same text as it will stand when what is being told is told."""
    return replace(record, state=state, failure=failure)
