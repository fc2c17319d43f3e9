"""What decides about a call besides the practice's file: values that people change while the server runs."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.domain.oncall import Swap


@dataclass(frozen=True, slots=True)
class Facts:
    """`swaps` are those made by command, in the order in which they were made.

    `unregistered` are phones (endpoint names) of which it is known that they are not registered now.
    """

    swaps: tuple[Swap, ...] = ()
    unregistered: frozenset[str] = frozenset()


NO_FACTS = Facts()
"""Nothing but the file."""
