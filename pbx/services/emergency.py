"""See to it that the practice hears of each call to the emergency services, at once and in spite of everything.

What is to be told lies in files that the dialplan wrote, and so does who has heard: neither needs the database. A call
is forgotten when everybody has heard of it and the audit says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pbx.domain.emergency import EmergencyCall, Place, notice_of
from pbx.domain.policy import Policy
from pbx.domain.templates import Kind
from pbx.services.ports import Fate, Parcel, Sender, StoreUnavailable, Verdict

log = logging.getLogger(__name__)

SUBJECT = "Emergency call from a phone of the practice"
LOOK_SECONDS = 2.0
AGAIN_SECONDS, LONGEST_WAIT_SECONDS = 2.0, 60.0
GIVE_UP_AFTER = timedelta(days=1)
"""Then it helps nobody any more, and the log says who was not told."""

ON_PHONES = ""
"""Stands for the channel of a place that names none: a text on the phones of its people."""


@dataclass(frozen=True, slots=True)
class Untold:
    """A call of which people are yet to hear; `told` are the deliveries that are done."""

    call: UUID
    about: EmergencyCall
    told: frozenset[UUID] = frozenset()


class Shelf(Protocol):
    """Where they lie. Each method raises OSError."""

    def untold(self) -> Sequence[Untold]:
        """Every call of which somebody has yet to hear."""

    def tell(self, call: UUID, told: Collection[UUID]) -> None:
        """Remember who has heard of a call."""

    def clear(self, call: UUID) -> None:
        """Everybody has heard of it."""


class EmergencyAudit(Protocol):
    """Raises `StoreUnavailable` when the database is away."""

    async def told(self, call: UUID, told: Sequence[str], failed: Sequence[str]) -> None:
        """Note who has heard of a call, and who will not."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice: `id` is the same at every attempt, `name` is for the audit; `to` is as in a Parcel."""

    id: UUID
    channel: str
    name: str
    to: str


def deliveries(policy: Policy, place: Place, call: UUID) -> tuple[Delivery, ...]:
    """To whom it goes, and over what."""
    found = [one for channel in place.channels or (ON_PHONES,) for one in _over(policy, place, channel)]
    return tuple(Delivery(uuid5(call, f"{channel}|{to}"), channel, name, to) for channel, name, to in found)


def _over(policy: Policy, place: Place, channel: str) -> Iterator[tuple[str, str, str]]:
    known = policy.channels.get(channel)
    if channel != ON_PHONES and known is None:
        return
    if known is not None and known.kind is Kind.WEBHOOK:
        yield channel, channel, ""
        return
    for person in place.people:
        if known is not None and known.kind is Kind.EMAIL:
            email = policy.people[person].email if person in policy.people else None
            if email:
                yield channel, f"{person} ({channel})", email
        else:
            yield from ((channel, f"{person} ({phone})", phone) for phone in policy.phones_of(person))


