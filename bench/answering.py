"""How much later a patient is answered, and how many calls a second are held, than without Secondline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bench.figures import Figure, highest, percentile
from bench.practice import ROUTED, STATIC, Measured
from bench.traffic import Burst, Load, burst
from pbx.domain.routing import Reason

RATE = 50
BLOCKS = 10
CALLS_A_BLOCK = 80
BURST_SECONDS = 2
SLOWEST, FASTEST = 50, 1000
_NEARLY = 0.99
_P50_GOAL, _P99_GOAL, _HELD_GOAL = 3.0, 10.0, 0.8


async def answer_figures(measured: Measured) -> list[Figure]:
    """From INVITE to 200 OK, at 50 calls a second: blocks of routed and static calls in turn, so that drift cancels."""
    routed: list[float] = []
    static: list[float] = []
    for number in (STATIC, ROUTED):
        await _block(measured, number)  # warms up
    for block in range(BLOCKS):
        for number, answers in ((STATIC, static), (ROUTED, routed)):
            answers += (await _block(measured, number)).answers_ms
        measured.tell(f"answers: {block + 1} of {BLOCKS} blocks")
    return [*_compared(routed, static, 50, _P50_GOAL), *_compared(routed, static, 99, _P99_GOAL)]


async def capacity_figures(measured: Measured) -> list[Figure]:
    """The most calls a second that are held in a short burst without one failure."""
    static = await highest(_holds(measured, STATIC), SLOWEST, FASTEST)
    routed = await highest(_holds(measured, ROUTED), SLOWEST, FASTEST)
    held = Figure("calls_per_second", float(routed), "calls/s").beside(static)
    return [held, Figure("calls_per_second_ratio", held.ratio or 0.0, "ratio").beside(1.0).at_least(_HELD_GOAL)]


def _compared(routed: list[float], static: list[float], percent: int, goal: float) -> list[Figure]:
    ours, peers = percentile(routed, percent), percentile(static, percent)
    return [
        Figure(f"answer_p{percent}_ms", ours, "ms").beside(peers),
        Figure(f"answer_added_p{percent}_ms", ours - peers, "ms", against=peers).at_most(goal),
    ]


async def _block(measured: Measured, number: str) -> Burst:
    result = await _calls(measured, Load(number, RATE, CALLS_A_BLOCK))
    await measured.taken_in()
    return result


async def _calls(measured: Measured, load: Load) -> Burst:
    return await burst(load, measured.practice.sip, measured.practice.trunk)


def _holds(measured: Measured, number: str) -> Callable[[int], Awaitable[bool]]:
    async def holds(rate: int) -> bool:
        load = Load(number, rate, rate * BURST_SECONDS)
        held, nearly = await _held(measured, load)
        if nearly and not held:
            held, _ = await _held(measured, load)  # one hiccup of the machine is not the end of what it can do
        name = "without Secondline" if number == STATIC else "with Secondline"
        measured.tell(f"{name}: {rate} calls a second {'held' if held else 'NOT held'}")
        return held

    return holds


async def _held(measured: Measured, load: Load) -> tuple[bool, bool]:
    """Whether every call of the load was answered and routed, and whether all but a few were answered."""
    began, complaints = datetime.now(UTC), measured.complaints()
    result = await _calls(measured, load)
    if not result.held:
        await measured.hang_up_all()
    await measured.taken_in()
    held = result.held and measured.complaints() == complaints and await _all_routed(measured, began)
    return held, len(result.answers_ms) > _NEARLY * load.calls


async def _all_routed(measured: Measured, since: datetime) -> bool:
    """Whether none went the safe way, which answers a patient but is not what is measured here."""
    calls = await measured.records.calls.calls(since, ROUTED, FASTEST * BURST_SECONDS)
    return all(call.reason is not Reason.SAFE_MODE for call in calls)
