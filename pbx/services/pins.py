"""Check the PINs of the practice's people over the telephone, with the database or without it.

A PIN has few digits, so what protects it is how seldom one may try: wrong tries are counted for each person and written
to the data folder before the answer is given, so neither hanging up nor a restart gives new ones.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import argon2

from pbx.domain.pin import Lockout, wait_after
from pbx.services.in_force import Keepsake
from pbx.services.journal import Journal
from pbx.services.pins_kept import LANE, KeptPins, Tries, from_text, person_of, to_text
from pbx.services.ports import PinBook, StoreUnavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often the database is asked: how late a PIN counts whose command could not tell the server."""

CORRECTION = timedelta(minutes=5)
"""A clock that is set back by more makes an end of a lock-out meaningless."""

OWN_PHONE, OUTSIDE = "", "outside"
"""The lanes on which PINs are keyed."""

MOST_COUNTED = 1000
"""People without a PIN whose tries are counted: more than there can be but for somebody who makes names up."""

# One lane, because the machine's other cores answer patients meanwhile; memory and passes are those of RFC 9106.
_HASHER = argon2.PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)


class Verdict(StrEnum):
    """What a check gives. To whoever keys a PIN, NONE sounds like WRONG: who has one is nobody's business."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    NONE = "none"
    UNAVAILABLE = "unavailable"


class Pins:
    """The PINs that were last known, and the wrong tries. `now` gives the time (aware).

    Every PIN that is keyed goes into `journal`, taken or refused, before anybody is told which.
    """

    def __init__(
        self,
        book: PinBook,
        kept: Keepsake,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        journal: Journal | None = None,
    ) -> None:
        self._book = book
        self._kept = kept
        self._now = now
        self._journal = journal
        self._state = from_text(kept.read())
        self._one_at_a_time = asyncio.Lock()  # two calls at once must not share a try, nor take memory twice

    async def set(self, person: str, pin: str, actor: str) -> None:
        """Give a person a PIN, which `pbx.domain.pin.weakness` has nothing against; it counts from `refresh` on.

        Raises StoreUnavailable.
        """
        await self._book.keep(person, await asyncio.to_thread(_HASHER.hash, pin), actor)

    async def clear(self, person: str, actor: str) -> bool:
        """Take a person's PIN away. False if there was none. Raises StoreUnavailable."""
        return await self._book.remove(person, actor)

    def has(self, person: str) -> bool | None:
        """Whether a person has a PIN; None where no PIN was ever read on this machine."""
        return None if self._state.hashes is None else person in self._state.hashes

    def locked_until(self, person: str, lane: str = OWN_PHONE) -> datetime | None:
        """Until when nothing is taken for a person on that lane; None where it is.

        None too where that is much further away than it ever was: then the clock was set back. A time server's small
        corrections shorten nothing.
        """
        tries = self._state.tries.get(_counted(person, lane), Tries())
        left = tries.until - self._now() if tries.until else timedelta()
        return tries.until if timedelta() < left <= (wait_after(tries.wrong) or timedelta()) + CORRECTION else None

    async def check(self, person: str, pin: str, lane: str = OWN_PHONE) -> Verdict:
        """Whether `pin` is the person's. Takes a tenth of a second beside the event loop, and as long for a nobody.

        Each `lane` has its own count of wrong tries: a stranger who dials a practice number and guesses locks the way
        from outside, never a physician's own phone.

        UNAVAILABLE: no PIN was ever read on this machine, or the try cannot be written down.
        """
        try:
            async with self._one_at_a_time:
                verdict = await self._judge(person, pin, lane)
            await self._note(person, lane, verdict)
        except OSError:
            log.error("a PIN was not checked: the data folder cannot be written")
            return Verdict.UNAVAILABLE
        return verdict

    async def _judge(self, person: str, pin: str, lane: str) -> Verdict:
        counted = _counted(person, lane)
        if self._state.hashes is None:
            return Verdict.UNAVAILABLE
        if self.locked_until(person, lane):
            return Verdict.LOCKED
        hashed = self._state.hashes.get(person)
        await self._count(counted, known=hashed is not None)
        right = await asyncio.to_thread(_fits, hashed or _nobodys(), pin)
        if hashed is None:
            return Verdict.NONE
        if right:
            await self._keep(self._state.without_tries(counted))
        return Verdict.RIGHT if right else Verdict.WRONG

    async def _note(self, person: str, lane: str, verdict: Verdict) -> None:
        """Raises OSError."""
        if self._journal is None:
            return
        who, where = f"person/{person}", lane or "own phone"
        if verdict is Verdict.RIGHT:
            await self._journal.note(who, "signed-in", who, where=where)
        else:
            await self._journal.note("unknown", "sign-in-refused", who, where=where, why=verdict.value)

    async def _count(self, counted: str, *, known: bool) -> None:
        """Count a try as wrong before it is looked at: whoever pulls the plug gains nothing."""
        tries = self._state.tries
        if not known and counted not in tries and len(tries) >= MOST_COUNTED:
            return
        wrong = tries.get(counted, Tries()).wrong + 1
        wait = wait_after(wrong)
        until = self._now() + wait if wait else None
        await self._keep(self._state.with_tries(counted, Tries(wrong, until)))

    async def refresh(self) -> bool:
        """Read the PINs anew; whether they changed. A changed PIN has no wrong tries. Raises StoreUnavailable."""
        hashes = {record.person: record.hashed for record in await self._book.pins()}
        async with self._one_at_a_time:
            if hashes == self._state.hashes:
                return False
            await self._keep(self._state.with_hashes(hashes))
            return True

    async def note_lockouts(self) -> None:
        """Note in the audit what locked since. Raises StoreUnavailable; then it is noted later."""
        async with self._one_at_a_time:  # a try that is being looked at is counted as wrong
            found = list(self._state.tries.items())
        for counted, tries in found:
            person = person_of(counted)
            if tries.until is None or tries.noted or person not in (self._state.hashes or {}):
                continue
            await self._book.note_lockout(Lockout(person, tries.wrong, tries.until))
            async with self._one_at_a_time:
                if self._state.tries.get(counted) == tries:
                    await self._keep(self._state.with_tries(counted, replace(tries, noted=True)))

    async def run(self) -> None:
        """Follow the database for ever; meant to be cancelled."""
        while True:
            try:
                if await self.refresh():
                    log.info("the PINs changed")
                await self.note_lockouts()
            except StoreUnavailable:
                log.debug("the PINs last known hold: the database is away")
            except OSError:
                log.error("the PINs last known cannot be kept: the data folder cannot be written")
            await asyncio.sleep(LOOK_SECONDS)

    async def _keep(self, state: KeptPins) -> None:
        self._state = state
        await asyncio.to_thread(self._kept.write, to_text(state))


def _counted(person: str, lane: str) -> str:
    return f"{person}{LANE}{lane}" if lane else person


def _fits(hashed: str, pin: str) -> bool:
    try:
        return _HASHER.verify(hashed, pin)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """A hash that no PIN fits, so that a check of a nobody takes as long as another."""
    return _HASHER.hash(secrets.token_hex(16))
