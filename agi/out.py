"""The route `out`: somebody of the practice wants to call a number outside; the answer is whether, and showing what.

As with `next`, an answer goes out as one `EXEC MSet` whose last variable alone makes it count. Whatever goes wrong,
nothing is called.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from agi import variables
from agi.session import Endpoint, GuardedRequest, NotAnswered, kind_of
from agi.wire import WireError
from pbx.domain.outbound import Permission
from pbx.services.outbound import OutQuestion

ANSWER_SECONDS = 2.0

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIALLED = re.compile(r"[+*0-9]{1,40}")
_MADE_BY = re.compile(r"(phone|person)\.([a-z0-9_-]{1,80})")
_SHOW = re.compile(r"(\+[0-9]{7,15})?")
_STARTED = re.compile(r"[0-9]{9,10}(\.[0-9]{1,6})?")


class OutDesk(Protocol):
    """Judges calls outside. `pbx.services.outbound` has the one there is."""

    async def ask(self, question: OutQuestion) -> Permission:
        """Whether the call may be placed; one that may counts from now on."""


def out_route(desk: OutDesk) -> Endpoint:
    """The endpoint that answers `out` by asking `desk`. It raises NotAnswered when there is no answer."""

    async def answer(request: GuardedRequest) -> None:
        try:
            question, token = parse_out(request.arguments)
            async with asyncio.timeout(ANSWER_SECONDS):
                permission = await desk.ask(question)
        except Exception as error:  # noqa: BLE001 - the edge of a call: whatever it was, nothing is called
            what = str(error) if isinstance(error, BadOutQuestion | WireError) else kind_of(error)
            raise NotAnswered(f"out: {what}") from None
        reply = await request.send_command("EXEC", "MSet", _assignments(permission, token))
        if reply.result != "0":
            raise NotAnswered(f"out: call {question.call}: Asterisk did not take the answer")

    return answer


class BadOutQuestion(ValueError):
    """The arguments are not those of a question. The text names the argument, never its value."""


def parse_out(arguments: tuple[str, ...]) -> tuple[OutQuestion, str]:
    """The question and its token, of the six arguments that the dialplan gives. Raises BadOutQuestion."""
    if len(arguments) != 6:
        raise BadOutQuestion("the number of arguments is wrong")
    call, token, dialled, made_by, started, show = arguments
    _must_match(_UUID, token, "token")
    kind, name = _must_match(_MADE_BY, made_by, "maker").groups()
    question = OutQuestion(
        call=UUID(_must_match(_UUID, call, "call id")[0]),
        typed=_must_match(_DIALLED, dialled, "number dialled")[0],
        phone=name if kind == "phone" else None,
        person=name if kind == "person" else None,
        show=_must_match(_SHOW, show, "number to show")[0] or None,
        started=datetime.fromtimestamp(float(_must_match(_STARTED, started, "start")[0]), UTC),
    )
    return question, token


def _assignments(permission: Permission, token: str) -> str:
    said = {
        variables.TO: permission.to if permission.allowed else "",
        variables.SHOW: permission.shown or "",
        variables.REASON: permission.reason.value,
        variables.PROMPTS: permission.reason.prompt or "",
        variables.SECONDS: str(permission.seconds),
        variables.OK: token,
    }
    return ",".join(f"{variable.name}={said[variable]}" for variable in variables.OUT_ANSWER)


def _must_match(pattern: re.Pattern[str], text: str, what: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise BadOutQuestion(f"the {what} is malformed")
    return match
