"""Contacts as a spreadsheet saves them, and the rules by caller of the practice's file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pbx.config.check import in_plain_words
from pbx.config.load import ConfigProblems, Practice, load
from pbx.domain.actions import Ring, Voicemail
from pbx.domain.callers import NOT_TAKEN_PROMPT, Kind, Trust
from tests.unit.config.conftest import Load, Problems

CONTACTS = '\n[contacts]\nfile = "contacts.csv"\n'
TO_DESK = '[{ voicemail = "front-desk" }]'
BOTH_NUMBERS = ["+17175550100", "+17175550101"]
Csv = Callable[..., Path]


@pytest.fixture
def csv(tmp_path: Path) -> Csv:
    """Write the contacts."""

    def write(text: str | bytes) -> Path:
        file = tmp_path / "contacts.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def warnings_of(practice: Practice) -> list[tuple[str, str]]:
    return [(warning.name, warning.key) for warning in practice.warnings]


GOOD = 'number,name,groups,note\n+12155550143,Oak Grove,"priority, nursing home",ask for Jo\n'


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n"),
        "Phone;Name;Kind;Comment\r\n(215) 555-0143;Oak Grove;priority, Nursing  Home;ask for Jo\r\n",
        "sep=;\nNumber;Name;Groups;Notes\n215-555-0143;Oak Grove;priority|nursing home;ask for Jo\n\n;;;\n",
        "name\tPhone Number\tgroup\tnote\textra\nOak Grove\t'+1 215 555 0143\tPriority/nursing-home\task for Jo\t7\n",
        'number,name,groups,note\n"=""2155550143""",Oak Grove,"priority;nursing home",ask for Jo\n',
    ],
)
def test_contacts_are_read_as_spreadsheets_save_them(content: str | bytes, csv: Csv, loaded: Load) -> None:
    csv(content)
    [contact] = loaded(more=CONTACTS).policy.contacts.values()
    assert (contact.number, contact.name, contact.note) == ("+12155550143", "Oak Grove", "ask for Jo")
    assert contact.groups == {"priority", "nursing-home"}


def test_names_of_a_western_code_page_are_read(csv: Csv, loaded: Load) -> None:
    csv("number;name\n2155550143;Zoë Müller\n".encode("cp1252"))
    assert [contact.name for contact in loaded(more=CONTACTS).policy.contacts.values()] == ["Zoë Müller"]


def test_every_bad_row_is_told_by_its_line_and_never_by_what_stands_there(csv: Csv, write: Callable[..., Path]) -> None:
    file = csv(
        "number,name,groups\n555-0143,Canary,\n+12155550143,A,\n,Canary,priority\n"
        '"+12155550144","two\nlines",\n(215) 555-0143,Canary,blocked\n2.15555E+09,Canary,\n+12155550145,C,Canary!\n'
    )
    with pytest.raises(ConfigProblems) as refused:
        load(write(more=CONTACTS))
    told = [str(problem).removeprefix(f"{file}:") for problem in refused.value.problems]
    assert told == [
        "2: contacts: the number has the wrong number of digits (write it as +17175550100)",
        "4: contacts: has no number (add it, or take the row out)",
        "7: contacts: has the same number as line 3 (keep one of the two, with all groups in it)",
        "8: contacts: has a number that the spreadsheet has rounded "
        "(give the column the format text in the spreadsheet, and type the number again)",
        "9: contacts: has a group that is not a usable name "
        "(use letters a-z, digits and hyphens, such as nursing-home, with a comma between two groups)",
    ]
    assert "Canary" not in "".join(told)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: contacts: is empty (begin"),
        ("name,groups\nOak Grove,priority\n", "1: contacts: has no column called number (begin"),
        ("number,phone\n1,2\n", "1: contacts: has two columns for the number (keep"),
        ("number\nOak Grove\n", "2: contacts: the number is not a telephone number (write"),
    ],
)
def test_a_file_that_is_no_list_of_contacts_is_refused(
    text: str, problem: str, csv: Csv, write: Callable[..., Path]
) -> None:
    file = csv(text)
    with pytest.raises(ConfigProblems) as refused:
        load(write(more=CONTACTS))
    assert str(refused.value.problems[0]).removeprefix(f"{file}:").startswith(problem)


