"""The FastAGI server, against a strict peer that plays Asterisk and against a real one."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from agi.server import Server, serve
from agi.session import Limits
from pbx.domain.legs import at_once
from pbx.domain.steps import Result, RingStep, SayStep, Step
from pbx.services.route import Question
from tests.kit.agi_peer import Asked, ask, connected, environment
from tests.kit.edge_asterisk import bare_asterisk, free_port

CALL = "5b1f0f0e-7d07-4a5c-9d0a-0d9f6a2f3b11"
TOKEN = "c0c1b7f6-97a0-4a3f-8a7e-9b6f1d2e3f40"
CALLER = "+12025550123"
GOOD = (CALL, TOKEN, "+17175550100", CALLER, "", "1795443203.125", "-1", "start")
RING = {"SL_STEP": "ring", "SL_PHONES": "desk&cell", "SL_SECONDS": "25", "SL_POSITION": "0", "SL_OK": TOKEN}

Decide = Callable[[Question], Awaitable[tuple[int, Step]]]


class FixedRouter:
    """Gives every question the same answer, by way of `decide`, and keeps the questions."""

    def __init__(self, decide: Decide | None = None) -> None:
        self.questions: list[Question] = []
        self._decide = decide or self._ring

    async def next(self, question: Question) -> tuple[int, Step]:
        self.questions.append(question)
        return await self._decide(question)

    async def _ring(self, question: Question) -> tuple[int, Step]:
        return 0, RingStep("rictor", at_once("desk", "cell"), 25)


@pytest.fixture
def router() -> FixedRouter:
    return FixedRouter()


@pytest.fixture
async def server(router: FixedRouter) -> AsyncIterator[Server]:
    async with serve(router, "127.0.0.1", 0) as server:
        yield server


async def asked_of(decide: Decide, limits: Limits | None = None) -> tuple[Asked, Server]:
    async with serve(FixedRouter(decide), "127.0.0.1", 0, limits=limits or Limits()) as server:
        return await ask(server.port, GOOD), server


async def test_a_question_is_answered_in_one_command_with_the_token_last(server: Server, router: FixedRouter) -> None:
    asked = await ask(server.port, GOOD)
    assert (asked.status, asked.commands) == ("SUCCESS", 1)
    assert list(asked.variables.items()) == list(RING.items())
    assert (router.questions[0].caller, router.questions[0].result) == (CALLER, Result.START)
    assert server.stats.answered == 1


@pytest.mark.parametrize("place", range(len(GOOD)))
async def test_a_malformed_question_goes_the_safe_way_at_once(server: Server, router: FixedRouter, place: int) -> None:
    arguments = (*GOOD[:place], "!", *GOOD[place + 1 :])
    assert await ask(server.port, arguments) == Asked("FAILURE")
    assert router.questions == []
    assert server.stats.failed == 1


async def test_an_unknown_route_goes_the_safe_way_at_once(server: Server) -> None:
    assert await ask(server.port, GOOD, script="admin") == Asked("FAILURE")
    assert server.stats.refused == 1


async def test_a_router_that_raises_costs_the_caller_nothing_and_tells_nobody_who_called(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(question: Question) -> tuple[int, Step]:
        raise KeyError(question.caller)

    asked, server = await asked_of(broken)
    assert asked == Asked("FAILURE")
    assert server.stats.failed == 1
    assert f"call {CALL}: KeyError at test_agi_server.py" in caplog.text
    assert CALLER not in caplog.text


async def test_a_router_that_does_not_answer_in_time_is_not_waited_for() -> None:
    async def never(question: Question) -> tuple[int, Step]:
        await asyncio.Event().wait()
        raise AssertionError

    asked, server = await asked_of(never, Limits(session=0.1))
    assert asked == Asked("FAILURE")
    assert server.stats.failed == 1


async def test_a_step_that_the_dialplan_cannot_take_is_not_sent() -> None:
    async def forged(question: Question) -> tuple[int, Step]:
        return 0, SayStep(("default,SL_STEP=end",))

    assert (await asked_of(forged))[0] == Asked("FAILURE")


async def test_an_answer_that_asterisk_does_not_take_counts_as_failed(server: Server) -> None:
    async with connected(server.port) as peer:
        await peer.send(environment(GOOD))
        assert await peer.command() is not None
        await peer.reply("200 result=-2")
        assert await peer.command() == ["failure"]
    assert (server.stats.answered, server.stats.failed) == (0, 1)


async def test_a_call_that_is_over_before_the_answer_counts_as_gone(server: Server) -> None:
    async with connected(server.port) as peer:
        await peer.send(environment(GOOD))
        assert await peer.command() is not None
        await peer.send(b"HANGUP\n511 Command Not Permitted on a dead channel or intercept routine\n")
        assert await peer.closed_by_the_server()
    assert server.stats.gone == 1


async def test_only_so_many_questions_are_taken_at_once() -> None:
    async with serve(FixedRouter(), "127.0.0.1", 0, limits=Limits(sessions=1)) as server, connected(server.port):
        asked = await ask(server.port, GOOD)
        assert asked == Asked("FAILURE")
        assert server.stats.refused == 1


async def test_several_hundred_questions_at_once_are_all_answered(server: Server) -> None:
    asked = await asyncio.gather(*(ask(server.port, GOOD) for _ in range(300)))
    assert all(a.variables == RING for a in asked)
    assert server.stats.answered == 300


async def test_a_peer_from_elsewhere_is_not_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agi.session.Access.allows", lambda access, peer: False)
    async with serve(FixedRouter(), "127.0.0.1", 0) as server, connected(server.port) as peer:
        assert await peer.closed_by_the_server()
        assert server.stats.refused == 1


async def test_asyncio_sends_small_commands_without_delay() -> None:
    """The server relies on it: with Nagle's algorithm an answer would wait for an acknowledgement."""
    delays: list[int] = []

    def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        delays.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    plain = await asyncio.start_server(connection, "127.0.0.1", 0)
    async with plain, connected(plain.sockets[0].getsockname()[1]) as peer:
        assert await peer.closed_by_the_server()
    assert delays == [1]


