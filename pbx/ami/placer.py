"""Place a call for one of the practice's people: first their own phones ring, then the number outside is called.

Always the same two contexts of the dialplan. What they may ring is what the dialplan knows by name, and the number
outside is judged there like any other, by the route `out`; so nothing that is sent here can call anything by itself.
"""

from __future__ import annotations

import re

from pbx.ami.client import AmiClient
from pbx.ami.errors import AmiError
from pbx.services.ports import Placed, PlacerDown

_NAME = re.compile(r"[a-z0-9-]{1,120}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_ASKED_SECONDS = 20


class AmiPlacer:
    """`pbx.services.placing.Placer` over the manager link, which sends no action twice."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    async def place(self, call: Placed) -> None:
        """Begin to ring. Raises PlacerDown: then nothing rang, or nobody knows whether it did."""
        names, numbers = (*call.legs, call.person), (call.to, call.shown)
        if not call.legs or not all(map(_NAME.fullmatch, names)) or not all(map(_NUMBER.fullmatch, numbers)):
            raise ValueError("a call names what the dialplan cannot take")
        values = {
            "SL_LEGS": "&".join(call.legs),
            "SL_SECONDS": str(call.seconds),
            "SL_DID": call.shown,
            "SL_WISH": call.to,
            "SL_WISHER": call.person,
            "SL_WISH_SHOW": call.shown,
        }
        try:
            await self._ami.action(
                "Originate",
                Channel="Local/s@sl-place-legs/n",
                Context="sl-wished",
                Exten="person",
                Priority="1",
                Timeout=str((call.seconds + _LONGEST_ASKED_SECONDS) * 1000),
                Async="true",
                Variable=[f"__{name}={value}" for name, value in values.items()],
            )
        except AmiError as error:
            raise PlacerDown(str(error)) from None
