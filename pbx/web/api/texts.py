"""Texts with patients: those of one's lines, and writing one."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field

from pbx.domain.access import Access, text_lines
from pbx.domain.call import Direction
from pbx.domain.numbers import to_e164
from pbx.domain.texting import Cause, State, TextRecord
from pbx.domain.texting_rules import LONGEST, NotSent, WhyNot
from pbx.domain.token import TokenScope
from pbx.services.program_ports import TextsWanted
from pbx.services.text_writing import Wish
from pbx.texts_output import text_json
from pbx.web.api.fields import Limit, Model, Number, Time
from pbx.web.api.fields import patient as of_a_patient
from pbx.web.api.ids import id_in
from pbx.web.api.paging import Cursor, cursor_of, place_of
from pbx.web.api.parts import Parts
from pbx.web.api.problems import Wrong, nothing_there
from pbx.web.api.table import Asked, Route

Words = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"^[^\u0000]*$")]


class Text(Model):
    """A text between a patient and a `line` of the practice; `body` is its words."""

    id: UUID
    direction: Direction
    line: str
    patient: str = of_a_patient()
    body: str = of_a_patient()
    at: Time
    cause: Cause
    state: State
    failure: str | None
    person: str | None = Field(description="Who wrote it: a person's key.")
    phone: str | None = Field(description="On which phone of the practice it was written.")
    account: str | None = Field(description="By which account it was written.")
    shown_on: list[str] = Field(description="The practice's phones that have it.")
    pictures: int
    reason: str | None
    why: list[str] = of_a_patient(description="Why it is answered by itself, or is not.")
    settled_at: Time | None


class TextsQuery(Model):
    """Which texts."""

    since: Time | None = None
    until: Time | None = None
    line: Number | None = Field(None, description="Only those of this number of the practice.")
    patient: Number | None = Field(None, description="Only those with this patient's number.")
    limit: Limit = 50
    cursor: Cursor | None = None


class Texts(Model):
    """A page, the newest first; `next` leads to the one after it, null where this is the last."""

    texts: list[Text]
    next: str | None


class TextWanted(Model):
    """A text to a patient."""

    to: Number = Field(description="The patient's number.")
    text: Words
    line: Number | None = Field(None, description="From which number; left out: where the last text with them was.")


class TextMade(Model):
    """The text as it was written down; what becomes of it is told by `GET /api/texts/{id}`."""

    id: UUID
    line: str
    state: State
    at: Time


async def list_texts(parts: Parts, asked: Asked) -> Texts:
    query, access = asked.query(TextsQuery), asked.access
    wanted = TextsWanted(
        lines=text_lines(parts.practice.policy, access),
        line=_number(parts, "line", query.line),
        patient=_number(parts, "patient", query.patient),
        since=query.since,
        until=query.until,
        after=place_of(query.cursor),
        limit=query.limit + 1,
    )
    found = await parts.texts.page(wanted)
    page = found[: query.limit]
    if page:
        await _note_shown(parts, access, page)
    more = cursor_of(page[-1].at, page[-1].id) if len(found) > len(page) else None
    return Texts(texts=[_shown(text) for text in page], next=more)


async def show_text(parts: Parts, asked: Asked) -> Text:
    text = await parts.texts.text(id_in(asked, "text"))
    lines = text_lines(parts.practice.policy, asked.access)
    if text is None or (lines is not None and text.line not in lines):
        raise nothing_there("text")
    await _note_shown(parts, asked.access, [text])
    return _shown(text)


async def send_text(parts: Parts, asked: Asked) -> TextMade:
    body, who = asked.body(TextWanted), asked.access.who
    try:
        line = await _line(parts, asked.access, body)
        wish = Wish(asked.access.person or "", body.to, body.text, line, account=who.account)
        written = await parts.writing.write(wish)
    except NotSent as refused:
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, str(refused)) from None
    assert written is not None, "the id was made for it"
    if written.record.state is State.REFUSED:
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, written.record.failure)
    text = written.record
    return TextMade(id=text.id, line=text.line, state=text.state, at=text.at)


async def _line(parts: Parts, access: Access, body: TextWanted) -> str:
    """From which number. A narrowed token writes from its own lines, whatever else its person has."""
    policy = parts.practice.policy
    limited = text_lines(policy, access)
    lines = tuple(policy.texting.lines) if limited is None else limited
    if not lines:
        raise NotSent(WhyNot.NO_LINE)
    line = _number(parts, "line", body.line)
    if line is not None:
        if line not in lines:
            raise NotSent(WhyNot.NOT_YOURS)
        return line
    try:
        to = to_e164(body.to, policy.country)
    except ValueError:
        raise NotSent(WhyNot.BAD_NUMBER) from None
    return await parts.texts.line_with(to, lines) or lines[0]


def _number(parts: Parts, name: str, text: str | None) -> str | None:
    try:
        return None if text is None else to_e164(text, parts.practice.policy.country)
    except ValueError as error:
        raise Wrong(HTTPStatus.BAD_REQUEST, f"'{name}' {error}") from error


async def _note_shown(parts: Parts, access: Access, texts: Sequence[TextRecord]) -> None:
    await parts.texts.listed([text.id for text in texts], access.who.name, access.who.account)


def _shown(text: TextRecord) -> Text:
    return Text.model_validate(text_json(text))


ROUTES = (
    Route(
        "GET",
        "/api/texts",
        TokenScope.TEXTS_READ,
        "Texts with patients, newest first",
        list_texts,
        Texts,
        query=TextsQuery,
    ),
    Route("GET", "/api/texts/{id}", TokenScope.TEXTS_READ, "One text", show_text, Text),
    Route(
        "POST",
        "/api/texts",
        TokenScope.TEXTS_SEND,
        "Write a text to a patient",
        send_text,
        TextMade,
        body=TextWanted,
        status=HTTPStatus.CREATED,
    ),
)
