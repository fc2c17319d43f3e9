"""Talks with the practice's own people, against a peer that plays Asterisk and a phone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agi.dialogue import Dialogue, HungUp
from agi.server import Server, serve
from agi.talks import Talk, Talks
from pbx.domain.steps import EndStep, Step
from pbx.services.route import Question
from tests.kit.agi_peer import connected, environment
from tests.kit.handset import HANG_UP, TOKEN, Handset
from tests.kit.network import until
from voicemail.audio import wav_bytes

SECRET = "271828"
SECOND = wav_bytes(bytes(16000))


class EndsEveryCall:
    async def next(self, question: Question) -> tuple[int, Step]:
        return 0, EndStep()


@pytest.fixture
def greetings(tmp_path: Path) -> Path:
    for name in ("hello", "your-pin", "thanks"):
        (tmp_path / f"{name}.wav").write_bytes(SECOND)
    return tmp_path


@contextlib.asynccontextmanager
async def serving(talk: Talk, greetings: Path) -> AsyncIterator[Server]:
    async with serve(EndsEveryCall(), "127.0.0.1", 0, talks=Talks(greetings, {"try": talk})) as server:
        yield server


async def held(talk: Talk, greetings: Path, *entries: str, about: str = "") -> tuple[Handset, Server]:
    """A phone that had the talk, and the server that held it."""
    phone = Handset(list(entries))
    async with serving(talk, greetings) as server:
        await phone.talks(server.port, "try", about)
        await until(lambda: not server.stats.open, 3, "the end of the talk")
    return phone, server


async def test_a_talk_says_asks_and_sets_what_the_dialplan_does_next(greetings: Path) -> None:
    async def talk(dialogue: Dialogue) -> None:
        assert (dialogue.about, dialogue.endpoint) == ("closed", "rictor-desk")
        await dialogue.say("hello", "thanks")
        keyed = await dialogue.ask("hello", "your-pin", digits=6, seconds=5)
        await dialogue.set("SL_RESULT", keyed)

    phone, server = await held(talk, greetings, "", SECRET, about="closed")
    assert phone.held
    assert phone.heard == ["hello", "thanks", "hello", "your-pin"]
    assert phone.variables["SL_RESULT"] == SECRET
    assert server.stats.answered == 1


async def test_a_key_in_the_first_of_several_prompts_begins_the_entry(greetings: Path) -> None:
    keyed: list[str] = []

    async def talk(dialogue: Dialogue) -> None:
        keyed.append(await dialogue.ask("hello", "your-pin", digits=3, seconds=1))
        keyed.append(await dialogue.ask("hello", "your-pin", digits=1, seconds=1))
        keyed.append(await dialogue.ask("hello", "your-pin", digits=3, seconds=1))

    phone, _ = await held(talk, greetings, "2", "71", "4", "#")
    assert keyed == ["271", "4", ""]
    assert phone.heard == ["hello"] * 3


async def test_star_is_a_key_like_another_and_silence_is_an_empty_answer(greetings: Path) -> None:
    keyed: list[str] = []

    async def talk(dialogue: Dialogue) -> None:
        keyed.extend([await dialogue.ask("hello", digits=4, seconds=1) for _ in range(2)])

    phone, _ = await held(talk, greetings, "*1")
    assert phone.held
    assert keyed == ["*1", ""]


async def test_a_recording_can_be_played_with_keys_and_one_made(greetings: Path) -> None:
    keys: list[str] = []

    async def talk(dialogue: Dialogue) -> None:
        keys.append(await dialogue.play(greetings / "hello.wav"))
        keys.append(await dialogue.play(greetings / "hello.wav", keys="12"))
        keys.append(await dialogue.record(greetings / "mine.wav", 30, keys="#"))

    phone, _ = await held(talk, greetings, "7", "9", "#")
    assert phone.held
    assert phone.heard == ["hello", "hello", "mine 30000"]
    assert keys == ["7", "", "#"]


@pytest.mark.parametrize("word", ["ask", "play", "record", "say"])
async def test_a_phone_that_hangs_up_ends_the_talk_where_it_is(greetings: Path, word: str) -> None:
    done: list[str] = []

    async def talk(dialogue: Dialogue) -> None:
        try:
            match word:
                case "ask":
                    await dialogue.ask("hello", digits=4, seconds=5)
                case "play":
                    await dialogue.play(greetings / "hello.wav")
                case "record":
                    await dialogue.record(greetings / "mine.wav", 5)
                case _:
                    await dialogue.play(greetings / "hello.wav")
                    await dialogue.say("hello")
        except HungUp:
            done.append("hung up")
            raise
        done.append("went on")

    phone, server = await held(talk, greetings, HANG_UP)
    assert not phone.held
    assert done == ["hung up"]
    assert (server.stats.gone, server.stats.failed) == (1, 0)


async def test_a_hang_up_that_asterisk_tells_counts_too(greetings: Path) -> None:
    async def talk(dialogue: Dialogue) -> None:
        await dialogue.say("hello")

    async with serving(talk, greetings) as server, connected(server.port) as peer:
        await peer.send(environment((TOKEN, "", "rictor-desk"), "talk/try"))
        for _ in range(2):
            assert (await peer.command() or [])[:3] == ["SET", "VARIABLE", "TIMEOUT(absolute)"]
            await peer.reply("200 result=1")
        assert (await peer.command() or [])[:2] == ["STREAM", "FILE"]
        await peer.reply("200 result=-1 endpos=400")
        assert await peer.closed_by_the_server()
    assert server.stats.gone == 1


async def test_a_talk_that_breaks_leaves_the_phone_to_the_dialplan_and_tells_no_key(
    greetings: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def talk(dialogue: Dialogue) -> None:
        raise ValueError(await dialogue.ask("hello", digits=9, seconds=5))

    phone, server = await held(talk, greetings, SECRET)
    assert (phone.status, phone.held, server.stats.failed) == ("FAILURE", False, 1)
    assert "talk try: ValueError at test_dialogue.py" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("name", ["missing", "../secret", "a&b", ""])
async def test_a_prompt_that_is_not_there_breaks_the_talk_instead_of_being_silence(greetings: Path, name: str) -> None:
    async def talk(dialogue: Dialogue) -> None:
        await dialogue.ask(name, digits=1, seconds=1)

    phone, _ = await held(talk, greetings)
    assert (phone.status, phone.heard) == ("FAILURE", [])


@pytest.mark.parametrize(
    "arguments",
    [(), (TOKEN, ""), ("token", "", "rictor-desk"), (TOKEN, "a b", "rictor-desk"), (TOKEN, "", "+12155550123")],
)
async def test_whoever_asks_otherwise_than_the_dialplan_has_no_talk(
    greetings: Path, arguments: tuple[str, ...]
) -> None:
    async def talk(dialogue: Dialogue) -> None:
        raise AssertionError("held")

    phone = Handset()
    async with serving(talk, greetings) as server:
        await phone.asks(server.port, "try", arguments)
        await phone.asks(server.port, "other", (TOKEN, "", "rictor-desk"))
    assert (phone.status, server.stats.failed, server.stats.refused) == ("FAILURE", 1, 1)


async def test_a_talk_goes_on_longer_than_a_question_and_questions_are_answered_meanwhile(
    greetings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def talk(dialogue: Dialogue) -> None:
        inside.set()
        await go_on.wait()
        await dialogue.say("hello")

    phone = Handset()
    async with serving(talk, greetings) as server, asyncio.TaskGroup() as group:
        group.create_task(phone.talks(server.port, "try"))
        await inside.wait()
        refused = Handset()
        monkeypatch.setattr("agi.talks.MOST_TALKS", 1)
        await refused.talks(server.port, "try")
        assert refused.status == "FAILURE"
        go_on.set()
    assert phone.held


async def test_ending_the_server_ends_the_talks_and_the_phone_goes_back_to_the_dialplan(greetings: Path) -> None:
    inside = asyncio.Event()

    async def talk(dialogue: Dialogue) -> None:
        inside.set()
        await asyncio.Event().wait()

    phone = Handset()
    async with asyncio.TaskGroup() as group, serving(talk, greetings) as server:
        group.create_task(phone.talks(server.port, "try"))
        await inside.wait()
    assert not phone.held
