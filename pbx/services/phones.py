"""Which phones are known not to be registered, so that nobody waits for them. What is not known is rung anyway."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

TRUST_AFTER_SECONDS = 40.0
"""How long answers must have come without a break. Asterisk takes a phone for away until it was asked itself, which
after a start takes one round of `qualify_frequency` (30 s, pjsip.conf): until then nobody is left out."""

STALE_SECONDS = 5.0
"""Older than that, an answer is no knowledge: Asterisk is asked every second."""


class PhonesAtHand:
    """The answers that were last heard of Asterisk. `unregistered` never waits for anything."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, trust_after: float = TRUST_AFTER_SECONDS) -> None:
        self._clock = clock
        self._trust_after = trust_after
        self._since: float | None = None
        self._last = 0.0
        self._away: frozenset[str] = frozenset()

    def heard(self, phones: Mapping[str, bool]) -> None:
        """Asterisk told for each phone (endpoint name) whether it is registered."""
        now = self._clock()
        if self._since is None or now - self._last > STALE_SECONDS:
            self._since = now
        self._last = now
        self._away = frozenset(name for name, registered in phones.items() if not registered)

    def lost(self) -> None:
        """Asterisk could not be asked; it may have been started anew."""
        self._since = None

    @property
    def unregistered(self) -> frozenset[str]:
        """The phones that would not ring; none while that is not known for sure."""
        now = self._clock()
        if self._since is None or now - self._last > STALE_SECONDS or now - self._since < self._trust_after:
            return frozenset()
        return self._away
