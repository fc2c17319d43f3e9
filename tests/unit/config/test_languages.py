"""Prompts in the practice's languages: what is there, what is missing, and what cannot be spoken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pbx.config.load import Practice, load
from pbx.domain.policy import Policy
from pbx.domain.routing import decide
from pbx.domain.steps import MenuStep, SayStep
from tests.unit.config.conftest import Load, Problems

NIGHT = datetime(2026, 11, 22, 8, tzinfo=UTC)
LANGUAGES = ('timezone = "America/New_York"', 'timezone = "America/New_York"\nlanguages = ["en", "es"]')
CLOSED = ('text = "We are closed."', 'text = "We are closed."\ntranslations.es = { file = "mine.wav" }')
OWN = """
[prompts.emergency]
translations.es = { file = "mine.wav" }
[prompts.thanks]
translations.es = { file = "mine.wav" }
[prompts.default]
translations.es = { file = "mine.wav" }
"""
MENU = """
[prompts.menu-again]
translations.es = { file = "mine.wav" }
[numbers."+17175550109"]
schedule = "office"
open = [{ menu = "main" }]
closed = [{ menu = "main" }]
[menus.main]
say = "For refills, press 1. Para español, oprima 2."
translations.es = { file = "mine.wav" }
options.1 = { menu = "refills" }
options.2 = { language = "es" }
otherwise = [{ voicemail = "rictor" }]
[menus.refills]
say = "For a refill, press 1. To go back, press star. In English, press 3."
translations.es = { file = "mine.wav" }
options.1 = { voicemail = "mills", greeting = "after-hours" }
options.3 = { language = "en" }
options."*" = { back = true }
"""


@pytest.fixture(autouse=True)
def recording(tmp_path: Path) -> None:
    (tmp_path / "mine.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt ")


def names_of(practice: Practice) -> set[tuple[str, str]]:
    return {(warning.name, warning.key) for warning in practice.warnings}


def test_a_prompt_that_is_missing_in_a_language_is_warned_of(loaded: Load) -> None:
    missing = {key for name, key in names_of(loaded(LANGUAGES)) if name == "prompt-untranslated"}
    assert missing == {"greetings.after-hours", "prompts.emergency", "prompts.thanks", "prompts.default"}


def test_nothing_is_missing_where_all_is_translated(loaded: Load) -> None:
    assert loaded(LANGUAGES, CLOSED, more=OWN).warnings == ()
    tree = names_of(loaded(LANGUAGES, CLOSED, more=OWN + MENU))
    assert not any(name == "prompt-untranslated" for name, _ in tree)


def test_what_is_missing_can_be_meant(loaded: Load) -> None:
    accept = '\n[[accept]]\nwarning = "prompt-untranslated"\non = "after-hours"\nbecause = "It is understood."\n'
    assert loaded(LANGUAGES, more=OWN + accept).warnings == ()


PROBLEMS = {
    "a text that cannot be spoken": (
        ('text = "We are closed."', 'text = "We are closed."\ntranslations.es = { text = "Cerrado." }'),
        "greetings.after-hours.translations.es.text: cannot be spoken in 'es'",
    ),
    "another language": (
        ('text = "We are closed."', 'text = "We are closed."\ntranslations.fr = { file = "mine.wav" }'),
        "'fr' is none of the practice's languages",
    ),
    "the first language": (
        ('text = "We are closed."', 'text = "We are closed."\ntranslations.en = { text = "Closed." }'),
        "'en' is the language that it is in anyway",
    ),
    "a number's language": (
        ('voicemail = "front-desk"', 'voicemail = "front-desk"\nlanguage = "fr"'),
        "'fr' is none of the practice's languages",
    ),
    "no recording": (
        ('text = "We are closed."', 'text = "We are closed."\ntranslations.es = { file = "none.wav" }'),
        "none.wav does not exist",
    ),
    "nothing": (
        ('text = "We are closed."', 'text = "We are closed."\ntranslations.es = {}'),
        "does not say one thing",
    ),
    "no letters of a language": (
        ('languages = ["en", "es"]', 'languages = ["English"]'),
        "is no language",
    ),
    "a first language without a voice": (
        ('languages = ["en", "es"]', 'languages = ["es"]'),
        "greetings.after-hours.text: cannot be spoken in 'es'",
    ),
}


@pytest.mark.parametrize(("change", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_cannot_be_is_told(problems: Problems, change: tuple[str, str], says: str) -> None:
    assert any(says in problem for problem in problems(LANGUAGES, change))


def policy_of(loaded: Load) -> Policy:
    return loaded(LANGUAGES, CLOSED, more=OWN + MENU).policy


def heard(policy: Policy, number: str, *keys: str) -> list[str]:
    """The prompts of a call at night in which these keys are pressed at its menus."""
    steps = decide(policy, number, NIGHT).steps
    position, pressed, prompts = 0, list(keys), list[str]()
    while isinstance(step := steps[position], MenuStep):
        prompts += [*step.opening, *step.prompts]
        key = step.find(pressed.pop(0)) if pressed else None
        if key is None:
            return prompts
        position = key.target
    for step in steps[position:]:
        if isinstance(step, SayStep):
            prompts += step.prompts
        elif step.kind == "end":
            break
    return prompts


LINE = "+17175550109"
CALLS = {
    "nothing pressed": ((), ["emergency", "menu-main"]),
    "Spanish": (("2",), ["emergency", "menu-main", "emergency--es", "menu-main--es"]),
    "Spanish, again": (
        ("2", "2"),
        ["emergency", "menu-main", "emergency--es", "menu-main--es", "emergency--es", "menu-main--es"],
    ),
    "Spanish, then a refill": (
        ("2", "1", "1"),
        ["menu-refills--es", "emergency--es", "after-hours--es", "thanks--es"],
    ),
    "Spanish, and back": (("2", "1", "*"), ["menu-refills--es", "emergency--es", "menu-main--es"]),
    "English at once": (("1", "3"), ["menu-refills", "menu-refills"]),
    "English after Spanish": (("2", "1", "3", "1"), ["menu-refills", "emergency", "after-hours", "thanks"]),
}


@pytest.mark.parametrize(("keys", "prompts"), CALLS.values(), ids=CALLS)
def test_a_key_changes_the_language_of_the_rest_of_the_call(
    loaded: Load, keys: tuple[str, ...], prompts: list[str]
) -> None:
    assert heard(policy_of(loaded), LINE, *keys)[-len(prompts) :] == prompts


def test_a_number_has_a_language(loaded: Load) -> None:
    spanish = ('voicemail = "front-desk"', 'voicemail = "front-desk"\nlanguage = "es"')
    policy = loaded(LANGUAGES, CLOSED, spanish, more=OWN).policy
    [say, *_] = decide(policy, "+17175550101", NIGHT).steps
    assert isinstance(say, SayStep)
    assert say.prompts == ("emergency--es", "default--es")


def test_the_language_stands_in_what_is_explained(loaded: Load) -> None:
    why = decide(policy_of(loaded), LINE, NIGHT).why
    assert any("Key 2" in sentence and "'es'" in sentence for sentence in why)


def test_a_key_goes_back_or_changes_the_language(problems: Problems) -> None:
    both = MENU.replace('{ language = "es" }', '{ language = "es", back = true }')
    assert any("changes the language and goes back" in p for p in problems(LANGUAGES, more=OWN + both))


def test_a_test_names_a_greeting_by_its_key_in_any_language(write: Callable[..., Path]) -> None:
    spanish = ('voicemail = "front-desk"', 'voicemail = "front-desk"\ngreeting = "after-hours"\nlanguage = "es"')
    expect = '[[expect]]\ncall = "+17175550101"\nat = "2026-11-23T10:00"\nthen = "greeting after-hours"\n'
    assert load(write(LANGUAGES, CLOSED, spanish, more=OWN + expect)).policy.languages == ("en", "es")


def test_a_practice_of_another_language_records_what_the_voice_would_say_in_english(loaded: Load) -> None:
    spanish = (LANGUAGES[0], LANGUAGES[1].replace('"en", ', ""))
    recorded = ('text = "We are closed."', 'file = "mine.wav"')
    missing = {key for name, key in names_of(loaded(spanish, recorded)) if name == "prompt-untranslated"}
    assert missing == {"prompts.emergency", "prompts.thanks", "prompts.default"}
    assert "prompt-untranslated" not in {name for name, _ in names_of(loaded(spanish, recorded, more=OWN))}
