"""Calls outside and 911 in the practice's file: what they become, and what is wrong with them, with a remedy."""

from __future__ import annotations

import pytest

from pbx.config.check import in_plain_words
from pbx.domain.emergency import Place
from pbx.domain.outbound_rules import Allowance, OutboundRules
from tests.unit.config.conftest import Load, Problems

PHONES = 'phones = ["rictor-desk", "rictor-home", "front-1"]'
PLACE = f"""
[emergency.office]
{PHONES}
address = "12 Main Street, Scotland, PA"
call_back = "(717) 555-0100"
tell = "front-desk"
"""
OUT = "\n[outbound]\n"


def test_without_a_word_about_it_nobody_calls_outside(loaded: Load) -> None:
    practice = loaded()
    assert practice.policy.outbound is None and practice.policy.places == () and not practice.policy.calls_out
    assert any("No phone can call 911" in line for line in in_plain_words(practice))


def test_inbound_only_is_a_word_about_it(loaded: Load) -> None:
    practice = loaded(more=f"{OUT}inbound_only = true\n")
    assert practice.policy.outbound == OutboundRules(inbound_only=True)
    assert not practice.policy.calls_out and practice.warnings == ()


def test_everybody_may_call_the_own_country_and_shows_the_first_number_that_leads_there(loaded: Load) -> None:
    policy = loaded(more=OUT + PLACE).policy
    usual = Allowance("+17175550100", frozenset({"US"}), 100, 240, 2)
    other = Allowance("+17175550101", frozenset({"US"}), 100, 240, 2)
    assert policy.outbound == OutboundRules({"rictor": usual, "mills": other}, {}, (), 8, 120)
    assert policy.places == (
        Place(
            "office",
            ("rictor-desk", "rictor-home", "front-1"),
            "12 Main Street, Scotland, PA",
            "+17175550100",
            ("mills", "rictor"),
        ),
    )


def test_the_file_says_who_calls_what_and_what_is_shown(loaded: Load) -> None:
    more = """people = "rictor"
countries = ["US", "ca"]
refuse = "+1710"
show = "+17175550101"
codes = { "*82" = "+17175550100", "*81" = "717 555 0101" }
calls_a_day = 3
person.rictor = { show = "+17175550100", countries = "MX", minutes_a_day = 7, at_once = 1, calls_a_day = 9 }
lines = 4
longest_minutes = 30
"""
    practice = loaded(more=OUT + more + PLACE)
    assert practice.policy.outbound == OutboundRules(
        {"rictor": Allowance("+17175550100", frozenset({"MX"}), 9, 7, 1)},
        {"*81": "+17175550101", "*82": "+17175550100"},
        ("+1710",),
        4,
        30,
    )
    words = "\n".join(in_plain_words(practice))
    for said in (
        "to MX, 9 calls and 7 min a day, 1 at once",
        "*82 before a number shows (717) 555-0100",
        "12 Main Street",
    ):
        assert said in words


def test_phones_may_call_911_and_nobody_else(loaded: Load) -> None:
    policy = loaded(more=f"{OUT}people = []\n{PLACE}").policy
    assert policy.calls_out and policy.outbound and policy.outbound.people == {} and len(policy.places) == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (OUT, "people.rictor.phones[1]: the phone 'rictor-desk' calls outside, and nothing says where it stands"),
        (OUT + PLACE.replace(', "front-1"', ""), "people.mills.phones[1]: the phone 'front-1' calls outside"),
        (PLACE, "emergency.office: belongs to phones that call outside, and there is no [outbound]"),
        (f"{OUT}inbound_only = true\n{PLACE}", "emergency.office: belongs to phones that call outside"),
        (f"{OUT}inbound_only = true\nlines = 3\n", "outbound.lines: means nothing where inbound_only is true"),
        (f'{OUT}people = "ricter"\n{PLACE}', "outbound.people: nobody in [people] or [teams] is called 'ricter'"),
        (f'{OUT}show = "+17175550199"\n{PLACE}', "outbound.show: is no number of this practice"),
        (f'{OUT}codes = {{ "*81" = "+12155550123" }}\n{PLACE}', "is no number of this practice"),
        (f'{OUT}codes = {{ "*71" = "+17175550100" }}\n{PLACE}', "is a code of this program already"),
        (f'{OUT}codes = {{ "81" = "+17175550100" }}\n{PLACE}', "'81' is no code"),
        (f'{OUT}refuse = "900"\n{PLACE}', "'900' is no beginning of a number"),
        (f'{OUT}countries = ["USA"]\n{PLACE}', "'USA' is not a country code"),
        (f"{OUT}person.ricter = {{ at_once = 1 }}\n{PLACE}", "nobody in [people] is called 'ricter'"),
        (f'{OUT}people = "mills"\nperson.rictor = {{ at_once = 1 }}\n{PLACE}', "is not among those who may call"),
        (OUT + PLACE.replace("555-0100", "555-0199"), "emergency.office.call_back: is no number of this practice"),
        (OUT + PLACE.replace("front-1", "front-2"), "there is no phone 'front-2' in [people]"),
        (OUT + PLACE + PLACE.replace("office", "annex"), "stands already in emergency.office.phones[1]"),
        (
            OUT
            + PLACE.replace(', "front-1"', "")
            + PLACE.replace("office", "annex")
            .replace("12 Main", "14 Main")
            .replace('"rictor-desk", "rictor-home", ', ""),
            "emergency.annex.call_back: is the number of 'office' too, which has another address",
        ),
        (OUT + PLACE.replace('"front-desk"', '"nobody"'), "nobody in [people] or [teams] is called 'nobody'"),
        (OUT + PLACE + 'by = "mail"\n', "no channel in [notify] is called 'mail'"),
        (OUT + PLACE.replace("address", "adress"), "emergency.office.address: is missing"),
        (OUT + PLACE.replace("tell", "#"), "emergency.office.tell: is missing"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(more: str, expected: str, problems: Problems) -> None:
    found = problems(more=more)
    assert any(expected in problem for problem in found), found
    assert all(problem.endswith(")") for problem in found)


def test_there_is_no_calling_without_a_carrier(problems: Problems) -> None:
    found = problems(('[trunk]\nhost = "sip.carrier.example"\n', ""), more=OUT + PLACE)
    assert any("outbound: cannot be: there is no [trunk]" in problem for problem in found)


def test_somebody_who_is_told_by_mail_has_an_address(problems: Problems) -> None:
    mail = '\n[notify.mail]\nkind = "email"\nserver = "mail.example.com"\nsender = "secondline@example.com"\n'
    found = problems(more=f'{OUT}{PLACE}by = "mail"\n{mail}')
    assert any("emergency.office.by: 'mills' has no mail address" in problem for problem in found)


def test_somebody_can_be_told_on_a_phone(problems: Problems) -> None:
    changes = ('phones = ["front-1"]', ""), ('members = ["mills", "rictor"]', 'members = ["mills"]')
    found = problems(*changes, more=OUT + PLACE.replace(', "front-1"', ""))
    assert any("would tell nobody" in problem for problem in found)
