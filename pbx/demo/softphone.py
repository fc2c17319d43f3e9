"""A physician's softphone: registers with its secret, rings, answers or refuses, speaks and listens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pbx.demo.baresip import ClientFailed
from pbx.demo.telephone import Telephone

REGISTER_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class SipServer:
    """Where the PBX takes SIP. A phone trusts the authority in the file `trusted`."""

    host: str
    port: int
    tls_port: int
    trusted: Path

    def uri(self, user: str) -> str:
        """For whoever comes without encryption, as the carrier does."""
        return f"sip:{user}@{self.host}:{self.port}"

    def secure_uri(self, user: str) -> str:
        """For phones."""
        return f"sip:{user}@{self.host}:{self.tls_port};transport=tls"

    @property
    def secure_proxy(self) -> str:
        """Where phones send everything: what they subscribe to and text has no transport in its address."""
        return f"sip:{self.host}:{self.tls_port};transport=tls"


class Softphone(Telephone):
    """The phone `name`: over TLS, with SRTP or no call at all; `plain` ones know neither."""

    def __init__(
        self, folder: Path, name: str, address: str, contacts: Sequence[str] = (), *, plain: bool = False
    ) -> None:
        """`contacts` are SIP URIs that it can text."""
        self.name = name
        self._plain = plain
        super().__init__(folder, address, contacts)

    async def __aenter__(self) -> Self:
        """It is switched on when it registers: whom it trusts is told to it before."""
        return self

    def _uri(self, server: SipServer, user: str) -> str:
        return server.uri(user) if self._plain else server.secure_uri(user)

    async def register(self, server: SipServer, secret: str, within: float = REGISTER_WITHIN) -> None:
        """Register at `server`. Raises ClientFailed when it is refused or takes longer than `within` seconds."""
        if not self._client.is_on:
            await self._client.start(None if self._plain else server.trusted)
        secure = "" if self._plain else f';mediaenc=srtp-mand;outbound="{server.secure_proxy}"'
        account = (
            f"<{self._uri(server, self.name)}>;auth_user={self.name};auth_pass={secret};regint=60;answermode=manual"
            f";mwi=yes{secure}"
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

    async def text_from(self, within: float) -> tuple[str, str]:
        """Wait for a text; from which SIP URI, and what it says. Raises ClientFailed."""
        event = await self._client.event("MESSAGE", within=within)
        return event.peer, event.param

    async def texts(self, uri: str, words: str) -> None:
        """Send a text of one line to one of its contacts."""
        await self._client.text(uri, words)

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
        await self._client.command("dial", self._uri(server, dialled))

    async def is_answered(self, within: float) -> None:
        """Wait until the other side took the call. Raises ClientFailed."""
        await self._client.event("CALL_ESTABLISHED", within=within)
