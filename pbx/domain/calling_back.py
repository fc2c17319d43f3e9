"""Whom a message asks to be called back: the number that it came from, and one that was said in it. Pure."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from pbx.domain.call import MessageRecord
from pbx.domain.hints import Hint, HintKind, hints_in
from pbx.domain.policy import Policy

COUNTS_FROM = timedelta(seconds=20)
"""A call back of this length has reached somebody; a shorter one is somebody else's greeting, or a wrong number."""


def numbers_to_call(message: MessageRecord, policy: Policy) -> tuple[str, ...]:
    """The numbers (E.164) that can be called about `message`, the surest first; none where there is none.

    A number that a program understood is a guess: it comes second, and whoever calls hears it before.
    """
    said = (hint.value for hint in _hints(message, policy) if hint.kind is HintKind.CALL_BACK)
    known = [message.caller.number, *(number for number in said if number.startswith("+"))]
    return tuple(dict.fromkeys(number for number in known if number and number not in policy.numbers))


def _hints(message: MessageRecord, policy: Policy) -> tuple[Hint, ...]:
    day = message.received_at.astimezone(ZoneInfo(policy.timezone)).date()
    return hints_in(message.transcript, message.caller, day, policy.reading)
