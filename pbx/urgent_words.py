"""An urgent request in words, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.domain.numbers import to_e164
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock
from pbx.domain.urgent import UrgentCase, UrgentState
from pbx.output import caller_in_words


def urgent_in_words(case: UrgentCase, policy: Policy) -> Iterator[str]:
    """What was asked for, what became of it, and everybody who was asked."""
    request, zone = case.request, policy.timezone
    yield (
        f"Urgent call {request.call} from {caller_in_words(case.caller, policy.country)}, "
        f"{clock(request.opened, zone)}, rota {request.rota!r}: {_state(case, zone)}"
    )
    yield f"  call back at {_number(case, policy)}"
    for attempt in request.attempts:
        how = "while the caller waited" if attempt.live else "after the caller hung up"
        result = attempt.result.value if attempt.result else "being rung"
        yield f"  {clock(attempt.begun, zone)}: {attempt.person} {result} ({how})"


def _state(case: UrgentCase, zone: str) -> str:
    request = case.request
    if request.settled_by is None or request.settled_at is None:
        return "OPEN, everybody is asked in turn" if request.state is UrgentState.OPEN else "OPEN, NOBODY TOOK IT YET"
    done = "connected with" if request.state is UrgentState.CONNECTED else "taken by"
    return f"{done} {request.settled_by}, {clock(request.settled_at, zone)}"


def _number(case: UrgentCase, policy: Policy) -> str:
    if case.request.callback is None:
        return "the number that called" if case.number else "no number is known"
    try:
        return to_e164(case.request.callback, policy.country)
    except ValueError:
        return case.request.callback
