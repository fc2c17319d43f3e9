"""What decides about a call besides the practice's file: values that people change while the server runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx.domain.callers import Verdict
from pbx.domain.oncall import Swap
from pbx.domain.override import Override
from pbx.domain.own_greetings import OwnGreeting


@dataclass(frozen=True, slots=True)
class Facts:
    """`swaps` are those made by command, in the order in which they were made; `overrides` those that may hold.

    `unregistered` are phones (endpoint names) of which it is known that they are not registered now; `greetings` are
    those that people recorded by phone.

    Of the call itself: `recent` are the times of the caller's earlier calls (aware, in order), `verdict` is what its
    carrier says.
    """

    swaps: tuple[Swap, ...] = ()
    overrides: tuple[Override, ...] = ()
    unregistered: frozenset[str] = frozenset()
    recent: tuple[datetime, ...] = ()
    verdict: Verdict = Verdict.NONE
    greetings: tuple[OwnGreeting, ...] = ()


NO_FACTS = Facts()
"""Nothing but the file."""
