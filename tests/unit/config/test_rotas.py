"""Rotas of the file: what is taken, what is refused, and what is warned of ahead."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from pbx.config.check import in_plain_words
from pbx.config.load import load
from pbx.config.rotas import WARNED_AT_MOST, LookAhead
from pbx.config.schema.rotas import RotaSection, ShiftSection, SwapSection
from pbx.config.schema.section import Section
from pbx.config.tables import about
from pbx.domain.actions import RingOnCall
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.oncall import Rota, Shift, Swap, Turns, Weekly
from pbx.domain.schedule import Range
from tests.unit.config.conftest import Load, Problems

TURNS = """
[rotas.doctors]
turns = ["rictor", ["mills", "rictor"]]
start = "2026-01-05"
period = "week"
hand_over = "08:00"
hand_over_day = "mon"
backup = "mills"
swaps = [{ off = "rictor", on = "mills", start = "2026-12-24T08:00", end = 2026-12-26 08:00:00, reason = "family" }]
"""
SHIFTS = """
[rotas.nights]
timezone = "Europe/Berlin"
shifts = [
    { days = "mon-thu", hours = "17:00-08:00", people = ["rictor", "mills"] },
    { days = "sat", hours = "08:00-08:00", people = "mills" },
]
"""
WINTER = datetime(2026, 1, 5, 17, tzinfo=UTC)


def test_turns_are_read_with_their_times_backup_and_swaps(loaded: Load) -> None:
    plan = Turns((("rictor",), ("mills", "rictor")), date(2026, 1, 5), 7, time(8))
    start, end = datetime(2026, 12, 24, 13, tzinfo=UTC), datetime(2026, 12, 26, 13, tzinfo=UTC)
    swap = Swap("doctors", "rictor", "mills", start, end, reason="family")
    expected = Rota("doctors", "America/New_York", plan, ("mills",), (swap,))
    assert loaded(more=TURNS).policy.rotas == {"doctors": expected}


def test_shifts_are_read_in_their_own_zone(loaded: Load) -> None:
    night = (Shift(Range(time(17), time(8)), ("rictor", "mills")),)
    plan = Weekly({**dict.fromkeys(range(4), night), 5: (Shift(Range(time(8), time(8)), ("mills",)),)})
    assert loaded(more=SHIFTS).policy.rotas == {"nights": Rota("nights", "Europe/Berlin", plan)}


def test_a_number_rings_whoever_is_on_call(loaded: Load) -> None:
    change = (
        'closed = [{ voicemail = "rictor"',
        'closed = [{ oncall = "doctors", seconds = 15 }, { voicemail = "rictor"',
    )
    practice = loaded(change, more=TURNS)
    assert practice.policy.numbers["+17175550100"].closed[0] == RingOnCall("doctors", 15)
    words = "\n".join(in_plain_words(practice))
    assert "When closed, it rings whoever is on call in 'doctors' for 15 s each, then plays 'after-hours'" in words
    assert "Dr. Kenneth Rictor, then Sam Mills and Dr. Kenneth Rictor take turns, each 7 days from 08:00" in words
    shifts = "\n".join(in_plain_words(loaded(more=SHIFTS)))
    assert "Mon 17:00-08:00 Dr. Kenneth Rictor and Sam Mills" in shifts


WRONG = {
    "both plans": ('hand_over_day = "mon"', "shifts = []\n", "rotas.doctors", ""),
    "no plan": ('turns = ["rictor", ["mills", "rictor"]]', "", "does not say one way", "turns ="),
    "no times": ('period = "week"', "", "turns without their times", 'period = "week"'),
    "no length": ('"week"', '"fortnight"', "rotas.doctors.period: 'fortnight' is not a length", "2 weeks"),
    "no time of day": ('"08:00"\nhand', '"8am"\nhand', "rotas.doctors.hand_over: '8am' is not a time", "08:00"),
    "no date": ('"2026-01-05"', '"5 Jan"', "rotas.doctors.start: '5 Jan' is not a date", "2026-01-05"),
    "another weekday": ('"2026-01-05"', '"2026-01-06"', "start: is a Tuesday, but turns are handed over on Monday", ""),
    "day without weeks": ('"week"', '"10 days"', "hand_over_day: names a day, but the turns are not", "take it out"),
    "nobody": ('["rictor", [', '["ricter", [', "turns[1]: nobody in [people] is called 'ricter'", "'rictor'"),
    "team": ('backup = "mills"', 'backup = "front-desk"', "'front-desk' is a team", "name the people"),
    "swap with oneself": ('on = "mills"', 'on = "rictor"', "swaps[1]: 'rictor' is swapped with the same", "stands in"),
    "swap turned round": ("2026-12-26 08:00:00", '"2026-12-23T08:00"', "swaps[1]: ends before it starts", "earlier"),
    "swap without a time": ('"2026-12-24T08:00"', '"2026-12-24"', "not a date with hours", "2026-12-24T08:00"),
    "word of the command": ("[rotas.doctors]", "[rotas.swap]", "rotas.swap: 'swap' is a word of", "another key"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_rota_that_contradicts_itself_is_refused(case: str, problems: Problems) -> None:
    old, new, what, remedy = WRONG[case]
    assert old in TURNS
    found = problems(more=TURNS.replace(old, new, 1))
    assert len(found) == 1
    assert what in found[0] and remedy in found[0]


def test_swaps_over_each_other_are_refused(problems: Problems) -> None:
    second = '{ off = "rictor", on = "mills", start = "2026-12-25T08:00", end = "2026-12-27T08:00" }]'
    [found] = problems(more=TURNS.replace('reason = "family" }]', f"}}, {second}").replace("00, }", "00 }"))
    assert "swaps[2]: lies over another swap of 'rictor'" in found


def test_shifts_over_each_other_without_an_order_are_refused(problems: Problems) -> None:
    [found] = problems(more=SHIFTS.replace('"sat"', '"fri"').replace("08:00-08:00", "07:00-12:00"))
    assert "rotas.nights.shifts[2]: Thu 17:00-08:00 and Fri 07:00-12:00 lie over each other" in found
    assert "people in order" in found


def test_somebody_without_a_phone_is_refused_and_so_is_a_rota_that_is_none(problems: Problems) -> None:
    found = problems(('phones = ["front-1"]', ""), more=SHIFTS)
    assert all("'mills' has no phone that could ring" in line for line in found) and len(found) == 2
    change = ('closed = [{ voicemail = "rictor"', 'closed = [{ oncall = "doctor" }, { voicemail = "rictor"')
    assert "there is no [rotas.doctor] (did you mean 'doctors'?)" in problems(change, more=TURNS)[0]


def test_an_action_does_one_thing(problems: Problems) -> None:
    change = (
        'closed = [{ voicemail = "rictor"',
        'closed = [{ ring = "rictor", oncall = "doctors" }, { voicemail = "rictor"',
    )
    assert "does not say one thing to do" in problems(change, more=TURNS)[0]


def warnings(file: Path, facts: Facts = NO_FACTS, days: int = 7) -> list[str]:
    found = load(file, ahead=LookAhead(WINTER, days, facts)).warnings
    return [f"{warning.key}: {warning.what}" for warning in found]


def test_holes_are_told_with_their_times(write: Callable[..., Path]) -> None:
    assert warnings(write(more=TURNS)) == []
    found = warnings(write(more=SHIFTS.replace('timezone = "Europe/Berlin"\n', "")))
    assert found[0] == (
        "rotas.nights: nobody is on call from Mon 05 Jan 2026 12:00 America/New_York "
        "until Mon 05 Jan 2026 17:00 America/New_York"
    )
    many = warnings(write(more=SHIFTS), days=28)
    assert len(many) == WARNED_AT_MOST + 1
    assert many[-1].endswith("more such times in the next 28 days")


def test_a_hole_that_only_the_backup_fills_is_told(write: Callable[..., Path]) -> None:
    found = warnings(write(more=SHIFTS + 'backup = "mills"\n'))
    assert all("nobody has the shift, the backup alone is rung (mills)" in line for line in found) and found


def test_a_swap_to_somebody_who_left_is_told(write: Callable[..., Path]) -> None:
    gone = Swap("doctors", "rictor", "gone", WINTER, WINTER.replace(day=6), "mills", "away", 1)
    found = warnings(write(more=TURNS.replace('backup = "mills"\n', "")), Facts((gone,)))
    assert "nobody on call has a phone (gone) from Mon 05 Jan 2026 12:00" in found[0]
    assert "somebody on call has no phone (gone)" in warnings(write(more=TURNS), Facts((gone,)))[0]


@pytest.mark.parametrize("kind", [RotaSection, ShiftSection, SwapSection])
def test_every_key_of_a_rota_says_what_it_is_for_and_shows_an_example(kind: type[Section]) -> None:
    for key in kind.model_fields:
        known = about(kind, key)
        assert known.text.endswith(".")
        assert tomllib.loads(f"{key} = {known.example}")
