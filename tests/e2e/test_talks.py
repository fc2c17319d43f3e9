"""Talks over a real phone: every key arrives, and whatever becomes of the controller, the phone hears a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agi import dialogue as module
from agi.dialogue import Dialogue, HungUp
from agi.server import serve
from agi.talks import Talk, Talks
from pbx.demo.hearing import more_sound, seconds_of_sound, seconds_of_tone, sound
from pbx.demo.softphone import Softphone
from pbx.demo.speech import tone
from tests.e2e.conftest import SPOKEN, PhoneMaker
from tests.kit.asterisk import DEFAULT_TONE, DESK, THANKS_TONE, TRY_AGAIN_TONE, Pbx, a_practice, running
from tests.kit.controllers import PlainRouter, controller, hangs

LONG_TONE = 2200.0
ENTRY = "0123456789"


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    with running(tmp_path_factory.mktemp("pbx"), a_practice()) as pbx:
        asyncio.run(tone(LONG_TONE, 9.0, pbx.layout.greetings / "long.wav"))
        yield pbx


@pytest.fixture
async def phone(pbx: Pbx, a_phone: PhoneMaker) -> Softphone:
    return await a_phone(DESK, pbx)


@asynccontextmanager
async def holding(pbx: Pbx, talk: Talk) -> AsyncIterator[None]:
    """A controller whose talk for codes is `talk`."""
    talks = Talks(pbx.layout.greetings, {"codes": talk})
    async with serve(PlainRouter(pbx.policy), "127.0.0.1", pbx.agi_port, talks=talks):
        yield


async def test_every_key_arrives_from_the_first_sound_of_the_prompt_on_which_it_cuts_short(
    pbx: Pbx, phone: Softphone
) -> None:
    keyed: list[str] = []

    async def talk(dialogue: Dialogue) -> None:
        assert (dialogue.about, dialogue.endpoint) == ("closed", DESK)
        keyed.append(await dialogue.ask("long", digits=len(ENTRY), seconds=5))
        keyed.append(await dialogue.ask("default", digits=4, seconds=5))
        keyed.append(await dialogue.play(pbx.layout.greetings / "long.wav", keys="#"))
        await dialogue.say("thanks")

    async with holding(pbx, talk):
        await phone.call(pbx.server, "*71")
        await phone.is_answered(10)
        await sound(phone.heard, 10)
        await phone.presses(ENTRY)
        await more_sound(phone.heard, seconds_of_sound(phone.heard) + 0.3, 10)
        await phone.presses("*1#")
        await more_sound(phone.heard, seconds_of_sound(phone.heard) + 0.3, 10)
        await phone.presses("#")
        await phone.call_ends(10)
    assert keyed == [ENTRY, "*1", "#"]
    assert seconds_of_tone(phone.heard, LONG_TONE) < 3
    assert seconds_of_tone(phone.heard, THANKS_TONE) > 0
    assert seconds_of_tone(phone.heard, TRY_AGAIN_TONE) == 0


async def test_a_recording_is_made_and_a_hang_up_in_it_is_told(pbx: Pbx, phone: Softphone, tmp_path: Path) -> None:
    ended = asyncio.Event()
    made = tmp_path / "made.wav"

    async def talk(dialogue: Dialogue) -> None:
        try:
            await dialogue.record(made, 20)
        except HungUp:
            ended.set()
            raise

    words = tmp_path / "words.wav"
    await tone(SPOKEN, 1.5, words)
    async with holding(pbx, talk):
        await phone.call(pbx.server, "*71")
        await phone.is_answered(10)
        await sound(phone.heard, 10)
        await phone.says(words)  # and hangs up
        async with asyncio.timeout(8):
            await ended.wait()
    assert seconds_of_tone(made, SPOKEN) > 0.5


async def test_a_talk_that_the_controllers_end_breaks_off_leads_to_a_sentence(pbx: Pbx, phone: Softphone) -> None:
    async def talk(dialogue: Dialogue) -> None:
        await dialogue.ask("long", digits=4, seconds=5)

    async with holding(pbx, talk):
        await phone.call(pbx.server, "*71")
        await phone.is_answered(10)
        await sound(phone.heard, 10)
    await phone.call_ends(12)
    assert seconds_of_tone(phone.heard, TRY_AGAIN_TONE) > 0


async def test_a_controller_that_hangs_in_mid_talk_leads_to_a_sentence(
    pbx: Pbx, phone: Softphone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(module, "SLACK_SECONDS", 1.0)

    async def talk(dialogue: Dialogue) -> None:
        await dialogue.say("default")
        await asyncio.Event().wait()

    async with holding(pbx, talk):
        await phone.call(pbx.server, "*71")
        await phone.call_ends(10)
    assert seconds_of_tone(phone.heard, DEFAULT_TONE) > 0
    assert seconds_of_tone(phone.heard, TRY_AGAIN_TONE) > 0


async def test_a_controller_that_hangs_from_the_start_leads_to_a_sentence_and_so_does_none(
    pbx: Pbx, phone: Softphone
) -> None:
    await phone.call(pbx.server, "*70")
    await phone.call_ends(10)
    assert seconds_of_tone(phone.heard, TRY_AGAIN_TONE) > 0
    async with controller(pbx.agi_port, hangs):
        await phone.call(pbx.server, "*70")
        await phone.call_ends(8)
    assert seconds_of_tone(phone.heard, TRY_AGAIN_TONE) > 0
