"""How long recordings lie in the spool as Asterisk wrote them: the one place where patients' words are not sealed."""

from __future__ import annotations

import re

import aiohttp

from bench.figures import Figure
from bench.practice import BenchFailed, Measured

GOAL_SECONDS = 30.0
_BUCKET = re.compile(r'secondline_spool_plaintext_seconds_bucket\{le="([^"]+)"\} ([0-9.]+)')


async def plain_figure(measured: Measured) -> Figure:
    """The 99th percentile over every recording of the run so far; the upper bound of its bucket. Raises BenchFailed."""
    url = f"http://127.0.0.1:{measured.practice.web_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        seconds, count = plain_p99(await answer.text())
    measured.tell(f"{count} recordings lay plain in the spool, 99 of 100 for less than {seconds:g} s")
    return Figure("spool_plaintext_p99_s", seconds, "s").at_most(GOAL_SECONDS)


def plain_p99(metrics: str) -> tuple[float, int]:
    """The percentile's bound and the number of recordings in the figures of a server. Raises BenchFailed."""
    buckets = [(float(bound), float(count)) for bound, count in _BUCKET.findall(metrics)]
    if not buckets or not buckets[-1][1]:
        raise BenchFailed("No recording was taken in.")
    total = buckets[-1][1]
    return next(bound for bound, count in buckets if count >= 0.99 * total), int(total)
