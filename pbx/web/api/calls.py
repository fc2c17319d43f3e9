"""The call log."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from pydantic import Field

from pbx.domain.access import Access
from pbx.domain.call import CallRecord, Direction
from pbx.domain.numbers import NumberKind, to_e164
from pbx.domain.outcome import Outcome
from pbx.domain.token import TokenScope
from pbx.domain.urgent import UrgentState
from pbx.output import call_json, name_of
from pbx.services.program_ports import CallsWanted
from pbx.web.api.fields import Limit, Model, Number, Time, patient
from pbx.web.api.ids import id_in
from pbx.web.api.paging import Cursor, cursor_of, place_of
from pbx.web.api.parts import Parts
from pbx.web.api.problems import Wrong, nothing_there
from pbx.web.api.table import Asked, Route


class Choice(Model):
    """What a caller chose in a menu."""

    menu: str
    key: str
    to: str


class Call(Model):
    """A call. `from` is null where the number is withheld or unusable, `from_kind` says which."""

    id: UUID
    direction: Direction
    from_: str | None = patient(alias="from")
    from_kind: NumberKind
    name: str | None = patient(description="Of a contact, looked up now.")
    to: str = patient(description="The number that was dialled.")
    started_at: Time
    answered_at: Time | None
    ended_at: Time | None
    outcome: Outcome
    reason: str | None
    why: list[str] = patient(description="Why the call went as it did, in sentences.")
    answered_by: str | None
    message_id: UUID | None
    choices: list[Choice]
    urgent: UrgentState | None
    made_by: str | None = Field(description="Who called outside: the person's key.")
    device: str | None = Field(description="From which phone a call outside was made.")
    transferred_from: UUID | None = Field(description="Of a part that was passed on: the call that is the part before.")
    transferred_by: str | None = Field(description="Who passed it on: the person's key.")


class CallsQuery(Model):
    """Which calls."""

    since: Time | None = None
    until: Time | None = None
    number: Number | None = Field(None, description="Only calls from or to this number.")
    direction: Direction | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class Calls(Model):
    """A page, the newest first; `next` leads to the one after it, null where this is the last."""

    calls: list[Call]
    next: str | None


async def list_calls(parts: Parts, asked: Asked) -> Calls:
    query, access = asked.query(CallsQuery), asked.access
    wanted = CallsWanted(
        lines=None if access.numbers is None else tuple(sorted(access.numbers)),
        made_by=access.person,
        since=query.since,
        until=query.until,
        number=_number(query.number, parts),
        direction=query.direction,
        after=place_of(query.cursor),
        limit=query.limit + 1,
    )
    found = await parts.calls.page(wanted)
    page = found[: query.limit]
    if page:
        await parts.calls.shown([call.id for call in page], access.who)
    more = cursor_of(page[-1].started_at, page[-1].id) if len(found) > len(page) else None
    return Calls(calls=await _shown(parts, access, page), next=more)


async def show_call(parts: Parts, asked: Asked) -> Call:
    call = await parts.calls.call(id_in(asked, "call"))
    if call is None or not _sees(asked.access, call):
        raise nothing_there("call")
    await parts.calls.shown([call.id], asked.access.who, one=True)
    [shown] = await _shown(parts, asked.access, [call])
    return shown


def _sees(access: Access, call: CallRecord) -> bool:
    """Whether a call is of a line that the token sees, or was made by its person."""
    if call.direction is Direction.INBOUND:
        return access.sees_number(call.dialled)
    own = access.person is not None and call.made_by == access.person
    return own or access.sees_number(call.caller.number or "")


def _number(text: str | None, parts: Parts) -> str | None:
    try:
        return None if text is None else to_e164(text, parts.practice.policy.country)
    except ValueError as error:
        raise Wrong(HTTPStatus.BAD_REQUEST, f"'number' {error}") from error


async def _shown(parts: Parts, access: Access, calls: Sequence[CallRecord]) -> list[Call]:
    """The calls as the token may see them: a message in a mailbox that it does not see is none."""
    boxes = await parts.calls.boxes([call.message_id for call in calls if call.message_id])
    seen = {message for message, box in boxes.items() if access.sees_mailbox(box)}
    policy = parts.practice.policy
    return [
        Call.model_validate(
            call_json(call)
            | {
                "name": name_of(call.caller, policy),
                "message_id": call.message_id if call.message_id in seen else None,
            }
        )
        for call in calls
    ]


ROUTES = (
    Route(
        "GET", "/api/calls", TokenScope.CALLS_READ, "The call log, newest first", list_calls, Calls, query=CallsQuery
    ),
    Route("GET", "/api/calls/{id}", TokenScope.CALLS_READ, "One call", show_call, Call),
)
