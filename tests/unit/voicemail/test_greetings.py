"""Prompts: spoken or from a file, checked with a sentence that says what to do, and made again only when needed."""

from __future__ import annotations

import subprocess
import wave
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg  # type: ignore[import-untyped]
import numpy as np
import pytest

from pbx.asterisk.programs import Program, find_flite
from pbx.domain.policy import Greeting, Policy
from tests.unit.voicemail.spooling import policy, tone
from voicemail.audio import RATE, Samples, is_silent, loudness_dbfs, peak_dbfs, read_audio, wav_bytes
from voicemail.greetings import MANIFEST, GreetingCheck, GreetingProblem, check_greeting, prompts_of, render_prompts
from voicemail.prompt_audio import surely_fits

ALWAYS = ("default", "emergency", "thanks", "try-again")


@pytest.fixture(scope="module")
def flite() -> Program:
    return find_flite()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, flite: Program) -> Path:
    folder = tmp_path_factory.mktemp("greetings")
    render_prompts(policy(), folder, flite)
    return folder


def with_greeting(greeting: Greeting) -> Policy:
    return replace(policy(), greetings={greeting.name: greeting})


def sound_file(path: Path, samples: Samples) -> Greeting:
    path.write_bytes(wav_bytes(samples.tobytes()))
    return Greeting("night", file=str(path))


def converted(source: Path, *options: str) -> Path:
    """`source` as ffmpeg writes it; the last option is the new file's name, beside it."""
    target = source.with_name(options[-1])
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-i", source, *options[:-1], target], check=True, capture_output=True, timeout=20)
    return target


def test_a_practice_with_menus_has_their_prompts_and_the_one_for_another_try() -> None:
    menu = Greeting("menu-main", text="For refills, press 1.")
    prompts = prompts_of(replace(policy(), menu_prompts={menu.name: menu}))
    assert prompts[menu.name] == menu
    assert set(prompts) - set(prompts_of(policy())) == {"menu-main", "menu-again"}


def test_the_three_prompts_that_every_practice_needs_are_always_there(rendered: Path) -> None:
    for name in ALWAYS:
        audio = read_audio(rendered / f"{name}.wav")
        assert not audio.repaired
        assert audio.seconds > 0.5
        assert -26 < loudness_dbfs(audio.samples) < -10
        assert peak_dbfs(audio.samples) < -0.9


def test_the_default_greeting_names_the_practice() -> None:
    assert "Scotland Family Medicine" in (prompts_of(policy())["default"].text or "")


def test_no_greeting_takes_the_place_of_the_emergency_sentence() -> None:
    prompts = prompts_of(with_greeting(Greeting("emergency", text="We are on holiday.")))
    assert prompts["emergency"].text == "Dial 911."


def test_what_has_not_changed_is_not_made_again(rendered: Path, flite: Program) -> None:
    assert render_prompts(policy(), rendered, None) == ()
    (rendered / "thanks.wav").write_bytes(b"")
    assert render_prompts(policy(), rendered, flite) == ("thanks",)
    changed = replace(policy(), emergency_sentence="If this is an emergency, hang up and dial 911.")
    assert render_prompts(changed, rendered, flite) == ("emergency",)
    (rendered / MANIFEST).write_text("[1, 2")
    assert set(render_prompts(policy(), rendered, flite)) == set(ALWAYS)


def test_a_recorded_file_is_levelled_and_brought_to_telephone_quality(tmp_path: Path, flite: Program) -> None:
    source = sound_file(tmp_path / "mine.wav", tone(3, level=0.05))
    assert "night" in render_prompts(with_greeting(source), tmp_path, flite)
    audio = read_audio(tmp_path / "night.wav")
    assert audio.seconds == 3.0
    assert loudness_dbfs(audio.samples) == pytest.approx(-20, abs=0.5)