def test_contacts_that_are_not_there_are_refused(problems: Problems, tmp_path: Path) -> None:
    told = problems(more=CONTACTS)
    assert f"contacts.file: {tmp_path / 'contacts.csv'} does not exist (check the name and the folder)" in told[0]


def test_a_changed_contact_is_another_version_of_the_policy(csv: Csv, loaded: Load) -> None:
    csv(GOOD)
    first = loaded(more=CONTACTS).policy.version
    csv(GOOD.replace("priority", "blocked"))
    assert loaded(more=CONTACTS).policy.version != first


def test_contacts_of_the_groups_priority_and_blocked_are_treated_so_without_another_word(
    csv: Csv, loaded: Load
) -> None:
    csv("number,groups\n+12155550143,priority\n+12155550144,blocked\n")
    number = loaded(more=CONTACTS).policy.numbers["+17175550100"]
    blocked, priority = number.callers.rules
    assert (blocked.kind, blocked.path, blocked.turn_away) == (Kind.BLOCKED, "callers.blocked", NOT_TAKEN_PROMPT)
    assert (priority.kind, priority.closed, priority.opened) == (Kind.PRIORITY, number.opened, None)
    assert (priority.calls, priority.within, priority.trust) == (3, timedelta(hours=1), Trust.NOT_FAILED)


def test_priority_rings_when_closed_as_its_own_rule_does_when_open(csv: Csv, loaded: Load) -> None:
    csv("number,groups\n+12155550143,priority\n")
    rules = f'{CONTACTS}[callers.priority]\nopen = [{{ ring = "mills" }}, {{ voicemail = "mills" }}]\n'
    [rule] = loaded(more=rules).policy.numbers["+17175550100"].callers.rules
    assert rule.closed == rule.opened == (Ring("mills", ("front-1",), 25), Voicemail("mills"))


