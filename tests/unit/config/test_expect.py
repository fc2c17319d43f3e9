"""A test in the practice's file refuses the file when it fails, and says what happens instead and why."""

from __future__ import annotations

import pytest

from tests.unit.config.conftest import Load, Problems

CALL = 'call = "(717) 555-0100"\n'
MORNING = 'at = "2026-11-23T10:00"\n'
NIGHT = "at = 2026-11-23T20:00:00\n"  # without quotes, as TOML writes a time


def expect(*lines: str) -> str:
    return "\n[[expect]]\n" + "".join(lines)


HOLD = {
    "what comes first": (MORNING, 'then = "ring rictor"'),
    "several in order": (MORNING, 'then = "ring rictor, voicemail rictor"'),
    "as a list": (MORNING, 'then = ["ring rictor", "voicemail rictor"]'),
    "in a sentence": (MORNING, 'then = "rings rictor for 20 seconds, then voicemail for rictor, then hang up"'),
    "with the greeting": (NIGHT, 'then = "greeting after-hours, voicemail rictor"'),
    "without names": (MORNING, 'then = "ring, voicemail"'),
    "by the name that people read": (MORNING, 'then = "ring Dr. Kenneth Rictor"'),
    "by phones": (MORNING, 'then = "ring rictor-desk and rictor-home"'),
    "with the state": (NIGHT, 'state = "closed"\nuntil = "2026-11-24T09:00"\nthen = "voicemail rictor"'),
    "in another zone": ('at = "2026-11-23T15:00Z"\n', 'then = "ring rictor"\nfrom = "215 555 0143"'),
}


@pytest.mark.parametrize(("at", "then"), HOLD.values(), ids=HOLD)
def test_what_holds_is_silent(loaded: Load, at: str, then: str) -> None:
    assert loaded(more=expect(CALL, at, then)).warnings == ()


FAIL = {
    "another order": (
        (MORNING, 'then = "voicemail rictor"\n'),
        "then: a call to (717) 555-0100 at Mon 23 Nov 2026 10:00 America/New_York: it does "
        '"ring rictor, greeting default, voicemail rictor, hang up" instead of "voicemail rictor", because Dr. ',
    ),
    "closed": (
        (NIGHT, 'then = "ring rictor"\n'),
        'does "greeting after-hours, voicemail rictor, hang up"',
    ),
    "the rule that decided": ((NIGHT, 'then = "ring rictor"\n'), "(outside the weekly hours), until Tue 24 Nov"),
    "somebody else": ((MORNING, 'then = "ring mills"\n'), 'instead of "ring mills"'),
    "another mailbox": (
        (MORNING, 'then = "ring rictor, voicemail mills"\n'),
        'instead of "ring rictor, voice',
    ),
    "another length": (
        (MORNING, 'then = "ring rictor for 30 s"\n'),
        '"ring rictor for 20 s, greeting',
    ),
    "more than there is": (
        (NIGHT, 'then = "voicemail rictor, hang up, ring rictor"\n'),
        'instead of "voicemail',
    ),
    "state": ((NIGHT, 'then = "voicemail"\nstate = "open"\n'), "expect[1].state: a call to (717) 555-0100"),
    "until": ((MORNING, 'then = "ring"\nuntil = "2026-11-23T18:00"\n'), "but Mon 23 Nov 2026 17:00"),
}


@pytest.mark.parametrize(("lines", "what"), FAIL.values(), ids=FAIL)
def test_what_fails_refuses_the_file_and_says_what_happens_instead(
    problems: Problems, lines: tuple[str, ...], what: str
) -> None:
    [problem] = problems(more=expect(CALL, *lines))
    assert what in problem
    assert "correct the rules, or what is expected" in problem


def test_a_failure_has_its_own_line(problems: Problems) -> None:
    [problem] = problems(more=expect(CALL, MORNING, 'then = "ring"\n') + expect(CALL, NIGHT, 'then = "ring"\n'))
    assert problem.startswith("58: expect[2].then: ")


WRONG = {
    "no such wording": (CALL, MORNING, 'then = "ringing out"', "then: 'ringing out' is not something", '"ring rictor"'),
    "nobody": (CALL, MORNING, 'then = "ring ricter"', "is called 'ricter'", "did you mean 'rictor'?"),
    "no such greeting": (CALL, MORNING, 'then = "greeting rictor"', "nothing in [greetings]", "after-hours"),
    "no number": ('call = "front"\n', MORNING, 'then = "ring"', "call: 'front' is not a telephone number", "+1717"),
    "another's number": ('call = "+17175550199"\n', MORNING, 'then = "ring"', "is not a number of this practice", ""),
    "no date": (CALL, 'at = "10:00"\n', 'then = "ring"', "at: '10:00' is not a time", "2026-11-23T10:00"),
    "no time": (CALL, 'at = "2026-11-23"\n', 'then = "ring"', "has no time of day", "2026-11-23T10:00"),
    "a skipped hour": (CALL, 'at = "2026-03-08T02:30"\n', 'then = "ring"', "does not exist in America", "another time"),
    "caller": (CALL, MORNING, 'then = "ring"\nfrom = "me"', "from: 'me' is not a telephone number", ""),
    "nothing expected": (CALL, MORNING, "then = []", "then: must not be empty", "then = "),
    "missing": (CALL, MORNING, "", "then: is missing", 'then = "ring rictor'),
    "state": (CALL, MORNING, 'then = "ring"\nstate = "on"', "state: must be 'open' or 'closed'", ""),
    "unknown key": (CALL, MORNING, 'then = "ring"\nstat = "open"', "stat: is not a key", "did you mean 'state'?"),
    "not from": (CALL, MORNING, 'then = "ring"\nfrom = 3', "from: must be a text", 'from = "'),
}


@pytest.mark.parametrize("row", WRONG.values(), ids=WRONG)
def test_what_cannot_be_understood_is_told_with_a_remedy(problems: Problems, row: tuple[str, ...]) -> None:
    *lines, what, remedy = row
    [problem] = problems(more=expect(*lines))
    assert what in problem
    assert remedy in problem


def test_several_tests_that_cannot_be_read_are_all_told(problems: Problems) -> None:
    told = problems(more=expect(CALL, MORNING, "then = 1\n") + expect(CALL, "at = 1\n", 'then = "ring"\n'))
    assert len(told) == 2


def test_what_a_calendar_says_is_not_known_to_a_test_and_that_is_told(loaded: Load) -> None:
    calendar = (
        'open = { mon-thu = "09:00-17:00" }',
        'open = { mon-thu = "09:00-17:00" }\nclosed_calendar = "https://calendar.example/vacation.ics"',
    )
    [warning] = loaded(calendar, more=expect(CALL, MORNING, 'then = "ring rictor"')).warnings
    assert (warning.name, warning.key) == ("expect-without-calendar", "expect[1]")
    accept = '\n[[accept]]\nwarning = "expect-without-calendar"\non = "expect[1]"\nbecause = "A usual week is meant."\n'
    assert loaded(calendar, more=expect(CALL, MORNING, 'then = "ring rictor"') + accept).warnings == ()
