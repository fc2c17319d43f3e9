"""See to it that programs hear of what happened: give events to the hooks that want them, send, try again, log."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pbx.domain.back_off import HELD, wait_after
from pbx.domain.events import Delivery, Happening, Subscription, told
from pbx.services.lanes import Lanes, attempt, unless_tired
from pbx.services.ports import Backlog, Fate, Parcel, Sender, Verdict
from pbx.services.program_ports import HookBook

log = logging.getLogger(__name__)

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
    _forgot: float = 0.0

    async def run(self) -> None:
        """Look after all of it for ever; meant to be cancelled. Each hook has its own pace."""
        await Lanes("events for webhooks", self.book.let_go, self._look, self._open, self.send_next).run()

    def _open(self) -> list[str]:
        return [key for key, hook in self.hooks().items() if not hook.paused]

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
        parcel = Parcel(delivery.id, "", "", "", told(delivery.happening, detail))
        verdict = unless_tired(await attempt(sender, parcel), self.now() - delivery.made_at)
        again = WAITS_FOR_SECRET if verdict.fate is Fate.HELD else wait_after(delivery.attempts, self.luck())
        await self.book.settle(delivery, verdict, again, disclosed=detail is not None)
        self._tell_of(delivery, verdict)
        return verdict

    def _tell_of(self, delivery: Delivery, verdict: Verdict) -> None:
        if verdict.fate is Fate.PERMANENT:
            log.error("an event for the webhook %s will not arrive. %s", delivery.hook, verdict.why)
        elif verdict.fate in (Fate.HELD, Fate.TEMPORARY) and delivery.attempts == 1:
            log.warning("an event for the webhook %s waits. %s", delivery.hook, verdict.why)
