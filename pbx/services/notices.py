"""See to it that people hear of their messages: write down what is due, send it, and try again what failed."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pbx.domain.back_off import HELD, wait_after
from pbx.domain.notices import Notice, Standing, wanted
from pbx.domain.policy import Policy
from pbx.domain.telling import SUBJECT, Words, notices_for, plain_words, trusted_words
from pbx.domain.templates import Channel, Kind, PlainChannel
from pbx.domain.transcript import TranscriptState
from pbx.services.lanes import Lanes, attempt, unless_tired
from pbx.services.ports import Bundle, Fate, MessageBox, Outbox, Parcel, Sender, Verdict

log = logging.getLogger(__name__)

MOST_TOGETHER = {Kind.EMAIL: 20, Kind.PHONE_MESSAGE: 20, Kind.WEBHOOK: 1}
"""Notices of one reader that go as one: after an outage a mailbox gets one mail. Programs are told of each."""

WORDS_WITHIN = timedelta(minutes=2)
"""So long a notice that may carry the words of a message waits for them."""

Told = tuple[Notice, Standing]


@dataclass(slots=True)
class Notices:
    """`policy` and `senders` (by the channel's key) give what is in force."""

    outbox: Outbox
    messages: MessageBox
    policy: Callable[[], Policy]
    senders: Callable[[], Mapping[str, Sender]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    luck: Callable[[], float] = random.random
    _written: set[UUID] = field(default_factory=set)

    async def run(self) -> None:
        """Look after all of it for ever; meant to be cancelled. Each channel has its own pace."""
        await Lanes("notices", self.outbox.let_go, self.write_down, self.senders, self.send_next).run()

    async def write_down(self) -> None:
        """Write every notice down that is due now. Raises StoreUnavailable."""
        policy, now = self.policy(), self.now()
        followed = await self.outbox.followed() if policy.notices else ()
        due = [n for standing in followed for n in notices_for(policy, _with_limit(policy, standing), now)]
        fresh = [notice for notice in due if notice.id not in self._written]
        if fresh:
            await self.outbox.add(fresh)
        self._written = {notice.id for notice in due}

    async def send_next(self, key: str) -> bool:
        """Send what is due for one reader of a channel; False if nothing is. Raises StoreUnavailable."""
        channel, sender = self.policy().channels.get(key), self.senders().get(key)
        if channel is None or sender is None:
            return False
        bundle = await self.outbox.take(key, MOST_TOGETHER[channel.kind])
        if bundle is None:
            return False
        await self._drop_what_has_no_reason(bundle)
        told = [(notice, standing) for notice, standing in bundle.notices if wanted(notice.cause, standing)]
        if told:
            verdict = await self._try(channel, sender, bundle, told)
            await self._settle(channel, bundle, verdict)
        return True

    async def _drop_what_has_no_reason(self, bundle: Bundle) -> None:
        stale = [notice.id for notice, standing in bundle.notices if not wanted(notice.cause, standing)]
        if stale:
            await self.outbox.drop(stale)

    async def _try(self, channel: Channel, sender: Sender, bundle: Bundle, told: list[Told]) -> Verdict:
        to = self._address(channel, told[0][0])
        if to is None:
            return Verdict(Fate.PERMANENT, "Somebody who should be told is not in the practice's file any more.")
        words = await self._words(channel, told)
        if words is None:
            return Verdict(Fate.HELD, "The message is not written down yet.")
        data = {"timestamp": bundle.since.isoformat(), **words.data}
        return await attempt(sender, Parcel(bundle.id, to, SUBJECT, words.text, data))

    async def _words(self, channel: Channel, told: list[Told]) -> Words | None:
        """What is said; None where it is worth waiting for. A message is looked up for a trusted channel alone."""
        if isinstance(channel, PlainChannel):
            return plain_words(self.policy(), channel, told)
        found = [(notice, standing, await self.messages.message(notice.message)) for notice, standing in told]
        known = [(notice, standing, record) for notice, standing, record in found if record is not None]
        patience = self.now() - WORDS_WITHIN
        if any(r.state is TranscriptState.PENDING and r.received_at > patience for _, _, r in known):
            return None
        return trusted_words(self.policy(), channel, known) if known else None

    def _address(self, channel: Channel, notice: Notice) -> str | None:
        if channel.kind is Kind.WEBHOOK:
            return ""
        if channel.kind is Kind.PHONE_MESSAGE:
            return notice.phone if notice.phone in self.policy().phones_of(notice.person) else None
        person = self.policy().people.get(notice.person)
        return person.email if person else None

    async def _settle(self, channel: Channel, bundle: Bundle, verdict: Verdict) -> None:
        verdict = unless_tired(verdict, self.now() - bundle.since)
        again = HELD if verdict.fate is Fate.HELD else wait_after(bundle.attempt, self.luck())
        await self.outbox.settle(bundle.id, verdict, again)
        if verdict.fate is Fate.PERMANENT:
            log.error("a notice over %s will not arrive. %s", channel.key, verdict.why)
        elif verdict.fate is Fate.TEMPORARY and bundle.attempt == 1:
            log.warning("a notice over %s waits. %s", channel.key, verdict.why)


def _with_limit(policy: Policy, standing: Standing) -> Standing:
    """With the practice's limit for the call back."""
    return replace(standing, overdue_at=policy.call_back.due(standing.mailbox, standing.received_at))
