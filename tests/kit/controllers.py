"""Controllers that fail, each in its own way, on the FastAGI port where Asterisk expects a good one."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pbx.domain.facts import NO_FACTS
from pbx.domain.policy import Policy
from pbx.domain.routing import advance, decide
from pbx.domain.steps import Step
from pbx.services.route import Question

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class PlainRouter:
    """Answers by the policy alone, and keeps the questions."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.questions: list[Question] = []
        self.facts = NO_FACTS

    async def next(self, question: Question) -> tuple[int, Step]:
        self.questions.append(question)
        steps = decide(self.policy, question.did, question.started, self.facts).steps
        position = advance(steps, question.position, question.result)
        return position, steps[position]


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the question and says nothing, for ever."""
    await reader.read()


async def closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends the connection before a word (a controller that was killed: the kernel closes its sockets)."""


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Breaks the connection off (RST)."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def talks_garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends what is no command at all, line upon line."""
    for _ in range(20):
        writer.write(b"\xff\x00<html> 200 result=1 SL_OK\r\n")
        await writer.drain()


async def stops_in_a_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends half a command and is killed a second later; until then Asterisk spins (res/res_agi.c run_agi)."""
    writer.write(b"SET VARIABLE SL_STEP ri")
    await writer.drain()
    await asyncio.sleep(1)


async def forgets_the_token(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Names a step, but is killed before the token."""
    writer.write(b'SET VARIABLE SL_STEP "end"\n')
    await reader.readuntil(b"200 result=1\n")


async def repeats_an_old_token(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with a token that is not this question's."""
    for name, value in (("SL_STEP", "end"), ("SL_OK", "2f1f7c7e-0000-4000-8000-000000000000")):
        writer.write(f'SET VARIABLE {name} "{value}"\n'.encode())
        await reader.readuntil(b"200 result=1\n")


async def names_no_step(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with the right token and a step that does not exist."""
    environment = (await reader.readuntil(b"\n\n")).decode()
    token = next(line for line in environment.splitlines() if line.startswith("agi_arg_2: "))[11:]
    for name, value in (("SL_STEP", "in,s,1"), ("SL_OK", token)):
        writer.write(f'SET VARIABLE {name} "{value}"\n'.encode())
        await reader.readuntil(b"200 result=1\n")


@asynccontextmanager
async def controller(port: int, handler: Handler) -> AsyncIterator[None]:
    """Run the failing controller `handler` on `port`; it is killed at the end of the block."""
    sessions: set[asyncio.Task[None]] = set()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        sessions.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the end of the test, or of the call
        finally:
            writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for task in sessions:
            task.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
        await server.wait_closed()
