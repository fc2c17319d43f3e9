"""The texts of notices, typed by what they may say.

What a patient said and their number are fields of `PatientFields` alone. A channel that is not trusted has a
`Template[PlainFields]`, which cannot even name them.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Generic, TypeVar


@dataclass(frozen=True, slots=True)
class PlainFields:
    """What any channel may carry: the sentence of the notice, the mailbox's name and the practice's."""

    notice: str
    mailbox: str
    practice: str


@dataclass(frozen=True, slots=True)
class PatientFields:
    """What only a trusted channel may carry: all of the plain ones, the caller's number, when it was, what was said."""

    notice: str
    mailbox: str
    practice: str
    number: str
    received: str
    words: str


PLAIN = frozenset(field.name for field in fields(PlainFields))
OF_THE_PATIENT = frozenset(field.name for field in fields(PatientFields)) - PLAIN

F = TypeVar("F", PlainFields, PatientFields)

PLAIN_TEXT = "{notice}"
TRUSTED_TEXT = "{notice}\n\nFor {mailbox}, from {number}, {received}:\n{words}"


class BadTemplate(ValueError):
    """A text that cannot be used; `what` and `remedy` are for whoever wrote it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} ({remedy})")
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Template(Generic[F]):
    """A text with `{fields}`. Make it with `template_of`, which checks it."""

    parts: tuple[tuple[str, str | None], ...]

    def render(self, values: F) -> str:
        """The text with its fields filled in. What is filled in is not looked at again."""
        return "".join(text + ("" if field is None else getattr(values, field)) for text, field in self.parts)


def template_of(text: str, kind: type[F]) -> Template[F]:
    """Check a text against the fields that it may name. Raises BadTemplate."""
    known = {field.name for field in fields(kind)}
    parts = tuple(_parts(text))
    for _, field in parts:
        if field is not None and field not in known:
            raise _refusal(field, known)
    return Template(parts)


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    try:
        for literal, field, form, conversion in string.Formatter().parse(text):
            if form or conversion:
                raise BadTemplate(f"has a field {field!r} with a format", f"write it as {{{field}}}")
            yield literal, field
    except ValueError as error:
        if isinstance(error, BadTemplate):
            raise
        raise BadTemplate("has a lone brace", "write {{ or }} for a brace that is meant as such") from None


def _refusal(field: str, known: set[str]) -> BadTemplate:
    if field in OF_THE_PATIENT:
        return BadTemplate(
            f"would carry patient data: {{{field}}}",
            'take it out, or say trusted = true and because = "..." if this channel may carry it',
        )
    return BadTemplate(f"names {{{field}}}, which there is not", f"fields are {', '.join(sorted(known))}")


class Kind(StrEnum):
    """What a channel leads to."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    PHONE_MESSAGE = "phone-message"


@dataclass(frozen=True, slots=True)
class PlainChannel:
    """A channel that carries no patient data."""

    key: str
    kind: Kind
    text: Template[PlainFields]


@dataclass(frozen=True, slots=True)
class TrustedChannel:
    """A channel that may carry patient data, and `because` of what the practice holds it for safe."""

    key: str
    kind: Kind
    text: Template[PatientFields]
    because: str


Channel = PlainChannel | TrustedChannel
