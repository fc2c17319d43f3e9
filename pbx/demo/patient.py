"""A patient on a normal telephone: the carrier's side of a call, with a mouth, ears and a mind of its own."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pbx.demo import hearing
from pbx.demo.baresip import ClientFailed
from pbx.demo.softphone import SipServer
from pbx.demo.telephone import Telephone

ANONYMOUS = "anonymous"
"""The `number` of a patient who hides it."""


class Patient(Telephone):
    """A patient who calls from `number` (E.164 or ANONYMOUS).

    `address` (`ip:port`) has to be one of the carrier's, or the PBX does not know the caller.
    """

    def __init__(self, folder: Path, number: str, address: str) -> None:
        self._number = number
        self._address = address
        super().__init__(folder, address)
        self._listened = 0
        self._carrier: SipServer | None = None

    async def dial(self, server: SipServer, did: str) -> None:
        """Dial the practice number `did`, which the carrier brings to `server`."""
        if self._carrier != server:
            host = "anonymous.invalid" if self._number == ANONYMOUS else self._address.partition(":")[0]
            account = f'<sip:{self._number}@{host}>;regint=0;outbound="sip:{server.host}:{server.port}"'
            await self._client.command("uanew", account)
            self._carrier = server
        self._listened = 0
        self.heard.unlink(missing_ok=True)  # what the call before left there is not to be taken for this one
        await self._client.be_silent()
        await self._client.command("dial", server.uri(did))

    async def is_answered(self, within: float) -> None:
        """Wait until somebody or something takes the call. Raises ClientFailed."""
        event = await self._client.event("CALL_ESTABLISHED", "CALL_CLOSED", within=within)
        if event.type == "CALL_CLOSED":
            raise ClientFailed(f"The call was not answered: {event.param}.")

    async def hears_sound(self, within: float) -> None:
        """Wait until there is something to hear. Raises ClientFailed."""
        try:
            await hearing.sound(self.heard, within)
        except TimeoutError:
            raise ClientFailed(f"The patient heard nothing in {within:.0f} seconds.") from None

    async def hears_more(self, than: float, within: float) -> None:
        """Wait until there were more than so many seconds of sound. Raises ClientFailed."""
        try:
            await hearing.more_sound(self.heard, than, within)
        except TimeoutError:
            raise ClientFailed(f"The patient heard too little in {within:.0f} seconds.") from None

    async def hears_beep(self, within: float) -> None:
        """Wait for the end of the next beep. Raises ClientFailed."""
        try:
            self._listened = await hearing.beep(self.heard, self._listened, within)
        except TimeoutError:
            raise ClientFailed(f"The patient heard no beep in {within:.0f} seconds.") from None

    async def hang_up(self) -> None:
        """Hang up, or give up while it rings; nothing where the call is over already."""
        with contextlib.suppress(ClientFailed):
            await self._client.command("hangup")
