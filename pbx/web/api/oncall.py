"""Who is on call, and swaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from pydantic import Field

from pbx.domain.access import Access
from pbx.domain.oncall import Swap, SwapRecord
from pbx.domain.token import TokenScope
from pbx.output import on_call_json
from pbx.services.swaps import SwapRefused
from pbx.web.api.fields import Flag, Key, Line, Model, Time
from pbx.web.api.ids import number_in
from pbx.web.api.overrides import name_of
from pbx.web.api.parts import Parts
from pbx.web.api.problems import Wrong, nothing_there, without_values
from pbx.web.api.table import Asked, Route


class OnCallPerson(Model):
    """Somebody on call."""

    key: str
    name: str
    phones: list[str]


class OnCallNow(Model):
    """Who is on call in a rota, in the order in which they are rung; `until` is null where no change is in sight."""

    rota: str
    people: list[OnCallPerson]
    until: Time | None
    because: str


class OnCall(Model):
    """Every rota at one instant."""

    at: Time
    rotas: list[OnCallNow]


class OnCallQuery(Model):
    """When; left out: now."""

    at: Time | None = None


class SwapShown(Model):
    """`to` stands in for `from` from `start` until just before `end`."""

    id: int
    rota: str
    from_: str = Field(alias="from")
    to: str
    start: Time
    end: Time
    by: str
    reason: str
    made_at: Time
    undone_at: Time | None
    undone_by: str | None


class SwapList(Model):
    """The swaps on record, in the order in which they were made."""

    swaps: list[SwapShown]


class SwapsQuery(Model):
    """Which swaps; `all`: those that were undone too."""

    rota: Key | None = None
    all: Flag = False


class SwapWanted(Model):
    """Have `to` (a person's key) stand in for `from`."""

    rota: Key
    from_: Key = Field(alias="from")
    to: Key
    start: Time
    end: Time
    reason: Line = Field(description="Why; nothing about a patient.")
    by: Line | None = Field(None, description="Who decided it; left out: the token's person, or its name.")


class SwapMade(Model):
    """A swap that was made or undone."""

    id: int
    undone: bool


async def show_on_call(parts: Parts, asked: Asked) -> OnCall:
    policy, at = parts.practice.policy, asked.query(OnCallQuery).at or asked.at
    found = [
        {"rota": rota.name} | on_call_json(policy, rota.on_call(at, parts.swaps.held)) for rota in policy.rotas.values()
    ]
    return OnCall(at=at, rotas=[OnCallNow.model_validate(one) for one in found])


async def list_swaps(parts: Parts, asked: Asked) -> SwapList:
    query = asked.query(SwapsQuery)
    found = await parts.swaps.swaps(query.rota, undone=query.all)
    return SwapList(swaps=[_shown(record) for record in found])


async def make_swap(parts: Parts, asked: Asked) -> SwapMade:
    body, access, policy = asked.body(SwapWanted), asked.access, parts.practice.policy
    if not _may_swap(access)(body.from_, body.to):
        raise Wrong(HTTPStatus.FORBIDDEN, "the token may make swaps of its own person alone")
    if body.rota not in policy.rotas:
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, "'rota' is no rota of this practice: GET /api/oncall names them")
    by = (body.by or name_of(access, policy)).strip()
    wanted = Swap(body.rota, body.from_, body.to, body.start, body.end, by, body.reason.strip())
    try:
        made = await parts.swaps.add(wanted, access.who.account, datetime.now(UTC), _quoted)
    except SwapRefused as refused:
        sent = {"from": body.from_, "to": body.to, "rota": body.rota}
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, without_values(str(refused), sent)) from refused
    return SwapMade(id=made.id or 0, undone=False)


async def undo_swap(parts: Parts, asked: Asked) -> SwapMade:
    number, access = number_in(asked, "swap"), asked.access
    known = next((record.swap for record in await parts.swaps.swaps() if record.swap.id == number), None)
    if known is None or not _may_swap(access)(known.out, known.into):
        raise nothing_there("swap")
    if not await parts.swaps.undo(number, name_of(access, parts.practice.policy), access.who.account):
        raise nothing_there("swap")
    return SwapMade(id=number, undone=True)


def _may_swap(access: Access) -> Callable[[str, str], bool]:
    """A person may give a time away or take one over; a program may swap everybody."""
    return lambda out, into: access.person is None or access.person in (out, into)


def _quoted(name: str) -> str:
    return f"'{name}'"


def _shown(record: SwapRecord) -> SwapShown:
    swap = record.swap
    return SwapShown.model_validate(
        {
            "id": swap.id or 0,
            "rota": swap.rota,
            "from": swap.out,
            "to": swap.into,
            "start": swap.start,
            "end": swap.end,
            "by": swap.by,
            "reason": swap.reason,
            "made_at": record.made_at,
            "undone_at": record.undone_at,
            "undone_by": record.undone_by,
        }
    )


_PATH = "/api/oncall/swaps"

ROUTES = (
    Route(
        "GET",
        "/api/oncall",
        TokenScope.ONCALL_READ,
        "Who is on call now or at a time",
        show_on_call,
        OnCall,
        query=OnCallQuery,
    ),
    Route("GET", _PATH, TokenScope.ONCALL_READ, "The swaps on record", list_swaps, SwapList, query=SwapsQuery),
    Route(
        "POST",
        _PATH,
        TokenScope.ONCALL_WRITE,
        "Have somebody stand in for somebody else",
        make_swap,
        SwapMade,
        body=SwapWanted,
        status=HTTPStatus.CREATED,
    ),
    Route("DELETE", f"{_PATH}/{{number}}", TokenScope.ONCALL_WRITE, "Take a swap back", undo_swap, SwapMade),
)
