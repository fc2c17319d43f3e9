"""Calls that programs have placed: a person's own phones ring first, then the number outside is called."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import Field

from pbx.domain.access import Access
from pbx.domain.numbers import to_e164
from pbx.domain.outbound import OutReason, Permission, Shown
from pbx.domain.policy import Policy
from pbx.domain.token import TokenScope
from pbx.services.placing import NotPlaced
from pbx.services.ports import PlacerDown
from pbx.web.api.fields import Key, Model, Number
from pbx.web.api.parts import Parts
from pbx.web.api.problems import Wrong
from pbx.web.api.table import Asked, Route

_DOUBT = "the telephone system gave no answer: see whether a phone rings before you ask again"


class CallWanted(Model):
    """Whom to call, and for whom; the number is judged by the rules for calls outside."""

    number: Number = Field(description="The number to be called.")
    person: Key | None = Field(None, description="Whose phones ring first; left out: the token's person.")
    show: Number | None = Field(None, description="The practice number to show; left out: the one that fits.")


class CallAsked(Model):
    """The phones of `person` ring; whoever is called then sees `shown`. The call is in the log when it is made."""

    person: str
    shown: str | None
    shown_because: Shown | None
    reason: OutReason


async def place_call(parts: Parts, asked: Asked) -> CallAsked:
    policy, access, body = parts.practice.policy, asked.access, asked.body(CallWanted)
    person, show = _person(policy, access, body.person), _show(policy, access, body.show)
    try:
        said = await parts.placing.place(person, body.number, access.who.account, show)
    except NotPlaced as refused:
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, str(refused)) from None
    except PlacerDown:
        # Not 503: that would free the key, and a repetition could ring a second time.
        raise Wrong(HTTPStatus.BAD_GATEWAY, _DOUBT) from None
    return _told(said, person)


def _person(policy: Policy, access: Access, wanted: str | None) -> str:
    person = wanted or access.person
    if person is None:
        raise Wrong(HTTPStatus.BAD_REQUEST, "'person' is missing: whose phones ring first?")
    if access.person is not None and person != access.person:
        raise Wrong(HTTPStatus.FORBIDDEN, "the token may place calls of its own person alone")
    if person not in policy.people:
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, "'person' is nobody in the practice's file")
    return person


def _show(policy: Policy, access: Access, wanted: str | None) -> str | None:
    """The number to show. A program for some numbers has to name one of these, since it is called back there."""
    if wanted is None:
        if access.person is None and access.numbers is not None:
            raise Wrong(HTTPStatus.FORBIDDEN, "the token is for some numbers: name the one to 'show'")
        return None
    try:
        number = to_e164(wanted, policy.country)
    except ValueError as error:
        raise Wrong(HTTPStatus.BAD_REQUEST, f"'show' {error}") from error
    limited = access.person is None or access.token.numbers is not None
    if limited and not access.sees_number(number):
        raise Wrong(HTTPStatus.FORBIDDEN, "the token may not show that number")
    if number not in policy.numbers:
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, "'show' is not a number of this practice")
    return number


def _told(said: Permission, person: str) -> CallAsked:
    return CallAsked(person=person, shown=said.shown, shown_because=said.shown_because, reason=said.reason)


ROUTES = (
    Route(
        "POST",
        "/api/calls",
        TokenScope.CALLS_PLACE,
        "Ring a person's phones, then call a number outside",
        place_call,
        CallAsked,
        body=CallWanted,
        status=HTTPStatus.ACCEPTED,
        refuses=(HTTPStatus.BAD_GATEWAY,),
    ),
)
