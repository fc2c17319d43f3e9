"""Warnings that a practice's manager would want, each with a name, and each silenced only by saying why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pbx.config.advice import WARNINGS
from pbx.config.load import load
from tests.unit.config.conftest import Load, Problems

ACCEPTS_OF_GOOD = '\n[[accept]]\nwarning = "{}"\non = "{}"\nbecause = "{}"\n'
ACCEPTED = {
    "closed-voicemail-only": ("+17175550100", "The hospital answers at night."),
    "greeting-names-nobody": ("after-hours", "Short on purpose."),
    "greeting-no-call-back": ("after-hours", "Short on purpose."),
}
TEXT = 'text = "We are closed."'
CLOSED = 'closed = [{ voicemail = "rictor", greeting = "after-hours" }]'
OPEN = 'open = [{ ring = "rictor", seconds = 20 }, { voicemail = "rictor" }]'


def without(name: str) -> tuple[str, str]:
    """GOOD without its acceptance of a warning."""
    return ACCEPTS_OF_GOOD.format(name, *ACCEPTED[name]), "\n"


WARNED = {
    "nobody at night": ((without("closed-voicemail-only"),), "closed-voicemail-only", 'numbers."+17175550100"', 26),
    "no name": ((without("greeting-names-nobody"),), "greeting-names-nobody", "greetings.after-hours.text", 24),
    "no promise": ((without("greeting-no-call-back"),), "greeting-no-call-back", "greetings.after-hours.text", 24),
    "the schedule is for nothing": (
        ((OPEN, 'open = [{ voicemail = "rictor", greeting = "after-hours" }]'), (TEXT, 'text = "Closed. Dial 911."')),
        "same-open-and-closed",
        'numbers."+17175550100"',
        26,
    ),
    "nobody owns it": (
        (('members = ["mills", "rictor"]', 'members = ["mills"]'), ('phones = ["front-1"]', "")),
        "number-unowned",
        'numbers."+17175550101"',
        32,
    ),
    "nobody is led to somebody with a phone": (
        (("[schedules.office]", '[people.idle]\nname = "Idle"\nphones = ["idle-1"]\n\n[schedules.office]'),),
        "person-unused",
        "people.idle",
        20,
    ),
    "no emergency": (
        ((OPEN, OPEN.replace('"rictor" }]', '"rictor", greeting = "after-hours" }]')),),
        "greeting-no-emergency",
        "greetings.after-hours.text",
        24,
    ),
    "never open": (
        (('open = { mon-thu = "09:00-17:00" }', f'open = {{ mon = "09:00-17:00" }}\nclosed_on = {"{}"}'),),
        "schedule-never-opens",
        "schedules.office",
        20,
    ),
}


def closed_for_years() -> str:
    return "[" + ", ".join(f'"{year}-01-01..{year}-12-31"' for year in range(2020, 2061)) + "]"


@pytest.mark.parametrize(("changes", "name", "key", "line"), WARNED.values(), ids=WARNED)
def test_a_warning_has_a_name_a_line_and_a_remedy(
    loaded: Load, changes: tuple[tuple[str, str], ...], name: str, key: str, line: int
) -> None:
    changes = tuple((old, new.replace("{}", closed_for_years()) if "closed_on" in new else new) for old, new in changes)
    [warning] = [w for w in loaded(*changes).warnings if w.name != "accept-unneeded"]
    assert (warning.name, warning.key, warning.line) == (name, key, line)
    assert warning.remedy
    assert str(warning).endswith(f"({warning.remedy}) [{name}]")
    assert name in WARNINGS


PROMISES = {
    "We call you back on the next working day.": True,
    "Somebody will return your call within two hours.": True,
    "We will get back to you when the office opens.": True,
    "Le devolvemos la llamada mañana.": True,
    "Please leave a message after the tone.": False,
    "We will call you back.": False,
    "The office opens on Monday.": False,
}


@pytest.mark.parametrize(("text", "promised"), PROMISES.items())
def test_a_promise_names_a_call_and_a_time(loaded: Load, text: str, promised: bool) -> None:
    practice = loaded(without("greeting-no-call-back"), (TEXT, f'text = "{text}"'))
    assert ("greeting-no-call-back" not in {w.name for w in practice.warnings}) == promised


NAMES = {
    "This is Scotland Family Medicine.": True,
    "You have reached Doctor Rictor.": True,
    "This is Sam Mills.": True,
    "You have reached the front desk.": True,
    "You have reached the office.": False,
}


@pytest.mark.parametrize(("text", "named"), NAMES.items())
def test_a_greeting_names_the_practice_a_line_or_a_person(loaded: Load, text: str, named: bool) -> None:
    practice = loaded(without("greeting-names-nobody"), (TEXT, f'text = "{text}"'))
    assert ("greeting-names-nobody" not in {w.name for w in practice.warnings}) == named


def test_a_closed_line_with_the_general_greeting_promises_nothing(loaded: Load) -> None:
    practice = loaded((CLOSED, 'closed = [{ voicemail = "rictor" }]'))
    assert ("greeting-no-call-back", 'numbers."+17175550100"') in {(w.name, w.key) for w in practice.warnings}


def test_somebody_who_is_rung_at_night_needs_no_warning(loaded: Load) -> None:
    at_night = 'closed = [{ ring = "mills" }, { voicemail = "rictor", greeting = "after-hours" }]'
    [warning] = loaded((CLOSED, at_night)).warnings
    assert (warning.name, warning.key) == ("accept-unneeded", "accept[1].on[1]")


def test_what_is_accepted_is_kept_with_its_reason(loaded: Load) -> None:
    accepted = {(a.warning.name, a.because) for a in loaded().accepted}
    assert accepted == {(name, because) for name, (_, because) in ACCEPTED.items()}


@pytest.mark.parametrize("on", ['"717 555 0100"', '["+1 (717) 555-0100"]', "'numbers.\"+17175550100\"'"])
def test_a_number_is_accepted_however_it_is_written(loaded: Load, on: str) -> None:
    again = f'\n[[accept]]\nwarning = "closed-voicemail-only"\non = {on}\nbecause = "It is meant so."\n'
    assert loaded(without("closed-voicemail-only"), more=again).warnings == ()


def test_an_older_warning_can_be_accepted_too(loaded: Load) -> None:
    idle = '\n[people.idle]\nname = "Idle"\n[[accept]]\nwarning = "person-unused"\non = "idle"\nbecause = "On leave."\n'
    assert loaded(more=idle).warnings == ()


def test_only_the_one_that_is_named_is_accepted(loaded: Load) -> None:
    second = f'\n[numbers."+17175550102"]\nschedule = "office"\n{OPEN}\n{CLOSED}\n'
    [warning] = loaded(more=second).warnings
    assert (warning.name, warning.key) == ("closed-voicemail-only", 'numbers."+17175550102"')


def test_an_unknown_warning_and_a_missing_reason_refuse_the_file(problems: Problems) -> None:
    [problem] = problems(more='\n[[accept]]\nwarning = "closed-voicemail"\non = "x"\nbecause = "y"\n')
    assert "accept[4].warning: there is no warning called 'closed-voicemail'" in problem
    assert "did you mean 'closed-voicemail-only'?" in problem
    [problem] = problems(more='\n[[accept]]\nwarning = "unused"\non = "x"\n')
    assert "accept[4].because: is missing" in problem


def test_every_warning_is_in_the_documentation(write: Callable[..., Path]) -> None:
    documented = (Path(__file__).parents[3] / "docs" / "running.md").read_text(encoding="utf-8")
    for name in WARNINGS:
        assert f"`{name}`" in documented
    assert load(write()).warnings == ()


RECORDED = (
    without("greeting-names-nobody"),
    without("greeting-no-call-back"),
)
SAID = "This is Scotland Family Medicine. We call you back tomorrow."


def recording(folder: Path) -> Path:
    path = folder / "mine.wav"
    path.write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt ")
    return path


def test_what_a_recording_says_is_not_known(loaded: Load, tmp_path: Path) -> None:
    [warning] = loaded(*RECORDED, (TEXT, f'file = "{recording(tmp_path)}"')).warnings
    assert (warning.name, warning.key) == ("greeting-unread", "greetings.after-hours.file")


@pytest.mark.parametrize(
    ("says", "names"),
    [
        (SAID, set()),
        ("We are closed.", {"greeting-names-nobody", "greeting-no-call-back"}),
    ],
)
def test_what_a_recording_says_can_be_written_beside_it(
    loaded: Load, tmp_path: Path, says: str, names: set[str]
) -> None:
    practice = loaded(*RECORDED, (TEXT, f'file = "{recording(tmp_path)}"\nsays = "{says}"'))
    assert {warning.name for warning in practice.warnings} == names


def test_somebody_of_a_rota_is_led_to(loaded: Load) -> None:
    rota = """
[people.night]
name = "Night"
phones = ["night-1"]
[rotas.doctors]
turns = ["night"]
start = "2026-01-05"
period = "week"
hand_over = "08:00"
"""
    assert "person-unused" not in {warning.name for warning in loaded(more=rota).warnings}
