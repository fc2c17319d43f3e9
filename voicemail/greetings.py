"""Make the prompts that callers hear: from a text, spoken on this machine, or from a WAV or MP3 file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from pbx.domain.actions import FALLBACK_GREETING, MENU_AGAIN_PROMPT
from pbx.domain.callers import NOT_TAKEN_PROMPT
from pbx.domain.codes import TRY_AGAIN_PROMPT
from pbx.domain.legs import GONE_PROMPT, LATE_PROMPT, OFFER_PROMPT, TAKEN_PROMPT
from pbx.domain.policy import Greeting, Policy
from pbx.domain.routing import EMERGENCY_PROMPT, THANKS_PROMPT
from voicemail.audio import wav_bytes, write_durably
from voicemail.moving_prompts import moving_prompts
from voicemail.outbound_prompts import outbound_prompts
from voicemail.prompt_audio import GreetingProblem, Speaker, prompt_pcm, source_of, spoken_pcm, surely_fits
from voicemail.urgent_prompts import TEXTS as URGENT_TEXTS
from voicemail.urgent_prompts import urgent_prompts

__all__ = ["GreetingCheck", "GreetingProblem", "Speaker", "check_greeting", "prompts_of", "render_prompts"]

MANIFEST = "manifest.json"
RENDERING = 2
"""Counts up when the same source would sound different: every prompt is made again then."""

DEFAULT_TEXT = (
    "You have reached {practice}. No one can take your call now. "
    "Please leave your name, your number and the reason for your call after the tone."
)
THANKS_TEXT = "Thank you. Your message has been recorded. Goodbye."
TRY_AGAIN_TEXT = "This does not work at the moment. Please try again."
LEG_TEXTS = {
    OFFER_PROMPT: "A call for {practice}. To take it, press 1.",
    TAKEN_PROMPT: "Somebody else has taken the call. Goodbye.",
    GONE_PROMPT: "The caller has hung up. Goodbye.",
    LATE_PROMPT: "The caller is no longer waiting. Goodbye.",
}
"""For whoever answers a number outside, which may be a private voicemail: so nothing of the patient is in them."""
NOT_TAKEN_TEXT = "We cannot take this call. Goodbye."
MENU_AGAIN_TEXT = "Please press one of the keys that follow."

_FILE_NAME = re.compile(r"[A-Za-z0-9_\-]{1,64}")


@dataclass(frozen=True, slots=True)
class _Made:
    """What a prompt was made of, and the file that came out (SHA-256, hex)."""

    source: str
    result: str


def prompts_of(policy: Policy) -> dict[str, Greeting]:
    """Every prompt that the practice needs: always emergency, default, thanks and try-again, then its own greetings and
    menus.

    The practice may word the default greeting itself, but never the emergency prompt by a greeting of that name.
    """
    default = Greeting(FALLBACK_GREETING, text=DEFAULT_TEXT.format(practice=policy.practice))
    emergency = Greeting(EMERGENCY_PROMPT, text=policy.emergency_sentence)
    thanks = Greeting(THANKS_PROMPT, text=THANKS_TEXT)
    try_again = Greeting(TRY_AGAIN_PROMPT, text=TRY_AGAIN_TEXT)
    again = Greeting(MENU_AGAIN_PROMPT, text=MENU_AGAIN_TEXT)
    menus = {**policy.menu_prompts, again.name: again} if policy.menu_prompts else {}
    legs = LEG_TEXTS.items() if policy.outside_numbers else ()
    asked = {name: Greeting(name, text=text.format(practice=policy.practice)) for name, text in legs}
    if policy.music:
        asked[policy.music.name] = policy.music
    fixed = {prompt.name: prompt for prompt in (emergency, thanks, try_again)} | _not_taken(policy)
    own = {**asked, **urgent_prompts(policy), **outbound_prompts(policy), **moving_prompts(policy), **fixed}
    return {default.name: default, **policy.greetings, **menus, **own, **policy.translations}


def _not_taken(policy: Policy) -> dict[str, Greeting]:
    rules = (rule for number in policy.numbers.values() for rule in number.callers.rules)
    needed = any(rule.turn_away == NOT_TAKEN_PROMPT for rule in rules)
    return {NOT_TAKEN_PROMPT: Greeting(NOT_TAKEN_PROMPT, text=NOT_TAKEN_TEXT)} if needed else {}


def render_prompts(policy: Policy, folder: Path, speaker: Speaker | None) -> tuple[str, ...]:
    """Make `<prompt>.wav` in `folder` for every prompt; gives the names of those that were new or have changed.

    `speaker` is the flite program (None: not installed). Nothing is written unless all of them can be made; each
    file is replaced at once, so a call never hears half a prompt. Prompts that are no longer wanted stay: a call may
    be about to play one. Raises `GreetingProblem`, or OSError if the folder cannot be written.
    """
    made = _read_manifest(folder)
    fresh = dict(_outdated(policy, folder, made))
    if not fresh:
        return ()
    # A new practice may have a thousand prompts: they are made on all cores, and wait on the disk for the last one.
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as waiting, ThreadPoolExecutor(os.cpu_count()) as pool:
        new = Path(waiting)
        jobs = {name: pool.submit(_make, greeting, speaker, new) for name, (greeting, _) in fresh.items()}
        try:
            results = {name: job.result() for name, job in jobs.items()}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        for name, (_, source) in fresh.items():
            (new / f"{name}.wav").replace(folder / f"{name}.wav")
            made[name] = _Made(source, results[name])
        _write_manifest(folder, made)
    return tuple(fresh)


def _outdated(policy: Policy, folder: Path, made: Mapping[str, _Made]) -> Iterator[tuple[str, tuple[Greeting, str]]]:
    for name, greeting in prompts_of(policy).items():
        _check_name(name)
        source = _source(greeting)
        if not _is_up_to_date(folder / f"{name}.wav", made.get(name), source):
            yield name, (greeting, source)


def _make(greeting: Greeting, speaker: Speaker | None, folder: Path) -> str:
    data = wav_bytes(_pcm(greeting, speaker))
    write_durably(folder / f"{greeting.name}.wav", data)
    return hashlib.sha256(data).hexdigest()


def check_greeting(greeting: Greeting, speaker: Speaker | None) -> float:
    """Make a greeting without keeping it; gives its length in seconds. Raises `GreetingProblem`."""
    _check_name(greeting.name)
    return len(prompt_pcm(greeting, speaker)) / 16000


class GreetingCheck:
    """Checks the greetings of a file, and makes only those of which it is not known that they can be made.

    Known are those in `folder`, and texts that are sure to be of a usable length once the voice has spoken one.
    """

    def __init__(self, folder: Path, speaker: Speaker | None) -> None:
        self._speaker = speaker
        self._good = {entry.source for entry in _read_manifest(folder).values()}
        self._voice_works = False

    def check(self, greeting: Greeting) -> None:
        """Raises `GreetingProblem`."""
        source = _source(greeting)
        if source in self._good or (self._voice_works and greeting.text and surely_fits(greeting.text)):
            _check_name(greeting.name)
            return
        check_greeting(greeting, self._speaker)
        self._good.add(source)
        self._voice_works = self._voice_works or greeting.text is not None


def _source(greeting: Greeting) -> str:
    return f"{RENDERING}:{source_of(greeting)}"


def _pcm(greeting: Greeting, speaker: Speaker | None) -> bytes:
    """The program's own words of the urgent path are as short as one digit: no length is asked of them."""
    if greeting.name in URGENT_TEXTS and greeting.text is not None:
        return spoken_pcm(greeting.name, greeting.text, speaker)
    return prompt_pcm(greeting, speaker)


def _check_name(name: str) -> None:
    if not _FILE_NAME.fullmatch(name):
        raise GreetingProblem("greeting", "its name may have letters, digits, - and _ only: rename it")


def _is_up_to_date(path: Path, made: _Made | None, source: str) -> bool:
    if made is None or made.source != source:
        return False
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == made.result
    except OSError:
        return False


def _read_manifest(folder: Path) -> dict[str, _Made]:
    """What was made before; a manifest that is missing or spoilt only means that all is made again."""
    try:
        entries = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {name: _Made(str(entry["source"]), str(entry["result"])) for name, entry in entries.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_manifest(folder: Path, made: Mapping[str, _Made]) -> None:
    text = json.dumps({name: asdict(entry) for name, entry in sorted(made.items())}, indent=1)
    write_durably(folder / MANIFEST, text.encode())
