"""All that decides about a call besides the practice's file, as it is known now."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.domain.facts import Facts
from pbx.services.oncall import SwapsInForce
from pbx.services.overrides import OverridesInForce
from pbx.services.own_greetings import OwnGreetings
from pbx.services.phones import PhonesAtHand


@dataclass(frozen=True, slots=True)
class Known:
    """Gives the facts for a call; never waits for anything."""

    swaps: SwapsInForce
    overrides: OverridesInForce
    phones: PhonesAtHand
    greetings: OwnGreetings

    @property
    def facts(self) -> Facts:
        return Facts(
            swaps=self.swaps.held,
            overrides=self.overrides.held,
            unregistered=self.phones.unregistered,
            greetings=self.greetings.held,
        )
