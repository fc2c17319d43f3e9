"""The practice's mail server: a real one that is down, slow or full for a while."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import Envelope

from tests.kit.mail import MailBoxes, mail_server
from tests.kit.tls import Certificate

TROUBLES = ("down", "slow", "full", "forgetful")
SENDER = "secondline@practice.example"


@dataclass
class PostBoxes(MailBoxes):
    """`trouble` is what is wrong at the moment, `over` its end."""

    trouble: str = ""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.trouble == "slow":
            await self.over.wait()
        if self.trouble == "full":
            return "452 4.3.1 no room at the moment"
        kept = await super().handle_DATA(server, session, envelope)
        # The mail is there, and its sender is told that it is not.
        return "451 4.3.0 try again" if self.trouble == "forgetful" else kept


@dataclass
class Post:
    """The server at `port`, which keeps its boxes while it is down."""

    certificate: Certificate
    boxes: PostBoxes = field(default_factory=PostBoxes)
    port: int = 0
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def up(self) -> None:
        context = self.certificate.context
        await self._stack.enter_async_context(mail_server(context, port=self.port, boxes=self.boxes))
        self.port = self.boxes.port

    async def down(self) -> None:
        """Connections that are open already go on to their end."""
        await self._stack.aclose()

    async def fails(self, luck: random.Random, seconds: float) -> None:
        """One of its troubles for a while."""
        self.boxes.trouble = luck.choice(TROUBLES)
        self.boxes.over.clear()
        if self.boxes.trouble == "down":
            await self.down()
        try:
            await asyncio.sleep(seconds)
        finally:
            if self.boxes.trouble == "down":
                await self.up()
            self.boxes.trouble = ""
            self.boxes.over.set()

    def ids(self) -> list[str]:
        """The ids of all mails that came, in order, without what stands around them."""
        return [str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in self.boxes.mails]


@asynccontextmanager
async def post(certificate: Certificate) -> AsyncIterator[Post]:
    made = Post(certificate)
    await made.up()
    try:
        yield made
    finally:
        await made.down()
