"""`secondline doctor`: look at everything that calls depend on, with the server up or down."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import Program, ProgramMissing, find_asterisk
from pbx.cli.live import NotRunning, ask
from pbx.config.load import ConfigProblems, Practice, load
from pbx.doctor.finding import Finding, State
from pbx.doctor.looks import look_at_all
from pbx.doctor.place import Place
from pbx.output import console, print_json

_MARKS = {State.OK: "ok ", State.WARNING: "?  ", State.PROBLEM: "BAD"}


def doctor(options: Namespace) -> int:
    """Print what was found; 1 where something is a problem."""
    found = asyncio.run(_look(options))
    counts = Counter(finding.state for finding in found)
    healthy = not counts[State.PROBLEM]
    if options.json:
        print_json({"ok": healthy, "findings": [asdict(finding) for finding in found]})
        return 0 if healthy else 1
    _tell(found, options.all)
    print(f"{counts[State.OK]} ok, {counts[State.WARNING]} to look at, {counts[State.PROBLEM]} problems.")
    return 0 if healthy else 1


async def _look(options: Namespace) -> Sequence[Finding]:
    layout = Layout(Path(options.data))
    practice, problems = _load(Path(options.config))
    asterisk, why_not = _asterisk()
    place = Place(
        Path(options.config), layout, practice, problems, await _status(layout), asterisk, why_not, datetime.now(UTC)
    )
    return await look_at_all(place)


def _tell(found: Sequence[Finding], everything: bool) -> None:
    out, subject = console(), ""
    for finding in found:
        if finding.state is State.OK and not everything:
            continue
        if finding.subject != subject:
            subject = finding.subject
            out.print(subject, markup=False, style="bold")
        out.print(f"  {_MARKS[finding.state]} {finding.name}: {finding.detail}", markup=False, highlight=False)
        if finding.remedy:
            out.print(f"      {finding.remedy}", markup=False, highlight=False)


def _load(config: Path) -> tuple[Practice | None, tuple[str, ...]]:
    try:
        return load(config), ()
    except ConfigProblems as error:
        return None, tuple(str(problem) for problem in error.problems)


def _asterisk() -> tuple[Program | None, str]:
    try:
        return find_asterisk(), ""
    except ProgramMissing as error:
        return None, str(error)


async def _status(layout: Layout) -> dict[str, Any] | None:
    try:
        status: dict[str, Any] = await ask(layout, "GET", "/status")
    except NotRunning:
        return None
    return status
