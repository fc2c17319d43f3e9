"""What every telephone of a demonstration or test has: an ear, a mouth, keys, and calls that end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pbx.demo.baresip import Baresip

KEY_SECONDS = 0.2
"""From one key to the next: the client would let a new one cut the one before short."""


class Telephone:
    """A SIP client with its files in `folder` and SIP at `address` (`ip:port`); an async context manager."""

    def __init__(self, folder: Path, address: str, contacts: Sequence[str] = ()) -> None:
        self._client = Baresip(folder, address, contacts)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    @property
    def heard(self) -> Path:
        """What is heard on it, as WAV, while it is heard."""
        return self._client.heard

    async def says(self, wav: Path) -> None:
        """Say what is in `wav`; the telephone hangs up at its end."""
        await self._client.play(wav)

    async def presses(self, digits: str) -> None:
        """Press keys (RFC 4733 telephone events), as quickly as a finger does."""
        for digit in digits:
            await self._client.command("sndcode", digit)
            await asyncio.sleep(KEY_SECONDS)

    async def call_ends(self, within: float) -> str:
        """Wait until the call is over; why, in baresip's words. Raises ClientFailed."""
        return (await self._client.event("CALL_CLOSED", within=within)).param
