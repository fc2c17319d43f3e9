"""A physician's softphone: registers with its secret, rings, answers or refuses, speaks and listens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pbx.demo.baresip import ClientFailed
from pbx.demo.telephone import Telephone

REGISTER_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class SipServer:
    """Where the PBX takes SIP."""

    host: str
    port: int

    def uri(self, user: str) -> str:
        return f"sip:{user}@{self.host}:{self.port}"


class Softphone(Telephone):
    """The phone `name`."""

    def __init__(self, folder: Path, name: str, address: str) -> None:
        self.name = name
        super().__init__(folder, address)

    async def register(self, server: SipServer, secret: str, within: float = REGISTER_WITHIN) -> None:
        """Register at `server`. Raises ClientFailed when it is refused or takes longer than `within` seconds."""
        account = (
            f"<{server.uri(self.name)}>;auth_user={self.name};auth_pass={secret};regint=60;answermode=manual;mwi=yes"
        )
        await self._client.command("uanew", account)
        event = await self._client.event("REGISTER_OK", "REGISTER_FAIL", within=within)
        if event.type == "REGISTER_FAIL":
            raise ClientFailed(f"The phone {self.name} was refused: {event.param}.")

    async def rings(self, within: float) -> str:
        """Wait until it rings; the SIP URI that it shows. Raises ClientFailed."""
        return (await self._client.event("CALL_INCOMING", within=within)).peer

    async def lamp_shows(self, new: int, old: int, within: float) -> None:
        """Wait until its message lamp shows so many new and old messages. Raises ClientFailed."""
        async with asyncio.timeout(within):
            while f"Voice-Message: {new}/{old} " not in (await self._client.event("MWI_NOTIFY", within=within)).param:
                pass

    async def text(self, within: float) -> str:
        """Wait for a text; what it says. Raises ClientFailed."""
        return (await self._client.event("MESSAGE", within=within)).param

    @property
    def has_a_text(self) -> bool:
        """Whether one came without `text` being waited for."""
        return self._client.saw("MESSAGE")

    def loses_power(self) -> None:
        """It is gone from one moment to the next, and the PBX does not know."""
        self._client.switch_off()

    @property
    def has_rung(self) -> bool:
        """Whether it rang without `rings` being waited for."""
        return self._client.saw("CALL_INCOMING")

    async def answer(self, says: Path | None = None) -> None:
        """Take the call, and play the WAV `says` to the caller if it is given; the phone hangs up at its end."""
        await self._client.be_silent()
        await self._client.command("accept")
        await self._client.event("CALL_ESTABLISHED", within=5)
        if says is not None:
            await self.says(says)

    async def refuse(self) -> None:
        """Refuse the call as busy."""
        await self._client.command("hangup")

    async def presses(self, digits: str) -> None:
        """Press keys (RFC 4733 telephone events)."""
        for digit in digits:
            await self._client.command("sndcode", digit)

    async def hang_up(self) -> None:
        await self._client.command("hangup")

    async def call(self, server: SipServer, dialled: str) -> None:
        """Call `dialled` through the PBX."""
        self.heard.unlink(missing_ok=True)  # what the call before left there is not to be taken for this one
        await self._client.be_silent()
        await self._client.command("dial", server.uri(dialled))

    async def is_answered(self, within: float) -> None:
        """Wait until the other side took the call. Raises ClientFailed."""
        await self._client.event("CALL_ESTABLISHED", within=within)