@dataclass(slots=True)
class EmergencyWatch:
    """`senders` are by the channel's key, `texts` for phones; `again` is the first wait in seconds after a failure."""

    shelf: Shelf
    audit: EmergencyAudit
    policy: Callable[[], Policy]
    senders: Callable[[], Mapping[str, Sender]]
    texts: Sender
    again: float = AGAIN_SECONDS
    poked: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Look for ever, and at once when `poked` is set (a call was just placed); meant to be cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self.poked.clear()
                for case in await self._look():
                    if case.call not in self._busy or self._busy[case.call].done():
                        self._busy[case.call] = group.create_task(self._see_to(case))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self.poked.wait()

    async def _look(self) -> Sequence[Untold]:
        try:
            return await asyncio.to_thread(self.shelf.untold)
        except OSError as error:
            log.error("calls to the emergency services cannot be looked for on the disk (%s)", type(error).__name__)
            return ()

    async def _see_to(self, case: Untold) -> None:
        try:
            await self._tell_all(case)
        except Exception as error:  # noqa: BLE001 - the edge of a job: the next look begins it anew
            log.error("call %s to the emergency services: telling of it failed (%s)", case.call, type(error).__name__)

    async def _tell_all(self, case: Untold) -> None:
        """Tell everybody, each at a pace of his own; then note it, and forget the call."""
        policy, told, failed = self.policy(), set(case.told), list[Delivery]()
        place = place_of(policy, case.about.phone)
        kind = "test of the emergency line" if case.about.is_test else "CALL TO THE EMERGENCY SERVICES"
        if not told:
            log.warning("%s from the phone %s (call %s)", kind, case.about.phone, case.call)
        wanted = deliveries(policy, place, case.call) if place else ()
        one_at_a_time = asyncio.Lock()

        async def tell(one: Delivery) -> None:
            if not await self._deliver(case, place, one):
                failed.append(one)
            told.add(one.id)
            async with one_at_a_time:
                await asyncio.to_thread(self.shelf.tell, case.call, frozenset(told))

        async with asyncio.TaskGroup() as group:
            for one in wanted:
                if one.id not in told:
                    group.create_task(tell(one))
        await self._note(case.call, [one.name for one in wanted if one not in failed], [one.name for one in failed])
        await asyncio.to_thread(self.shelf.clear, case.call)

    async def _deliver(self, case: Untold, place: Place | None, one: Delivery) -> bool:
        """Try until it is done; False where it never will be."""
        wait = self.again
        while (verdict := await self._try(case, place, one)).fate in (Fate.HELD, Fate.TEMPORARY):
            if datetime.now(UTC) - case.about.at > GIVE_UP_AFTER:
                break
            await asyncio.sleep(wait)
            wait = min(wait * (1 if verdict.fate is Fate.HELD else 2), LONGEST_WAIT_SECONDS)
        if verdict.fate is Fate.SENT:
            return True
        log.error("%s will not hear of the emergency call %s. %s", one.name, case.call, verdict.why)
        return False

    async def _try(self, case: Untold, place: Place | None, one: Delivery) -> Verdict:
        known = self.policy().channels.get(one.channel)
        on_phones = one.channel == ON_PHONES or (known is not None and known.kind is Kind.PHONE_MESSAGE)
        sender = self.texts if on_phones else self.senders().get(one.channel)
        if sender is None or place is None:
            return Verdict(Fate.PERMANENT, "Its channel is not in the practice's file any more.")
        text = _text(self.policy(), case.about, place)
        data = _data(case, place, text)
        try:
            return await sender.send(Parcel(one.id, one.to, SUBJECT, text, data))
        except Exception as error:  # noqa: BLE001 - the edge of an attempt: the others must not end with it
            return Verdict(Fate.TEMPORARY, f"It could not be sent ({type(error).__name__}).")

    async def _note(self, call: UUID, told: Sequence[str], failed: Sequence[str]) -> None:
        while True:
            try:
                await self.audit.told(call, told, failed)
            except StoreUnavailable:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                return


def place_of(policy: Policy, phone: str) -> Place | None:
    """Where a phone stands; the first place for one that the file no longer knows, as the dialplan has it."""
    return next((place for place in policy.places if phone in place.phones), next(iter(policy.places), None))


def _text(policy: Policy, about: EmergencyCall, place: Place) -> str:
    owner = policy.people.get(policy.owner_of(about.phone) or "")
    when = f"{about.at.astimezone(ZoneInfo(policy.timezone)):%H:%M on %a %d %b %Y}"
    return notice_of(about, place, owner.name if owner else "Somebody", when, policy.country)


def _data(case: Untold, place: Place, text: str) -> dict[str, Any]:
    """For programs. Nothing of it is a patient's: numbers and addresses are the practice's own."""
    about = {
        "call": str(case.call),
        "phone": case.about.phone,
        "number": case.about.number,
        "test": case.about.is_test,
        "location": place.address,
        "call_back": place.call_back,
        "notice": text,
    }
    return {"timestamp": case.about.at.isoformat(), "type": "emergency.called", "data": about}
