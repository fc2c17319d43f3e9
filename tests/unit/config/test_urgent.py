"""The urgent path in the practice's file: what is taken, what is refused, and how it is told."""

from __future__ import annotations

import pytest

from pbx.config.check import in_plain_words
from pbx.domain.actions import Menu, Urgent
from tests.unit.config.conftest import Load, Problems

ROTA = """
[rotas.doctors]
turns = ["rictor"]
start = "2026-01-05"
period = "week"
hand_over = "08:00"
"""
NUMBER = "+17175550104"
LAST = f"""
[numbers."{NUMBER}"]
label = "Urgent line"
"""
PATH = 'urgent = "doctors", voicemail = "front-desk"'


def test_the_path_has_its_terms_or_the_usual_ones(loaded: Load) -> None:
    plain = loaded(more=f"{ROTA}{LAST}open = [{{ {PATH} }}]\n").policy.numbers[NUMBER]
    assert plain.opened == (Urgent("doctors", "front-desk", rounds=3, interval=120, seconds=25),)
    assert plain.fallback_voicemail.mailbox == "front-desk", "a message that the controller did not see has a mailbox"
    own = loaded(more=f"{ROTA}{LAST}open = [{{ {PATH}, rounds = 5, interval = 300, seconds = 15 }}]\n")
    assert own.policy.numbers[NUMBER].opened == (Urgent("doctors", "front-desk", 5, 300, 15),)


def test_a_key_of_a_menu_can_lead_there(loaded: Load) -> None:
    menu = f'\n[menus.main]\nsay = "If it is urgent, press 1."\noptions.1 = {{ {PATH} }}\n'
    more = f'{ROTA}{menu}otherwise = [{{ voicemail = "mills" }}]\n{LAST}open = [{{ menu = "main" }}]\n'
    [main] = loaded(more=more).policy.numbers[NUMBER].opened
    assert isinstance(main, Menu)
    assert [option.to for option in main.options] == ["urgent doctors"]


def test_it_is_told_in_plain_words(loaded: Load) -> None:
    words = "\n".join(in_plain_words(loaded(more=f"{ROTA}{LAST}open = [{{ {PATH} }}]\n")))
    assert "takes an urgent message for Front desk and a number to call back, fetches whoever is on call" in words
    assert "(25 s each, 3 times, every 120 s)" in words


def test_a_test_of_the_file_can_name_it(loaded: Load, problems: Problems) -> None:
    expect = f'\n[[expect]]\ncall = "{NUMBER}"\nat = "2026-11-23T10:00"\nthen = '
    more = f"{ROTA}{LAST}open = [{{ {PATH} }}]\n{expect}"
    loaded(more=f'{more}"urgent doctors, voicemail front-desk"\n')
    [problem] = problems(more=f'{more}"ring rictor"\n')
    assert '"urgent doctors, voicemail front-desk' in problem


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ('urgent = "doctors"', "does not say where the urgent message goes"),
        (f"{PATH}, rounds = 0", "rounds"),
        (f'{PATH}, greeting = "after-hours"', "gives a greeting to the urgent path"),
        (f'{PATH}, ring = "rictor"', "does not say one thing to do"),
        ('voicemail = "rictor", rounds = 2', "gives rounds or an interval to what is not urgent"),
        ('urgent = "doctor", voicemail = "rictor"', "there is no [rotas.doctor]"),
        ('urgent = "doctors", voicemail = "nobody"', "nobody in [people] or [teams] is called 'nobody'"),
    ],
)
def test_what_cannot_be_meant_is_refused(problems: Problems, action: str, says: str) -> None:
    found = problems(more=f"{ROTA}{LAST}open = [{{ {action} }}]\n")
    assert any(says in problem for problem in found), found


def test_nothing_comes_after_it(problems: Problems) -> None:
    [problem] = problems(more=f'{ROTA}{LAST}open = [{{ {PATH} }}, {{ voicemail = "rictor" }}]\n')
    assert "a call ends after its" in problem


def test_a_rota_of_people_whom_nothing_rings_for_is_refused(problems: Problems) -> None:
    people = '\n[people.okafor]\nname = "Dr. Ada Okafor"\n'
    rota = ROTA.replace("rictor", "okafor")
    found = problems(more=f"{people}{rota}{LAST}open = [{{ {PATH} }}]\n")
    assert any("nobody of the rota 'doctors' has a phone or a cell" in problem for problem in found), found
