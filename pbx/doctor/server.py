"""The practice's file and the server on it."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.doctor.finding import Finding, ok, problem, warning
from pbx.doctor.place import Place

SUBJECT = "server"


async def look(place: Place) -> list[Finding]:
    found = [judge_file(place.problems)]
    if place.status is None:
        return [*found, warning(SUBJECT, "running", "no", "Start it: secondline run (docs/running.md, As a service).")]
    parts = place.status["components"]
    return [*found, *(judge_part(name, bool(part["ok"]), str(part["detail"])) for name, part in parts.items())]


def judge_file(problems: Sequence[str]) -> Finding:
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        return problem(SUBJECT, "practice's file", f"{problems[0]}{more}", "Run: secondline check")
    return ok(SUBJECT, "practice's file", "can be used")


def judge_part(name: str, works: bool, detail: str) -> Finding:
    if not works:
        return problem(SUBJECT, name, detail, "See docs/running.md, When something is red.")
    return ok(SUBJECT, name, detail)