@pytest.mark.parametrize(
    "options",
    [
        ("-ar", "44100", "-ac", "2", "new.mp3"),
        ("-ar", "48000", "-ac", "2", "-acodec", "pcm_s24le", "new.wav"),
        ("-acodec", "pcm_u8", "new.wav"),
        ("-acodec", "pcm_mulaw", "new.wav"),
        ("-ar", "16000", "-acodec", "pcm_f32le", "new.wav"),
    ],
    ids=["mp3", "24 bit stereo", "8 bit", "u-law", "float"],
)
def test_the_usual_kinds_of_file_are_taken(tmp_path: Path, options: tuple[str, ...]) -> None:
    sound_file(tmp_path / "mine.wav", tone(3, level=0.3))
    new = converted(tmp_path / "mine.wav", *options)
    assert check_greeting(Greeting("night", file=str(new)), None) == pytest.approx(3.0, abs=0.1)
    render_prompts(replace(with_greeting(Greeting("night", file=str(new)))), tmp_path, find_flite())
    with wave.open(str(tmp_path / "night.wav")) as made:
        assert made.getparams()[:3] == (1, 2, RATE)
    samples = read_audio(tmp_path / "night.wav").samples[RATE : 2 * RATE]
    loudest = int(np.argmax(np.abs(np.fft.rfft(samples))))
    assert loudest == 440


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (tone(0.5), "shorter than 1 second"),
        (tone(121), "longer than 120 seconds"),
        (np.zeros(16000, dtype=np.int16), "silent"),
        (tone(2, level=0.005), "too quiet"),
        (np.clip(tone(2, level=0.9).astype(np.int32) * 4, -32768, 32767).astype(np.int16), "distorted"),
    ],
)
def test_a_recording_that_callers_could_not_hear_well_is_refused(tmp_path: Path, samples: Samples, says: str) -> None:
    with pytest.raises(GreetingProblem, match=says) as caught:
        check_greeting(sound_file(tmp_path / "mine.wav", samples), None)
    assert str(caught.value).startswith("The greeting 'night' cannot be used: ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "neither WAV nor MP3"),
        (b"OggS" + bytes(100), "neither WAV nor MP3"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "not known"),
        (b"ID3" + bytes(500), "damaged"),
        (b"\xff\xfb" + bytes(500), "damaged"),
        (wav_bytes(b"")[:36], "damaged"),
    ],
)
def test_a_file_that_is_no_sound_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "mine").write_bytes(content)
    with pytest.raises(GreetingProblem, match=says):
        check_greeting(Greeting("night", file=str(tmp_path / "mine")), None)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GreetingProblem, match="there is no file"):
        check_greeting(Greeting("night", file=str(tmp_path / "none.wav")), None)


@pytest.mark.parametrize(("text", "says"), [("  ", "empty"), ("word " * 500, "shorten"), ("Hello.", "not installed")])
def test_a_text_that_cannot_be_spoken_is_told(text: str, says: str) -> None:
    with pytest.raises(GreetingProblem, match=says):
        check_greeting(Greeting("night", text=text), None)


def test_a_text_is_never_taken_for_an_option(flite: Program) -> None:
    assert check_greeting(Greeting("night", text="--help is a text like any other"), flite) > 1


def test_a_name_never_leads_out_of_the_folder(flite: Program) -> None:
    with pytest.raises(GreetingProblem, match="rename it"):
        check_greeting(Greeting("../night", text="Hello there, everyone."), flite)


def test_one_bad_greeting_leaves_every_prompt_as_it_was(rendered: Path, flite: Program) -> None:
    before = {path.name: path.read_bytes() for path in rendered.iterdir()}
    bad = replace(with_greeting(Greeting("night", file="/none.wav")), emergency_sentence="Something new to say.")
    with pytest.raises(GreetingProblem):
        render_prompts(bad, rendered, flite)
    assert {path.name: path.read_bytes() for path in rendered.iterdir()} == before


def test_a_broken_voice_is_told_in_a_sentence() -> None:
    with pytest.raises(GreetingProblem, match="check the flite installation"):
        check_greeting(Greeting("night", text="Hello."), Program("flite", ("false",)))


def test_the_spoken_prompt_is_no_silence(rendered: Path) -> None:
    assert not is_silent(read_audio(rendered / "emergency.wav").samples)


def test_a_check_speaks_one_text_and_makes_no_other_that_is_sure_to_do(tmp_path: Path, flite: Program) -> None:
    usual = "You have reached Scotland Family Medicine. Please call back tomorrow, or dial 911."
    check = GreetingCheck(tmp_path, flite)
    check.check(Greeting("one", text=usual))
    check._speaker = Program("flite", ("false",))
    check.check(Greeting("two", text=usual.replace("tomorrow", "on Monday")))
    with pytest.raises(GreetingProblem, match="check the flite installation"):
        check.check(Greeting("three", text="Hello."))


def test_a_check_takes_what_the_server_has_made_already(rendered: Path) -> None:
    check = GreetingCheck(rendered, None)
    check.check(prompts_of(policy())["thanks"])
    with pytest.raises(GreetingProblem, match="not installed"):
        check.check(Greeting("night", text="Something that nobody has made."))


@pytest.mark.parametrize(
    "text",
    [
        "Hello.",
        "1234567890 " * 20,
        "... --- ... " * 20,
        "word " * 400,
        "Grüße " * 12,
    ],
)
def test_a_text_that_may_not_do_is_spoken_to_know(text: str) -> None:
    assert not surely_fits(text)
