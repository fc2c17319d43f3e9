"""Overrides: closed, open, voicemail only or a snow day, until they end by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from pydantic import Field

from pbx.domain.access import Access
from pbx.domain.numbers import to_e164
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.override_end import parse_end, zone_of
from pbx.domain.override_wish import answer_in_words
from pbx.domain.policy import Policy
from pbx.domain.token import TokenScope
from pbx.output import override_json
from pbx.services.overrides import BadEnd, Refused, Wanted
from pbx.web.api.fields import Key, Line, Model, Number, Time
from pbx.web.api.ids import number_in
from pbx.web.api.parts import Parts
from pbx.web.api.problems import Wrong, nothing_there, without_values
from pbx.web.api.table import Asked, Route


class OverrideShown(Model):
    """An override; `target` is a number (E.164), a person's key, or null for the practice."""

    id: int
    mode: Mode
    scope: Scope
    target: str | None
    for_: str = Field(alias="for")
    start: Time
    end: Time
    timezone: str
    by: str
    reason: str


class OverrideMade(OverrideShown):
    """An override that was set; `said` is what it does, in sentences."""

    said: list[str]


class OverrideList(Model):
    """Those that hold, the newest first."""

    overrides: list[OverrideShown]


class OverrideWanted(Model):
    """One of `number`, `person` and `practice` says for whom; none of them is for the whole practice."""

    mode: Mode
    number: Number | None = None
    person: Key | None = None
    practice: Literal[True] | None = None
    until: Line | None = Field(None, description="17:00, +2h, tomorrow 09:00, fri 08:00, a date; left out: the next "
                               "scheduled change.", examples=["+2h"])  # fmt: skip
    by: Line | None = Field(None, description="Who decided it; left out: the token's person, or its name.")
    reason: Line | None = Field(None, description="Why; nothing about a patient.")


async def list_overrides(parts: Parts, asked: Asked) -> OverrideList:
    policy, access = parts.practice.policy, asked.access
    held = [one for one in reversed(parts.overrides.in_force(asked.at)) if access.sees_override(one)]
    return OverrideList(overrides=[OverrideShown.model_validate(override_json(policy, one)) for one in held])


async def set_override(parts: Parts, asked: Asked) -> OverrideMade:
    policy, access, now = parts.practice.policy, asked.access, datetime.now(UTC)
    body = asked.body(OverrideWanted)
    scope, target = _target(policy, body)
    try:
        made = await parts.overrides.set(_wanted(policy, asked, scope, target), access.who.account, now)
    except (Refused, BadEnd) as refused:
        sent = {scope.value: target, "until": body.until}
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, without_values(str(refused), sent)) from refused
    said = list(answer_in_words(policy, made, parts.practice.facts))
    return OverrideMade.model_validate(override_json(policy, made) | {"said": said})


async def end_override(parts: Parts, asked: Asked) -> OverrideShown:
    number, access = number_in(asked, "override"), asked.access
    known = next((one for one in parts.overrides.in_force(asked.at) if one.id == number), None)
    if not access.unlimited and (known is None or not _may_end(access, known)):
        raise nothing_there("override")
    ended = await parts.overrides.undo(number, name_of(access, parts.practice.policy), access.who.account)
    if ended is None:
        raise nothing_there("override")
    return OverrideShown.model_validate(override_json(parts.practice.policy, ended))


def name_of(access: Access, policy: Policy) -> str:
    """Who does it, for people: a person's name, or that of a program's token."""
    known = policy.people.get(access.person or "")
    return known.name if known else access.token.name


def _may_end(access: Access, one: Override) -> bool:
    return access.may_override(one.scope, one.target)


def _wanted(policy: Policy, asked: Asked, scope: Scope, target: str) -> Wanted:
    body, access = asked.body(OverrideWanted), asked.access
    if not access.may_override(scope, target):
        raise Wrong(HTTPStatus.FORBIDDEN, "the token may set overrides for its own numbers and its own person alone")
    ends = parse_end(body.until, asked.at, zone_of(policy, scope, target)) if body.until is not None else None
    return Wanted(body.mode, scope, target, ends, body.by or name_of(access, policy), body.reason or "")


def _target(policy: Policy, body: OverrideWanted) -> tuple[Scope, str]:
    if sum(given is not None for given in (body.number, body.person, body.practice)) > 1:
        raise Wrong(HTTPStatus.BAD_REQUEST, "name one of 'number', 'person' and 'practice'")
    if body.number is not None:
        try:
            return Scope.NUMBER, to_e164(body.number, policy.country)
        except ValueError as error:
            raise Wrong(HTTPStatus.BAD_REQUEST, f"'number' {error}") from error
    return (Scope.PERSON, body.person) if body.person is not None else (Scope.PRACTICE, "")


_PATH = "/api/overrides"

ROUTES = (
    Route("GET", _PATH, TokenScope.OVERRIDES_READ, "The overrides that hold", list_overrides, OverrideList),
    Route(
        "POST",
        _PATH,
        TokenScope.OVERRIDES_WRITE,
        "Let an override hold from now on",
        set_override,
        OverrideMade,
        body=OverrideWanted,
        status=HTTPStatus.CREATED,
    ),
    Route(
        "DELETE",
        f"{_PATH}/{{number}}",
        TokenScope.OVERRIDES_WRITE,
        "End an override before its time",
        end_override,
        OverrideShown,
    ),
)
