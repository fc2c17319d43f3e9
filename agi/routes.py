"""The route `next`: the dialplan asks what to do with a call, the answer is one step.

The answer goes out as one `EXEC MSet`: one round trip on the way to the patient's greeting, and all of it or nothing.
(Several commands cannot be sent ahead: `run_agi` of res_agi.c waits on the socket while the second one lies in its read
buffer.) MSet sets from left to right, so SL_OK, which alone makes an answer count, is set last.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from agi import variables
from agi.session import Endpoint, GuardedRequest, NotAnswered, kind_of
from agi.wire import WireError
from pbx.domain.callers import Verdict
from pbx.domain.dialled import dialled
from pbx.domain.steps import (
    EndStep,
    HoldStep,
    MenuStep,
    NumberAskedStep,
    PageStep,
    RecordStep,
    Result,
    RingStep,
    SayStep,
    Step,
)
from pbx.domain.urgent_path import legs_to_dial
from pbx.services.route import Question

DECISION_SECONDS = 2.0
"""How long the router may take. It answers from memory, so this passes only when something is badly wrong."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DID = re.compile(r"\+[1-9][0-9]{3,14}")
_CALLER = re.compile(r"[+0-9]*|anonymous")
_STARTED = re.compile(r"[0-9]{9,10}(\.[0-9]{1,6})?")
_POSITION = re.compile(r"-1|[0-9]{1,3}")
_NAME = re.compile(r"[a-z0-9-]{1,80}")
_RESULTS = frozenset(Result)
_VERDICTS = frozenset(Verdict)
_KEYS = re.compile(r"[0-9*#]{1,12}")
_SEPARATOR = "&"


class Router(Protocol):
    """Decides. `pbx.services.route` has the one there is."""

    async def next(self, question: Question) -> tuple[int, Step]:
        """The position and the step that follow `question`. Whatever it raises, the call goes the safe way."""


class BadQuestion(ValueError):
    """The arguments are not those of a question. The text names the argument, never its value."""


def next_route(router: Router) -> Endpoint:
    """The endpoint that answers `next` by asking `router`. It raises NotAnswered when there is no answer."""

    async def answer(request: GuardedRequest) -> None:
        call = _call_id(request.arguments)
        try:
            question, token = parse_question(request.arguments)
            async with asyncio.timeout(DECISION_SECONDS):
                position, step = await router.next(question)
            setting = _assignments(answer_variables(step, position, token))
        except Exception as error:  # noqa: BLE001 - the edge of a call: whatever it was, the call goes the safe way
            raise NotAnswered(f"call {call}: {_reason(error)}") from None
        reply = await request.send_command("EXEC", "MSet", setting)
        if reply.result != "0":
            raise NotAnswered(f"call {call}: Asterisk did not take the answer")

    return answer


def parse_question(arguments: tuple[str, ...]) -> tuple[Question, str]:
    """The question and its token, of the eight arguments that the dialplan gives. Raises BadQuestion."""
    if len(arguments) != 8:
        raise BadQuestion("the number of arguments is wrong")
    call, token, did, caller, verdict, started, position, result = arguments
    if result not in _RESULTS:
        raise BadQuestion("the result is unknown")
    if verdict not in _VERDICTS:
        raise BadQuestion("the verdict is unknown")
    _must_match(_UUID, token, "token")
    question = Question(
        call=UUID(_must_match(_UUID, call, "call id")),
        did=_must_match(_DID, did, "number called"),
        caller=_must_match(_CALLER, caller, "number calling"),
        started=datetime.fromtimestamp(float(_must_match(_STARTED, started, "start")), UTC),
        position=int(_must_match(_POSITION, position, "position")),
        result=Result(result),
        verdict=Verdict(verdict),
    )
    return question, token


def answer_variables(step: Step, position: int, token: str) -> dict[str, str]:
    """The channel variables that say `step`, in the order in which they are to be set."""
    said = {variables.STEP: step.kind.value, **_details(step), variables.POSITION: str(position), variables.OK: token}
    return {v.name: said[v] for v in variables.ANSWER if v in said}


def _details(step: Step) -> Mapping[variables.Variable, str]:
    match step:
        case RingStep():
            return _ring(step)
        case SayStep(prompts=prompts):
            return {variables.PROMPTS: _joined(prompts)}
        case MenuStep():
            return _menu(step)
        case RecordStep(seconds=seconds):
            return {variables.SECONDS: str(seconds)}
        case PageStep(who=who, legs=legs, seconds=seconds):
            rung = {variables.LEGS: _joined(legs_to_dial(legs, seconds)), variables.SECONDS: str(seconds)}
            return {variables.WHO: _joined((who,)), **rung}
        case HoldStep(prompts=prompts, seconds=seconds):
            return {variables.PROMPTS: _joined(prompts), variables.SECONDS: str(seconds)}
        case NumberAskedStep() | EndStep():
            return {}


def _ring(step: RingStep) -> Mapping[variables.Variable, str]:
    rung = dialled(step)
    phones = {variables.PHONES: _joined(rung.phones)} if rung.phones else {}
    legs = {variables.LEGS: _joined(rung.legs)} if rung.legs else {}
    return phones | legs | {variables.SECONDS: str(rung.seconds)}


def _menu(step: MenuStep) -> Mapping[variables.Variable, str]:
    keys = "".join(option.key for option in step.keys)
    if not _KEYS.fullmatch(keys):
        raise ValueError("a menu has keys that the dialplan cannot take")
    opening = {variables.OPENING: _joined(step.opening)} if step.opening else {}
    return opening | {
        variables.PROMPTS: _joined(step.prompts),
        variables.KEYS: keys,
        variables.SECONDS: str(step.seconds),
    }


def _joined(names: tuple[str, ...]) -> str:
    """Names for the dialplan. It filters them by the same letters; a comma would even begin another assignment."""
    if not names or not all(_NAME.fullmatch(name) for name in names):
        raise ValueError("a step names a phone or prompt that the dialplan cannot take")
    return _SEPARATOR.join(names)


def _assignments(values: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items())


def _must_match(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise BadQuestion(f"the {what} is malformed")
    return text


def _call_id(arguments: tuple[str, ...]) -> str:
    """The call's id for the log, if what came is one: nothing else that a peer sent may get there."""
    return arguments[0] if arguments and _UUID.fullmatch(arguments[0]) else "unknown"


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, BadQuestion | WireError) else kind_of(error)
