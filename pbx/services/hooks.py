"""See to it that programs hear of what happened: give events to the hooks that want them, send, try again, log."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pbx.domain.back_off import GIVE_UP_AFTER, HELD, wait_after
from pbx.domain.events import Delivery, Happening, Subscription, told
from pbx.services.ports import Backlog, Fate, Parcel, Sender, StoreUnavailable, Verdict
from pbx.services.program_ports import HookBook

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
FORGET_SECONDS = 3600.0
WAITS_FOR_SECRET = timedelta(minutes=1)

Detail = Callable[[Happening], Awaitable[Mapping[str, Any] | None]]


@dataclass(slots=True)
class Hooks:
    """`hooks` and `senders` (by the hook's key) give what is in force; `detail` is what a trusted hook is told."""

    book: HookBook
    hooks: Callable[[], Mapping[str, Subscription]]
    senders: Callable[[], Mapping[str, Sender]]
    detail: Detail
    tell: Callable[[Mapping[str, Backlog]], None] = lambda _: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    luck: Callable[[], float] = random.random
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _forgot: float = 0.0

    async def run(self) -> None:
        """Look after all of it for ever; meant to be cancelled. Each hook has its own pace."""
        let_go = False
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    if not let_go:
                        await self.book.let_go()
                        let_go = True
                    await self._look()
                except StoreUnavailable:
                    log.debug("webhooks wait for the database")
                except Exception as error:  # noqa: BLE001 - the edge of a job: calls must not end with it
                    log.error("events could not be given to the webhooks: %s", type(error).__name__)
                for key, hook in self.hooks().items():
                    if not hook.paused and (key not in self._busy or self._busy[key].done()):
                        self._busy[key] = group.create_task(self._serve(key))
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        while await self.spread():
            pass
        self.tell(await self.book.backlogs())
        now = asyncio.get_running_loop().time()
        if now - self._forgot > FORGET_SECONDS or not self._forgot:
            self._forgot = now
            await self.book.forget()

    async def spread(self) -> int:
        """Give fresh events to the hooks; gives how many there were. Raises StoreUnavailable."""
        return await self.book.spread(list(self.hooks().values()))

    async def _serve(self, key: str) -> None:
        try:
            while await self.send_next(key):
                pass
        except StoreUnavailable:
            log.debug("webhooks wait for the database")
        except Exception as error:  # noqa: BLE001 - the edge of a job; the text may quote what was to be sent
            log.error("events could not be sent to the webhook %s: %s", key, type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def send_next(self, key: str) -> bool:
        """Send what is due for one hook; False if nothing is. Raises StoreUnavailable."""
        hook = self.hooks().get(key)
        if hook is None or hook.paused:
            return False
        delivery = await self.book.take(key)
        if delivery is None:
            return False
        await self.send(delivery)
        return True

    async def send(self, delivery: Delivery) -> Verdict:
        """Try once, and write down what became of it. Raises StoreUnavailable."""
        hook, sender = self.hooks().get(delivery.hook), self.senders().get(delivery.hook)
        if hook is None or sender is None:
            verdict = Verdict(Fate.PERMANENT, "The webhook is not in the practice's file any more.")
            await self.book.settle(delivery, verdict, HELD)
            return verdict
        detail = await self.detail(delivery.happening) if hook.trusted else None
        verdict = self._judged(delivery, await self._try(sender, delivery, detail))
        again = WAITS_FOR_SECRET if verdict.fate is Fate.HELD else wait_after(delivery.attempts, self.luck())
        await self.book.settle(delivery, verdict, again, disclosed=detail is not None)
        self._tell_of(delivery, verdict)
        return verdict

    async def _try(self, sender: Sender, delivery: Delivery, detail: Mapping[str, Any] | None) -> Verdict:
        try:
            return await sender.send(Parcel(delivery.id, "", "", "", told(delivery.happening, detail)))
        except Exception as error:  # noqa: BLE001 - the edge of an attempt; the text may quote what was to be sent
            return Verdict(Fate.TEMPORARY, f"It could not be sent ({type(error).__name__}).")

    def _judged(self, delivery: Delivery, verdict: Verdict) -> Verdict:
        if verdict.fate in (Fate.HELD, Fate.TEMPORARY) and self.now() - delivery.made_at > GIVE_UP_AFTER:
            return Verdict(Fate.PERMANENT, f"{verdict.why} It was tried for {GIVE_UP_AFTER.days} days.")
        return verdict

    def _tell_of(self, delivery: Delivery, verdict: Verdict) -> None:
        if verdict.fate is Fate.PERMANENT:
            log.error("an event for the webhook %s will not arrive. %s", delivery.hook, verdict.why)
        elif verdict.fate in (Fate.HELD, Fate.TEMPORARY) and delivery.attempts == 1:
            log.warning("an event for the webhook %s waits. %s", delivery.hook, verdict.why)
