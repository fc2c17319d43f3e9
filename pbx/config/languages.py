"""The practice's languages: which prompts there are in which, and which are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schedules import Listen, check_sound
from pbx.config.schema.actions import OptionSection
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.people import TranslationSection
from pbx.domain.actions import FALLBACK_GREETING, MENU_AGAIN_PROMPT, MENU_PROMPT_PREFIX
from pbx.domain.languages import is_translation, translation_of
from pbx.domain.policy import Greeting
from pbx.domain.routing import EMERGENCY_PROMPT, THANKS_PROMPT

SPOKEN_LANGUAGE = "en"
"""What the voice of this machine speaks, and the program's own words are in."""


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A prompt with its translations, and the language that it is in without one."""

    path: KeyPath
    name: str
    language: str
    translations: Mapping[str, TranslationSection]


def build_translations(file: PracticeFile, report: Report, listen: Listen | None = None) -> dict[str, Greeting]:
    """Every prompt in another language by its name; what is missing is warned of, and `listen` asked about the rest."""
    languages = tuple(file.practice.languages)
    _check_named(file, report)
    found: dict[str, Greeting] = {}
    for prompt in _prompts(file):
        if is_translation(prompt.name):
            report.problem(prompt.path, "ends like the name of a translation", "choose another key")
        for language, section in prompt.translations.items():
            path = (*prompt.path, "translations", language)
            if language == prompt.language:
                report.problem(path, f"{language!r} is the language that it is in anyway", "keep one of the two")
            elif _knows(language, path, file, report):
                name = translation_of(prompt.name, language)
                found[name] = _translated(name, language, section, path, report)
                _listen(found[name], section, path, report, listen)
        for language in languages:
            if language not in (prompt.language, *prompt.translations):
                remedy = f'record it, and write translations.{language}.file = "...wav"'
                what = f"is not there in {language!r}, so those callers hear it in {prompt.language!r}"
                report.warning(prompt.path, what, remedy, "prompt-untranslated")
    return found


def _prompts(file: PracticeFile) -> Iterator[_Prompt]:
    """What callers may hear."""
    first = file.practice.languages[0]
    for key, greeting in file.greetings.items():
        yield _Prompt(("greetings", key), key, first, greeting.translations)
    for key, menu in file.menus.items():
        yield _Prompt(("menus", key), MENU_PROMPT_PREFIX + key, first, menu.translations)
    sections = {str(name): section for name, section in file.prompts.items()}
    general = () if FALLBACK_GREETING in file.greetings else (FALLBACK_GREETING,)
    of_menus = (MENU_AGAIN_PROMPT,) if file.menus else ()
    for name in (EMERGENCY_PROMPT, THANKS_PROMPT, *general, *of_menus):
        section = sections.get(name)
        yield _Prompt(("prompts", name), name, SPOKEN_LANGUAGE, section.translations if section else {})


def _translated(name: str, language: str, section: TranslationSection, path: KeyPath, report: Report) -> Greeting:
    if section.file is not None:
        return Greeting(name, file=str(report.document.beside((*path, "file"), section.file)))
    if language != SPOKEN_LANGUAGE:
        what = f"cannot be spoken in {language!r}: the voice of this machine speaks English only"
        report.problem((*path, "text"), what, 'record it, and write file = "...wav" instead')
    return Greeting(name, section.text)


def _listen(
    greeting: Greeting, section: TranslationSection, path: KeyPath, report: Report, listen: Listen | None
) -> None:
    here = (*path, "text" if greeting.file is None else "file")
    usable = greeting.file is None or check_sound(here, report.document.beside(here, section.file or ""), report)
    if listen and usable and (complaint := listen(greeting)):
        report.problem(here, *complaint)


def _check_named(file: PracticeFile, report: Report) -> None:
    """The languages that numbers and menus name; and texts that the voice cannot speak."""
    for number, section in file.numbers.items():
        if section.language is not None:
            _knows(section.language, ("numbers", number, "language"), file, report)
    for key, menu in file.menus.items():
        for digit, option in menu.options.items():
            if isinstance(option, OptionSection) and option.language is not None:
                _knows(option.language, ("menus", key, "options", digit, "language"), file, report)
    first = file.practice.languages[0]
    if first != SPOKEN_LANGUAGE:
        texts = [("greetings", key, "text") for key, greeting in file.greetings.items() if greeting.text is not None]
        texts += [("menus", key, "say") for key, menu in file.menus.items() if menu.file is None]
        for path in texts:
            what = f"cannot be spoken in {first!r}: the voice of this machine speaks English only"
            report.problem(path, what, 'record it, and write file = "...wav" instead')


def _knows(language: str, path: KeyPath, file: PracticeFile, report: Report) -> bool:
    known = file.practice.languages
    if language not in known:
        what = f"{language!r} is none of the practice's languages"
        report.problem(path, what, f"{did_you_mean(language, known)}, or add it to [practice] languages")
    return language in known