def test_rules_hold_for_every_number_that_does_not_say_otherwise(csv: Csv, loaded: Load) -> None:
    csv("number,groups\n+12155550143,friends\n")
    rules = f"""{CONTACTS}
[callers]
withheld = {{ always = {TO_DESK} }}
unknown = {{ open = {TO_DESK} }}
repeated = {{ calls = 3, minutes = 5, closed = [{{ ring = "rictor" }}, {{ voicemail = "rictor" }}] }}
frequent = {{ calls = 4, days = 2, greeting = "after-hours" }}

[callers.priority]
groups = "friends"
at_most = 1
closed = [{{ ring = "mills", seconds = 10 }}, {{ voicemail = "mills" }}]

[numbers."(717) 555-0102"]
ring = "rictor"
schedule = "office"
callers = {{ without = ["unknown", "frequent"], withheld = {{ hang_up_after = "after-hours" }} }}

[[accept]]
warning = "closed-voicemail-only"
on = "(717) 555-0102"
because = "A test."
"""
    practice = loaded(more=rules)
    plain, own = (practice.policy.numbers[number].callers for number in ("+17175550100", "+17175550102"))
    kinds = [Kind.PRIORITY, Kind.REPEATED, Kind.WITHHELD, Kind.UNKNOWN]
    assert [rule.kind for rule in plain.rules] == kinds
    assert plain.rules[0].closed == (Ring("mills", ("front-1",), 10), Voicemail("mills"))
    assert (plain.rules[1].calls, plain.rules[1].within) == (3, timedelta(minutes=5))
    assert plain.rules[2].opened == plain.rules[2].closed == (Voicemail("front-desk"),)
    assert plain.frequent is not None
    assert plain.window == timedelta(days=2)
    assert [rule.kind for rule in own.rules] == kinds[:3]
    assert (own.rules[2].path, own.rules[2].turn_away) == ('numbers."(717) 555-0102".callers.withheld', "after-hours")
    assert own.frequent is None
    assert ("caller-turned-away", own.rules[2].path) in warnings_of(practice)
    words = "\n".join(in_plain_words(practice))
    assert (
        "Callers with priority (contacts in friends, at most 1 call of a number in 60 minutes, unless the carrier says "
        "that the number is forged): when closed, it rings front-1 for 10 s, then plays the general greeting and "
        "takes a message for Sam Mills. [callers.priority]" in words
    )
    assert "Callers who withhold their number: it says the emergency sentence and 'after-hours', and hangs up." in words


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("[callers.withheld]\n", "callers.withheld: does not say what is done (add always"),
        ("[callers.repeated]\ncalls = 2\n", "callers.repeated: does not say what is done (add always"),
        ("[callers.repeated]\ncalls = 1\n", "callers.repeated.calls: must be at least 2 (write"),
        (f"[callers.unknown]\nalways = {TO_DESK}\nopen = {TO_DESK}\n", "has `always` beside `open` or `closed` (keep"),
        (f'[callers.unknown]\nalways = {TO_DESK}\nhang_up_after = "after-hours"\n', "and hangs up as well (keep"),
        ('[callers.blocked]\nhang_up_after = "sory"\n', "callers.blocked.hang_up_after: there is no [greetings.sory]"),
        ('[callers.frequent]\ngreeting = "sory"\n', "callers.frequent.greeting: there is no [greetings.sory]"),
        ('[callers.withheld]\nalways = [{ ring = "rictor" }]\n', "does not end in a voicemail"),
        ('[callers.priority]\nstir_shaken = "maybe"\n', "callers.priority.stir_shaken: must be 'ignore'"),
        ("[callers.vip]\n", "callers.vip: is not a key that is known here"),
        ('[greetings.not-taken]\ntext = "No."\n', "greetings.not-taken:"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(rules: str, problem: str, problems: Problems) -> None:
    assert any(problem in told for told in problems(more=f"\n{rules}")), problems(more=f"\n{rules}")


@pytest.mark.parametrize(
    ("people", "rules", "warning"),
    [
        ("+12155550143,blocked", "[callers.priority]\n", ("caller-rule-never-applies", "callers.priority")),
        ("+12155550143,friends", "[callers.blocked]\n", ("caller-rule-never-applies", "callers.blocked")),
        ('+12155550143,"blocked,priority"', "", ("blocked-and-priority", "contacts.file")),
        (
            "+12155550143,friends",
            '[callers.withheld]\nhang_up_after = "after-hours"\n',
            ("caller-turned-away", "callers.withheld"),
        ),
        (
            "+12155550143,friends",
            '[callers.unknown]\nhang_up_after = "after-hours"\n',
            ("caller-turned-away", "callers.unknown"),
        ),
        ("", f"[callers.unknown]\nopen = {TO_DESK}\n", ("everybody-unknown", "callers.unknown")),
        (
            "+12155550143,friends",
            f'[numbers."+17175550101".callers.withheld]\nclosed = {TO_DESK}\n',
            ("caller-rule-never-applies", 'numbers."+17175550101".callers.withheld'),
        ),
    ],
)
def test_check_warns_of_rules_that_contradict_or_do_nothing(
    people: str, rules: str, warning: tuple[str, str], csv: Csv, loaded: Load
) -> None:
    csv(f"number,groups\n{people}\n")
    assert warning in warnings_of(loaded(more=f"{CONTACTS}\n{rules}"))


def test_rules_that_do_something_are_not_warned_of(csv: Csv, loaded: Load) -> None:
    csv("number,groups\n+12155550143,priority\n+12155550144,blocked\n")
    rules = f"""{CONTACTS}
[callers.blocked]
[callers.priority]
[callers.withheld]
always = {TO_DESK}
[callers.unknown]
open = {TO_DESK}
[callers.repeated]
closed = {TO_DESK}
[callers.frequent]
greeting = "after-hours"
"""
    assert warnings_of(loaded(more=rules)) == []


EXPECT = """
[[expect]]
call = "+17175550100"
from = "{who}"
at = "2026-11-23T03:00"
then = "{then}"
"""


def test_a_test_in_the_file_says_who_calls(csv: Csv, loaded: Load, problems: Problems) -> None:
    csv("number,groups\n+12155550143,priority\n+12155550144,blocked\n")
    withheld = f"{CONTACTS}[callers.withheld]\nalways = {TO_DESK}\n"
    right = (
        ("(215) 555-0143", "ring rictor, voicemail rictor"),
        ("(215) 555-0144", "hang up"),
        ("withheld", "voicemail front-desk"),
        ("(215) 555-0145", "greeting after-hours, voicemail rictor"),
    )
    loaded(more=withheld + "".join(EXPECT.format(who=who, then=then) for who, then in right))
    [told] = problems(more=withheld + EXPECT.format(who="(215) 555-0144", then="voicemail rictor"))
    assert 'it does "hang up" instead of "voicemail rictor"' in told
    assert told.count("The caller is blocked (callers.blocked)") == 1
