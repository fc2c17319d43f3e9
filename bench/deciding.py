"""How many decisions a second the rules themselves allow."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from bench.figures import Figure
from bench.large import NUMBERS, e164_of
from pbx.domain.policy import Policy
from pbx.domain.routing import decide

DECISIONS = 20_000
GOAL = 20_000.0


def decision_figure(policy: Policy) -> Figure:
    """A week's calls to every number of the large practice in turn: lines open and closed, teams, menus, rotas with
    their swaps, a holiday. Nothing is remembered when the first of them comes.
    """
    start = datetime(2026, 12, 21, tzinfo=UTC)
    calls = [(e164_of(7 * n % NUMBERS), start + timedelta(seconds=30 * n)) for n in range(DECISIONS)]
    began = time.perf_counter()
    for number, at in calls:
        decide(policy, number, at)
    return Figure("decisions_per_s", DECISIONS / (time.perf_counter() - began), "decisions/s").at_least(GOAL)
