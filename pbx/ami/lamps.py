"""Light the message lamps of phones, over the manager link."""

from __future__ import annotations

import re

from pbx.ami.client import AmiClient

_NAME = re.compile(r"[a-z0-9-]{1,120}")


class AmiLamps:
    """`pbx.notify.lamp.Light`. The one Originate that it sends goes to a context that does nothing else."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    @property
    def epoch(self) -> int | None:
        """Asterisk forgets the lamps when it is started anew, and then the link to it is another."""
        return self._ami.login

    async def show(self, person: str, new: int, old: int) -> None:
        """Let a person's lamp show so much. Raises AmiError."""
        if not _NAME.fullmatch(person):
            raise ValueError("a mailbox has a name that the dialplan cannot take")
        values = {"SL_BOX": person, "SL_NEW": str(new), "SL_OLD": str(old)}
        await self._ami.action(
            "Originate",
            Channel="Local/s@sl-lamp/n",
            Context="sl-lamp-idle",
            Exten="s",
            Priority="1",
            Timeout="5000",
            Async="true",
            Variable=[f"__{name}={value}" for name, value in values.items()],
        )
