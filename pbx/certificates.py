"""Keep the certificate of the phones' port good while the server runs: renewed in time, told of when it cannot be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pbx.asterisk.certificate import Shown, refresh, shown
from pbx.asterisk.layout import Layout
from pbx.asterisk.process import AsteriskFailed
from pbx.config.certificate import Expiry
from pbx.config.settings import Settings

LOOK_SECONDS = 3600.0
log = logging.getLogger(__name__)


class Certificates:
    """The certificate of a running server. `reload` has Asterisk take a new one in; calls go on (seen on 22.10.1)."""

    def __init__(self, layout: Layout, settings: Callable[[], Settings], reload: Callable[[], Awaitable[None]]) -> None:
        self._layout = layout
        self._settings = settings
        self._reload = reload
        self._one = asyncio.Lock()

    async def refresh(self) -> bool:
        """Bring the file up to date; True when it changed. Asterisk is not told yet."""
        settings = self._settings()
        async with self._one:
            return await asyncio.to_thread(
                refresh, self._layout, settings.network, settings.phone_security, datetime.now(UTC)
            )

    async def run(self) -> None:
        """Look after it once an hour."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Renew what is due, and warn of what cannot be renewed."""
        try:
            if await self.refresh():
                await self._reload()
                log.info("the certificate for phones was renewed")
        except (AsteriskFailed, OSError) as error:
            log.error("the certificate for phones was not renewed: %s", error)
        if warning := self.warning(datetime.now(UTC)):
            log.warning("%s", warning)

    def shown(self, now: datetime) -> Shown | None:
        return shown(self._layout, self._settings().phone_security, now)

    def warning(self, now: datetime) -> str | None:
        """A sentence where somebody should do something."""
        return expiry_warning(self.shown(now), now)

    def state(self, now: datetime) -> dict[str, Any] | None:
        """For `status`; None while there is none."""
        found = self.shown(now)
        if found is None:
            return None
        return {
            "expires_at": found.facts.expires_at.isoformat(timespec="seconds"),
            "days_left": (found.facts.expires_at - now) // timedelta(days=1),
            "names": list(found.facts.names),
            "fingerprint": found.facts.fingerprint,
            "made_here": found.made,
            "warning": expiry_warning(found, now),
        }


def expiry_warning(found: Shown | None, now: datetime) -> str | None:
    """What is wrong with the certificate in use, or will be soon, and what to do; None when all is well.

    `doctor` and `status` say the same.
    """
    if found is None:
        return "There is no certificate for phones, so none can connect: start the server, which makes one."
    if found.problem:
        return f"The practice's own certificate is not in use: {found.problem}."
    ends = f"{found.facts.expires_at:%Y-%m-%d %H:%M} UTC"
    remedy = "the log says why it is not renewed" if found.made else "renew it, and run secondline reload"
    match found.facts.expiry(now):
        case Expiry.FINE:
            return None
        case Expiry.OVER:
            return f"The certificate for phones ended at {ends}: no phone can connect; {remedy}."
        case Expiry.LAST_DAY:
            return f"The certificate for phones ends within a day, at {ends}: {remedy}."
        case Expiry.URGENT:
            return f"The certificate for phones ends within a week, at {ends}: {remedy}."
        case Expiry.SOON:
            return f"The certificate for phones ends within 30 days, at {ends}: {remedy}."
