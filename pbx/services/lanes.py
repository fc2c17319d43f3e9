"""What goes out to several places, each at its own pace: one that is slow or away holds up no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from pbx.domain.back_off import GIVE_UP_AFTER
from pbx.services.ports import Fate, Parcel, Sender, StoreUnavailable, Verdict

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


@dataclass(slots=True)
class Lanes:
    """A loop for each lane, and one before them that finds work. Whatever fails is tried again; calls go on.

    `of_what` is what they carry, for the log. `let_go` gives back what a server that died was about to send. `look`
    finds what is new. `open_lanes` are the keys of those in use. `send_next` sends what is due in one, False if nothing
    is. What raises StoreUnavailable waits.
    """

    of_what: str
    let_go: Callable[[], Awaitable[None]]
    look: Callable[[], Awaitable[None]]
    open_lanes: Callable[[], Iterable[str]]
    send_next: Callable[[str], Awaitable[bool]]
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Look after all of it for ever; meant to be cancelled."""
        let_go = False
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    if not let_go:
                        await self.let_go()
                        let_go = True
                    await self.look()
                except StoreUnavailable:
                    log.debug("%s wait for the database", self.of_what)
                except Exception as error:  # noqa: BLE001 - the edge of a job: calls must not end with it
                    log.error("what is new of %s could not be looked for: %s", self.of_what, type(error).__name__)
                for key in self.open_lanes():
                    if key not in self._busy or self._busy[key].done():
                        self._busy[key] = group.create_task(self._serve(key))
                await asyncio.sleep(LOOK_SECONDS)

    async def _serve(self, key: str) -> None:
        try:
            while await self.send_next(key):
                pass
        except StoreUnavailable:
            log.debug("%s wait for the database", self.of_what)
        except Exception as error:  # noqa: BLE001 - the edge of a job; the text may quote what was to be sent
            log.error("%s could not be sent to %s: %s", self.of_what, key, type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)


async def attempt(sender: Sender, parcel: Parcel) -> Verdict:
    """Send it once, whatever the sender does."""
    try:
        return await sender.send(parcel)
    except Exception as error:  # noqa: BLE001 - the edge of an attempt; the text may quote what was to be sent
        return Verdict(Fate.TEMPORARY, f"It could not be sent ({type(error).__name__}).")


def unless_tired(verdict: Verdict, waited: timedelta) -> Verdict:
    """The verdict, or the last one about what has waited for too long."""
    if verdict.fate in (Fate.HELD, Fate.TEMPORARY) and waited > GIVE_UP_AFTER:
        return Verdict(Fate.PERMANENT, f"{verdict.why} It was tried for {GIVE_UP_AFTER.days} days.")
    return verdict
