"""A physician's cell, or any telephone in the carrier's network: the practice rings it by calling out."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from pbx.demo import hearing
from pbx.demo.baresip import ClientFailed
from pbx.demo.telephone import Telephone


class Cell(Telephone):
    """The telephone with `number` (E.164) at the carrier's `address` (`ip:port`)."""

    def __init__(self, folder: Path, number: str, address: str) -> None:
        super().__init__(folder, address)
        self._number, self._host = number, address.partition(":")[0]

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        # Without an interval this client would not take its own number for its own.
        await self._client.command("uanew", f"<sip:{self._number}@{self._host}>;regint=3600;answermode=manual")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.switch_off()  # it has no server to take its leave of, and would wait for one
        await super().__aexit__(kind, error, trace)

    async def rings(self, within: float) -> str:
        """Wait until it rings; the SIP URI that it shows. Raises ClientFailed."""
        return (await self._client.event("CALL_INCOMING", within=within)).peer

    async def answer(self) -> None:
        """Take the call, and listen."""
        await self._client.be_silent()
        await self._client.command("accept")
        await self._client.event("CALL_ESTABLISHED", within=5)

    async def hears_more(self, than: float, within: float) -> None:
        """Wait until there were more than so many seconds of sound. Raises ClientFailed."""
        try:
            await hearing.more_sound(self.heard, than, within)
        except TimeoutError:
            raise ClientFailed(f"The cell heard too little in {within:.0f} seconds.") from None