async def test_ending_the_server_ends_the_questions_in_hand_and_frees_the_port() -> None:
    port = free_port()
    async with serve(FixedRouter(), "127.0.0.1", port) as server, connected(server.port) as peer:
        await peer.send(b"agi_network: yes\n")
    async with serve(FixedRouter(), "127.0.0.1", port) as server, connected(server.port) as peer:
        await peer.send(b"agi_network: yes\n")
        assert (await ask(port, GOOD)).variables == RING


async def test_nothing_that_the_peer_sent_is_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await ask(server.port, GOOD)
    await ask(server.port, (*GOOD[:7], CALLER))
    async with connected(server.port) as peer:
        await peer.send(environment(GOOD, script=f"{CALLER}\n{CALLER}"))
        assert await peer.command() == ["failure"]
    assert CALLER not in caplog.text


DIALPLAN = """[default]
exten => ask,1,Set(AGIEXITONHANGUP=yes)
 same => n,Set(SL_TOKEN=${UUID()})
 same => n,AGI(agi://127.0.0.1:{port}/next?v=1,${UUID()},${SL_TOKEN},+17175550100,,,1795443203.125,-1,start)
 same => n,Set(answer=${SL_STEP}/${SL_PHONES}/${SL_SECONDS}/${SL_POSITION})
 same => n,Set(GLOBAL(SEEN)=${answer}/$["${SL_OK}" = "${SL_TOKEN}"]/${AGISTATUS})
 same => n,Set(GLOBAL(ASKED)=yes)
exten => bad,1,AGI(agi://127.0.0.1:{port}/next,not-a-call)
 same => n,Set(GLOBAL(SEEN)=${SL_OK}/${AGISTATUS})
 same => n,Set(GLOBAL(ASKED)=yes)
"""


@pytest.mark.parametrize(("extension", "seen"), [("ask", "ring/desk&cell/25/0/1/SUCCESS"), ("bad", "/FAILURE")])
async def test_asterisk_takes_the_answer_into_its_channel(
    server: Server, tmp_path: Path, extension: str, seen: str
) -> None:
    async with bare_asterisk(tmp_path, DIALPLAN.replace("{port}", str(server.port))) as asterisk:
        await asterisk.call(extension)
        for _ in range(100):
            shown = await asterisk.cli("dialplan show globals")
            if "ASKED=yes" in shown:
                break
        assert f"SEEN={seen}\n" in shown
