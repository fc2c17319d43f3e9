"""What was made last from the same things: values whose making costs more than a look at what they are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class Remembered(Generic[K, V]):
    """By key, the last value and what it was made from; only the last, because calls come in the order of time.

    Making is pure, so what is remembered is what would be made again.
    """

    _last: dict[K, tuple[object, V]] = field(default_factory=dict)

    def get(self, key: K, made_from: object, make: Callable[[], V]) -> V:
        """The value for `key`; `made_from` is all that `make` depends on besides the key (compared by ==)."""
        known = self._last.get(key)
        if known is None or known[0] != made_from:
            known = self._last[key] = (made_from, make())
        return known[1]
