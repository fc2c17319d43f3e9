"""Sounds that are not prompts: those about patients, which vanish, and people's own greetings, which stay."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pbx.asterisk.programs import find_flite
from voicemail.audio import is_silent, read_audio
from voicemail.own_sounds import OwnSounds
from voicemail.private import PrivateSounds

NUMBER = "From 2 1 5, 5 5 5, 0 1 0 1."


async def test_what_is_about_a_patient_is_private_and_gone_when_it_was_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    run = subprocess.run

    def noted(command: list[str], **how: Any) -> object:
        commands.append(command)
        return run(command, **how)

    monkeypatch.setattr(subprocess, "run", noted)
    async with PrivateSounds(tmp_path, find_flite()).spoken(NUMBER) as path:
        assert not is_silent(read_audio(path).samples)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == []
    assert "5 5 5" not in " ".join(word for command in commands for word in command)


async def test_it_is_gone_too_when_the_phone_hangs_up_or_the_server_died(tmp_path: Path) -> None:
    sounds = PrivateSounds(tmp_path, None)
    with pytest.raises(ConnectionError):
        async with sounds.room() as path:
            path.touch()
            raise ConnectionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "left.wav").touch()
    sounds.clear()
    assert list(tmp_path.iterdir()) == []


def test_an_own_greeting_outlives_the_prompts(tmp_path: Path) -> None:
    kept, prompts = tmp_path / "kept", tmp_path / "prompts"
    kept.mkdir()
    prompts.mkdir()
    sounds = OwnSounds(kept, prompts)
    sounds.keep("-rictor-closed", bytes(16000))
    heard = prompts / "-rictor-closed.wav"
    data = heard.read_bytes()
    heard.unlink()
    sounds.put_back()
    assert heard.read_bytes() == data
    sounds.remove("-rictor-closed")
    assert list(kept.iterdir()) == []
    assert heard.exists()  # a call may be about to play it
