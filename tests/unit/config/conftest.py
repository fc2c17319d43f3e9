"""A practice's file in a folder of its own, and ways to load a changed one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pbx.config.load import ConfigProblems, Practice, load

GOOD = """\
[practice]
name = "Scotland Family Medicine"
timezone = "America/New_York"

[trunk]
host = "sip.carrier.example"

[people.rictor]
name = "Dr. Kenneth Rictor"
phones = ["rictor-desk", "rictor-home"]

[people.mills]
name = "Sam Mills"
phones = ["front-1"]

[teams.front-desk]
name = "Front desk"
members = ["mills", "rictor"]

[schedules.office]
open = { mon-thu = "09:00-17:00" }

[greetings.after-hours]
text = "We are closed."

[numbers."+17175550100"]
label = "Dr. Rictor"
schedule = "office"
open = [{ ring = "rictor", seconds = 20 }, { voicemail = "rictor" }]
closed = [{ voicemail = "rictor", greeting = "after-hours" }]

[numbers."+17175550101"]
voicemail = "front-desk"

[[accept]]
warning = "closed-voicemail-only"
on = "+17175550100"
because = "The hospital answers at night."

[[accept]]
warning = "greeting-names-nobody"
on = "after-hours"
because = "Short on purpose."

[[accept]]
warning = "greeting-no-call-back"
on = "after-hours"
because = "Short on purpose."
"""

Load = Callable[..., Practice]
Problems = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write GOOD with replacements (old text, new text), then more text at its end."""

    def write_file(*changes: tuple[str, str], more: str = "") -> Path:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "practice.toml"
        file.write_text(text + more, encoding="utf-8")
        return file

    return write_file


@pytest.fixture
def loaded(write: Callable[..., Path]) -> Load:
    """Load GOOD with changes; it must be right."""
    return lambda *changes, more="": load(write(*changes, more=more))


@pytest.fixture
def problems(write: Callable[..., Path]) -> Problems:
    """Load GOOD with changes; it must be wrong. Gives `line: key: what (remedy)` of each problem."""

    def problems_of(*changes: tuple[str, str], more: str = "") -> list[str]:
        file = write(*changes, more=more)
        with pytest.raises(ConfigProblems) as refused:
            load(file)
        return [str(problem).removeprefix(f"{file}:") for problem in refused.value.problems]

    return problems_of
