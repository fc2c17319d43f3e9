"""Sentences spoken when they are needed: once, bounded, and never half."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from pbx.asterisk.programs import Program, find_flite
from voicemail import announce
from voicemail.announce import Announcer
from voicemail.audio import is_silent, read_audio
from voicemail.prompt_audio import GreetingProblem

SENTENCE = "Closed until tomorrow at 9 AM."


@pytest.fixture(scope="module")
def flite() -> Program:
    return find_flite()


async def test_a_sentence_becomes_a_prompt_that_can_be_heard(tmp_path: Path, flite: Program) -> None:
    name = await Announcer(tmp_path, flite).prompt(SENTENCE)
    audio = read_audio(tmp_path / f"{name}.wav")
    assert audio.seconds > 1
    assert not is_silent(audio.samples)
    assert name.startswith("said-") and len(name) < 80


async def test_it_is_spoken_once(tmp_path: Path, flite: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    announcer = Announcer(tmp_path, flite)
    names = await asyncio.gather(*(announcer.prompt(SENTENCE) for _ in range(3)))
    assert len(set(names)) == 1
    monkeypatch.setattr(announce, "spoken_pcm", None)
    assert await Announcer(tmp_path, None).prompt(SENTENCE) == names[0]
    assert [path.stem for path in tmp_path.iterdir()] == [names[0]]


async def test_short_words_may_be_spoken(tmp_path: Path, flite: Program) -> None:
    assert await Announcer(tmp_path, flite).prompt("Yes.") != await Announcer(tmp_path, flite).prompt("No.")


async def test_only_so_many_stay_and_those_asked_for_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announce, "spoken_pcm", lambda *_: bytes(1600))
    (tmp_path / "default.wav").write_bytes(b"")
    announcer = Announcer(tmp_path, None, kept=3)
    names = [await announcer.prompt(f"Sentence {number}.") for number in range(3)]
    for age, name in enumerate(reversed(names), 1):
        os.utime(tmp_path / f"{name}.wav", (1000 - age, 1000 - age))
    await announcer.prompt("Sentence 0.")
    newest = await announcer.prompt("Sentence 3.")
    assert {path.stem for path in tmp_path.iterdir()} == {names[0], names[2], newest, "default"}


async def test_a_sentence_that_cannot_be_spoken_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(GreetingProblem):
        await Announcer(tmp_path, None).prompt(SENTENCE)
    with pytest.raises(ValueError, match="too long"):
        await Announcer(tmp_path, None).prompt("a" * 601)
    assert list(tmp_path.iterdir()) == []
