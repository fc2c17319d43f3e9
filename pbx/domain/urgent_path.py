"""The urgent path of a caller who waits, as steps: the problem, a number to call back, then whoever is on call.

They come in the order in which nothing is lost: the message lies on the disk before the number is asked for, and both
do before anybody is rung.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pbx.domain.actions import Urgent
from pbx.domain.facts import Facts
from pbx.domain.legs import Leg, OutsideTarget, in_words, legs_of, length_of
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import on_call_in_words
from pbx.domain.steps import EndStep, HoldStep, NumberAskedStep, PageStep, RecordStep, Result, SayStep, Step

PROBLEM_PROMPT = "urgent-problem"
"""Says what will happen, and asks for the problem."""

WAIT_PROMPT = "urgent-wait"
STILL_PROMPT = "urgent-still"
TAKEN_PROMPT = "urgent-taken"
LATER_PROMPT = "urgent-later"
OWN_PROMPTS = frozenset({PROBLEM_PROMPT, WAIT_PROMPT, STILL_PROMPT, TAKEN_PROMPT, LATER_PROMPT})

MESSAGE_SECONDS = 90
"""The longest message of somebody whom others are to be fetched for: who forgets the pound key waits so long."""

HOLD_SECONDS = 30
"""A waiting caller is told at least so often what is being done."""


def urgent_path(policy: Policy, action: Urgent, at: datetime, facts: Facts, emergency: str) -> tuple[Step, ...]:
    """The steps for a call that came at `at`; `emergency` is the prompt that opens the path."""
    paging = list(_paging(policy, action, at, facts))
    announced: list[Step] = [SayStep((WAIT_PROMPT,))] if paging else []
    # Behind the paging come what is said to a caller for whom nobody came, the end of that, and the good news.
    pages = [_leading_to(step, len(paging) - place + 2) for place, step in enumerate(paging)]
    return (
        SayStep((emergency, PROBLEM_PROMPT)),
        RecordStep(action.mailbox, min(MESSAGE_SECONDS, policy.max_message_seconds)),
        NumberAskedStep(action.rota, action.rounds, action.interval, action.seconds),
        *announced,
        *pages,
        SayStep((LATER_PROMPT, emergency)),
        EndStep(),
        SayStep((TAKEN_PROMPT,)),
    )


def urgent_in_words(policy: Policy, action: Urgent, at: datetime, facts: Facts) -> str:
    """The path in sentences, with who is on call."""
    mailbox = policy.mailboxes.get(action.mailbox, action.mailbox)
    now = policy.rotas[action.rota].on_call(at, facts.swaps)
    rung = list(_round(policy, action, at, facts))
    names = ", then ".join(f"{step.who} ({in_words(step.legs)})" for step in rung)
    times = "once" if action.rounds == 1 else f"up to {action.rounds} times"
    each = " each" if len(rung) > 1 else ""
    fetch = (
        f"While the caller waits, ring {names} for {action.seconds} seconds{each}, {times}, "
        f"every {action.interval} seconds; whoever answers gives the PIN before anything is heard."
        if rung
        else "Nobody on call can be rung now."
    )
    return (
        f"Take the problem as a message for {mailbox}, and a number to call back. "
        f"{on_call_in_words(policy, action.rota, now)} {fetch} Whoever hangs up unserved is called back by one of them."
    )


def asks_for_help(steps: tuple[Step, ...], position: int | None) -> NumberAskedStep | None:
    """What is to be done about the message that was recorded at `position`; None if it is none of the urgent path.

    A message taken without the controller (None) is an urgent one where nothing else was to happen to the call.
    """
    if position is None:
        found = [step for step in steps if isinstance(step, RecordStep | NumberAskedStep)]
        urgent = len(found) == 2 and isinstance(found[1], NumberAskedStep) and not _has_menu(steps)
        return next((step for step in found if isinstance(step, NumberAskedStep)), None) if urgent else None
    after = steps[position + 1] if 0 <= position < len(steps) - 1 else None
    return after if isinstance(after, NumberAskedStep) else None


def legs_to_dial(legs: tuple[Leg, ...], seconds: int) -> tuple[str, ...]:
    """The legs as the dialplan takes them: kind (o: outside, p: phone), seconds to wait, seconds to ring, name."""
    found = []
    for leg in legs:
        name = leg.target.name if isinstance(leg.target, OutsideTarget) else leg.target.endpoint
        found.append(f"{'o' if leg.is_outside else 'p'}-{leg.after_seconds}-{seconds - leg.after_seconds}-{name}")
    return tuple(found)


def way_out(step: PageStep, position: int, result: Result) -> int | None:
    """Where a page leads whose person took the message; None if it just goes on."""
    return position + step.taken if result is Result.TAKEN else None


def _has_menu(steps: tuple[Step, ...]) -> bool:
    return any(step.kind.value == "menu" for step in steps)


def _leading_to(step: PageStep | HoldStep, taken: int) -> Step:
    return replace(step, taken=taken) if isinstance(step, PageStep) else step


def _paging(policy: Policy, action: Urgent, at: datetime, facts: Facts) -> Iterator[PageStep | HoldStep]:
    once = list(_round(policy, action, at, facts))
    for turn in range(action.rounds if once else 0):
        yield from once
        if turn < action.rounds - 1:
            yield from _hold(max(5, action.interval - sum(step.seconds for step in once)))


def _round(policy: Policy, action: Urgent, at: datetime, facts: Facts) -> Iterator[PageStep]:
    """One step for each person on call who can be rung, in order.

    Phones that are not registered are tried too: it takes no time, and in a later round they may be there.
    """
    known = replace(facts, unregistered=frozenset())
    for person in policy.rotas[action.rota].on_call(at, facts.swaps).people:
        legs = legs_of(policy, person, at, known, on_call=True)
        if legs:
            yield PageStep(person, legs, length_of(legs, action.seconds), 0)


def _hold(seconds: int) -> Iterator[HoldStep]:
    while seconds > 0:
        yield HoldStep((STILL_PROMPT,), min(seconds, HOLD_SECONDS))
        seconds -= HOLD_SECONDS
