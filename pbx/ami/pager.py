"""Ring somebody of the practice about an urgent message.

The only place that sends Originate, and always to the same two contexts of the dialplan: what they may ring is what the
dialplan knows by name, and what whoever answers can do is the talk `urgent`.
"""

from __future__ import annotations

import re

from pbx.ami.client import AmiClient
from pbx.ami.errors import AmiError
from pbx.domain.urgent import TALK_SECONDS
from pbx.services.ports import Page, PagerDown

_NAME = re.compile(r"[a-z0-9-]{1,120}")


class AmiPager:
    """`pbx.services.ports.Pager` over the manager link."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    @property
    def ready(self) -> bool:
        return self._ami.connected

    async def page(self, page: Page) -> None:
        """Begin to ring; it ends with a `Paged` event. Raises PagerDown."""
        if not page.legs or not all(_NAME.fullmatch(name) for name in (*page.legs, page.person)):
            raise ValueError("a page names what the dialplan cannot take")
        values = {
            "SL_CALL": str(page.call),
            "SL_PAGE": str(page.attempt),
            "SL_WHO": page.person,
            "SL_DID": page.dialled,
            "SL_LEGS": "&".join(page.legs),
            "SL_SECONDS": str(page.seconds),
        }
        try:
            await self._ami.action(
                "Originate",
                Channel="Local/s@sl-page-out/n",
                Context="sl-page-idle",
                Exten="s",
                Priority="1",
                Timeout=str((page.seconds + TALK_SECONDS + 10) * 1000),
                Async="true",
                Variable=[f"__{name}={value}" for name, value in values.items()],
            )
        except AmiError as error:
            raise PagerDown(str(error)) from None
