"""What all runs together say: as JSON for a file, and on one screen for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pbx import __version__

_SHOWN = 12
"""Findings that are printed; the file has all of them."""


def report_of(runs: Sequence[dict[str, Any]], siege: dict[str, Any] | None = None) -> dict[str, Any]:
    """The reports of runs put together, with that of the hostile datagrams where they were sent."""
    kills = _sum(runs, "kills")
    wrong = sum(len(texts) for run in runs for texts in run["wrong"].values())
    return {
        "version": __version__,
        "seeds": [run["seed"] for run in runs],
        "calls": _sum(runs, "calls"),
        "kills": kills,
        "messages": _sum(runs, "messages"),
        "findings": wrong + len(siege["wrong"] if siege else ()),
        # With nothing found in n trials the true rate is below 3/n at 95 % (Hanley and Lippman-Hand, 1983).
        "bound_a_kill": round(3 / kills, 4) if kills else None,
        "longest_tail_s": _max(runs, "longest_tail_s"),
        "greeting_p99_s": _max(runs, "greeting_p99_s"),
        "by_fault": _by_fault(runs),
        "attempts_of_thieves": _added(runs, "attempts_of_thieves"),
        "audit_rows_verified": _sum(runs, "audit_rows_verified"),
        "hostile_sip": siege,
        "runs": list(runs),
    }


def write(out: Path, report: dict[str, Any]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def in_words(report: dict[str, Any], out: Path | str) -> str:
    """What was broken, how often, and what was found."""
    runs, siege = report["runs"], report["hostile_sip"]
    lines = [
        "",
        f"{report['calls']} calls, {report['kills']} kills, {report['messages']} messages, "
        f"seeds {' '.join(map(str, report['seeds']))}, {_sum(runs, 'seconds') / 60:.0f} minutes",
        "",
        f"{'what was broken':46} times  worst next call",
        *(f"{name:46} {one['times']:5}  {one['next_call_s']:13.2f} s" for name, one in report["by_fault"].items()),
        "",
        f"first sound of the greeting     {report['greeting_p99_s']:.2f} s at the 99th percentile (goal 3.5)",
        f"longest tail after a hard kill  {report['longest_tail_s']:.2f} s (goal 2.05)",
        f"audit                           {report['audit_rows_verified']} rows verified",
        f"attempts to call out            {_of_thieves(report['attempts_of_thieves'])}",
        f"mails                           {_sum(runs, 'mails')}; "
        f"{_sum(runs, 'mails_that_came_again_with_the_same_id')} came again, with the same id",
    ]
    if siege:
        lines.append(f"hostile SIP                     {siege['datagrams']} datagrams in {siege['seconds']:.0f} s")
    return "\n".join([*lines, "", *_found(report), f"All figures: {out}"])


def _found(report: dict[str, Any]) -> list[str]:
    siege = report["hostile_sip"]
    found = [
        f"  {invariant}, seed {run['seed']}: {text}"
        for run in report["runs"]
        for invariant, texts in run["wrong"].items()
        for text in texts
    ]
    found += [f"  hostile SIP: {text}" for text in (siege["wrong"] if siege else ())]
    if not found:
        kills = f" in {report['kills']} kills: the true rate is below {report['bound_a_kill']:.1%} a kill, at 95 %"
        return [f"Nothing was found{kills if report['kills'] else ''}."]
    more = [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return [f"{len(found)} THINGS WERE FOUND:", *found[:_SHOWN], *more]


def _of_thieves(tries: dict[str, int]) -> str:
    by_state: Counter[str] = Counter()
    for name, times in tries.items():
        by_state[name.rpartition(" ")[2]] += times
    states = ", ".join(f"{by_state[state]} with it {state}" for state in ("up", "hung", "down"))
    return f"{sum(tries.values())} by the controller's state: {states}"


def _by_fault(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    times = _added(runs, "faults")
    return {
        name: {"times": times[name], "next_call_s": max(run["next_call_served_s"].get(name, 0.0) for run in runs)}
        for name in times
    }


def _added(runs: Sequence[dict[str, Any]], key: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for run in runs:
        found.update(run[key])
    return dict(sorted(found.items()))


def _sum(runs: Sequence[dict[str, Any]], key: str) -> Any:
    return sum(run[key] for run in runs)


def _max(runs: Sequence[dict[str, Any]], key: str) -> float:
    return max((float(run[key]) for run in runs), default=0.0)
