"""Prompts in several languages: a translation is a prompt of its own, named after the one that it translates.

So a call's language is nothing that is kept while it goes on: it stands in the prompts of its steps.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import replace

from pbx.domain.steps import MenuStep, SayStep, Step

_MARK = "--"
_TRANSLATION = re.compile(rf"{_MARK}[a-z]{{2}}$")


def translation_of(prompt: str, language: str) -> str:
    """The name of a prompt's translation."""
    return f"{prompt}{_MARK}{language}"


def original_of(prompt: str) -> str:
    """The name of what a prompt translates; that of any other is its own."""
    return _TRANSLATION.sub("", prompt)


def is_translation(prompt: str) -> bool:
    return original_of(prompt) != prompt


def spoken_in(step: Step, language: str, translations: Container[str]) -> Step:
    """A step with its prompts in `language`, as far as they are there; the others stay in the first language."""

    def said(prompts: tuple[str, ...]) -> tuple[str, ...]:
        names = ((prompt, translation_of(prompt, language)) for prompt in prompts)
        return tuple(translated if translated in translations else prompt for prompt, translated in names)

    if isinstance(step, SayStep):
        return replace(step, prompts=said(step.prompts))
    if isinstance(step, MenuStep):
        return replace(step, opening=said(step.opening), prompts=said(step.prompts))
    return step
