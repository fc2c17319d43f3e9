"""One logged-in link to Asterisk: opened under a deadline, watched by pings that must be answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pbx.ami.errors import ActionRefused, AnswerLate, LinkLost, LoginRefused
from pbx.ami.messages import Answer, Fields, Value
from pbx.ami.protocol import GuardedAction, GuardedProtocol


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds. The pause before the n-th attempt is random, at most `first_pause` * 2^n and `longest_pause`."""

    connect: float = 3.0
    login: float = 5.0
    answer: float = 5.0
    ping_every: float = 10.0
    ping_answer: float = 5.0
    first_pause: float = 0.25
    longest_pause: float = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """Where the manager interface is, and who logs in (the `[user]` of manager.conf)."""

    host: str
    port: int
    username: str
    secret: str

    def __repr__(self) -> str:
        return f"{self.username}@{self.host}:{self.port}"


class Link:
    """A logged-in connection. Make it with `open_link`."""

    def __init__(self, protocol: GuardedProtocol, timing: Timing) -> None:
        self._protocol = protocol
        self._timing = timing

    async def action(self, name: str, fields: Mapping[str, Value], within: float | None = None) -> Answer:
        """Send an action; its answer, a list's as a whole. Raises LinkLost, AnswerLate, ActionRefused, UnsafeField."""
        within = self._timing.answer if within is None else within
        try:
            async with asyncio.timeout(within):
                answer = await self._protocol.send(GuardedAction(name, fields))
        except TimeoutError:
            raise AnswerLate(f"Asterisk did not answer {name} within {within:g} s") from None
        if answer.response.get("Response") == "Error":
            raise ActionRefused(f"Asterisk refused {name}: {answer.response.get('Message')}")
        return answer

    async def watch(self) -> str:
        """Ping until the link is lost; the reason. A half-open connection shows in no other way."""
        while True:
            await asyncio.wait({self._protocol.lost}, timeout=self._timing.ping_every)
            if self._protocol.lost.done():
                return self._protocol.lost.result()
            try:
                await self.action("Ping", {}, self._timing.ping_answer)
            except AnswerLate:
                self._protocol.drop("Asterisk did not answer a ping")
            except (LinkLost, ActionRefused):
                continue

    def close(self) -> None:
        self._protocol.close()


async def open_link(account: Account, timing: Timing, on_event: Callable[[Fields], None]) -> Link:
    """Connect and log in. Raises LinkLost when nobody is there, LoginRefused when the login is not confirmed."""
    link = Link(await _connect(account, timing, on_event), timing)
    try:
        await _log_in(link, account, timing)
    except BaseException:
        link.close()
        raise
    return link


async def _connect(account: Account, timing: Timing, on_event: Callable[[Fields], None]) -> GuardedProtocol:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timing.connect):
            _, protocol = await loop.create_connection(lambda: GuardedProtocol(on_event), account.host, account.port)
    except (OSError, TimeoutError) as error:
        raise LinkLost(f"Asterisk's manager port cannot be reached ({type(error).__name__})") from None
    return protocol


async def _log_in(link: Link, account: Account, timing: Timing) -> None:
    # `Events` asks for our own events and for failed sign-ins only, so callers' numbers do not even reach this process.
    # Nothing waits for FullyBooted: Asterisk sends it to users of the class `system` alone (manager.c, `action_login`).
    fields = {"Username": account.username, "Secret": account.secret, "Events": "user,security"}
    try:
        await link.action("Login", fields, timing.login)
    except ActionRefused:
        raise LoginRefused(
            "Asterisk refused the controller's manager login: its manager.conf is not the one of this data folder. "
            "Stop that Asterisk, then start `secondline run` again."
        ) from None
    except AnswerLate:
        raise LoginRefused(
            f"Asterisk did not confirm the controller's manager login within {timing.login:g} s. "
            "Stop that Asterisk, then start `secondline run` again."
        ) from None
