"""How many decisions a second the rules themselves allow."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from bench.figures import Figure
from bench.practice import ROUTED
from pbx.domain.policy import Policy
from pbx.domain.routing import decide

DECISIONS = 10_000
GOAL = 20_000.0


def decision_figure(policy: Policy) -> Figure:
    """Calls to one number, seven minutes apart: nearly two months of a weekly schedule."""
    start = datetime(2026, 10, 1, tzinfo=UTC)
    calls = [start + timedelta(minutes=7 * n) for n in range(DECISIONS)]
    began = time.perf_counter()
    for at in calls:
        decide(policy, ROUTED, at)
    return Figure("decisions_per_s", DECISIONS / (time.perf_counter() - began), "decisions/s").at_least(GOAL)
