"""[menus]: what the file says becomes a tree, and what is wrong with one is told with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pbx.config.check import in_plain_words
from pbx.config.load import load
from pbx.domain.actions import Jump, Menu, Option, Ring, Voicemail
from pbx.domain.policy import Greeting
from tests.unit.config.conftest import Load, Problems

CLOSED = 'closed = [{ voicemail = "rictor", greeting = "after-hours" }]'
TO_MENU = 'closed = [{ menu = "main" }]'
GREETED = ('voicemail = "front-desk"', 'voicemail = "front-desk"\ngreeting = "after-hours"')
MENUS = """
[menus.main]
say = "For an appointment, press 2."
options = { 1 = { say = "For refills, press 1.", menu = "refills" }, 2 = [{ ring = "mills" }, { voicemail = "mills" }] }
timeout_seconds = 4
tries = 2
otherwise = [{ voicemail = "front-desk" }]

[menus.refills]
say = "Press 1 to leave your refill, star to go back, or pound to hear this again."
options = { 1 = { voicemail = "mills" }, "*" = { back = true }, "#" = { repeat = true } }
"""
REFILLS = Menu(
    "refills",
    (
        Option("1", "voicemail mills", (Voicemail("mills"),)),
        Option("*", "back", Jump.BACK),
        Option("#", "repeat", Jump.REPEAT),
    ),
    seconds=6,
    tries=3,
)
MAIN = Menu(
    "main",
    (
        Option("1", "refills", (REFILLS,)),
        Option("2", "ring mills", (Ring("mills", ("front-1",), 25), Voicemail("mills"))),
    ),
    seconds=4,
    tries=2,
    otherwise=(Voicemail("front-desk"),),
)


def test_a_tree_is_read_as_written(loaded: Load) -> None:
    practice = loaded((CLOSED, TO_MENU), GREETED, more=MENUS)
    assert practice.policy.numbers["+17175550100"].closed == (MAIN,)
    assert [w for w in practice.warnings if w.key.startswith("menus")] == []


def test_a_menu_says_its_own_words_and_then_those_of_its_options(loaded: Load) -> None:
    prompts = loaded((CLOSED, TO_MENU), more=MENUS).policy.menu_prompts
    assert prompts["menu-main"] == Greeting("menu-main", "For an appointment, press 2. For refills, press 1.")
    assert set(prompts) == {"menu-main", "menu-refills"}


def test_a_number_of_menus_alone_is_named_after_the_mailbox_of_one_who_chooses_nothing(loaded: Load) -> None:
    more = MENUS + '[numbers."+17175550102"]\nopen = [{ menu = "main" }]\n'
    number = loaded(more=more).policy.numbers["+17175550102"]
    assert (number.label, number.opened) == ("Front desk", (MAIN,))
    assert number.fallback_voicemail == Voicemail("front-desk")


def test_a_recording_that_changes_changes_the_version(loaded: Load, tmp_path: Path) -> None:
    sound = tmp_path / "menu.wav"
    menu = '[menus.main]\nfile = "menu.wav"\noptions = { 1 = { voicemail = "mills" } }\n'
    versions = set()
    for content in (b"RIFF....WAVEone", b"RIFF....WAVEtwo"):
        sound.write_bytes(content)
        practice = loaded((CLOSED, 'closed = [{ menu = "main" }]'), more=menu)
        versions.add(practice.policy.version)
        assert practice.policy.menu_prompts["menu-main"].file == str(sound)
    assert len(versions) == 2


def test_plain_words_tell_each_menu(loaded: Load) -> None:
    words = in_plain_words(loaded((CLOSED, TO_MENU), more=MENUS))
    first = words.index("Menu 'main': 4 s for a key, 2 tries.")
    assert "    When closed, it plays the menu 'main'." in words
    assert words[first + 1 : first + 8] == [
        "    Key 1 plays the menu 'refills'.",
        "    Key 2 rings front-1 for 25 s, then plays the general greeting and takes a message for Sam Mills.",
        "    One who chooses nothing: plays the general greeting and takes a message for Front desk.",
        "Menu 'refills': 6 s for a key, 3 tries.",
        "    Key 1 plays the general greeting and takes a message for Sam Mills.",
        "    Key * goes back to the menu before.",
        "    Key # plays it again.",
    ]


def menu(name: str, options: str, more: str = "") -> str:
    return f'\n[menus.{name}]\nsay = "Press 1, 2, 3, 4, 5 or 6."\noptions = {{ {options} }}\n{more}\n'


VOICEMAIL = '1 = { voicemail = "mills" }'
ONE_PROBLEM = {
    "unknown menu": (menu("mian", VOICEMAIL), "closed[1].menu: there is no [menus.main]", "'mian'"),
    "unknown menu in a menu": (menu("main", '1 = { menu = "mein" }'), "main.options.1[1].menu: there is no", "'main'"),
    "no key of a telephone": (menu("main", '12 = { voicemail = "mills" }'), "is no key of a telephone", "0-9"),
    "no options": (menu("main", ""), "menus.main.options: must not be empty", "options = "),
    "nothing to do": (menu("main", "1 = {}"), "options.1: does not say one thing", "ring"),
    "two things": (menu("main", '1 = { voicemail = "mills", menu = "x" }'), "options.1: does not say one thing", ""),
    "repeat and more": (menu("main", '1 = { voicemail = "mills", repeat = true }'), "does not say one thing", ""),
    "a ring without an end": (menu("main", '1 = { ring = "mills" }'), "options.1: rings, and says nothing", "a list"),
    "a list without an end": (menu("main", '1 = [{ ring = "mills" }]'), "options.1: does not end in a voicemail", ""),
    "unknown key in an option": (menu("main", '1 = { voicemial = "mills" }'), "options.1.voicemial", "'voicemail'"),
    "unknown key in a list": (menu("main", '1 = [{ voicemial = "mills" }]'), "options.1[1].voicemial", "'voicemail'"),
    "nobody's mailbox": (menu("main", '1 = { voicemail = "nobody" }'), "options.1", ""),
    "to itself": (menu("main", '1 = { menu = "main" }'), "main.options.1[1].menu: leads back to the menu", "repeat"),
    "in a circle": (
        menu("main", '1 = { menu = "two" }') + menu("two", f'{VOICEMAIL}, 2 = {{ menu = "main" }}'),
        "menus.two.options.2[1].menu: leads back to the menu 'main'",
        "back = true",
    ),
    "too deep": (
        menu("main", '1 = { menu = "b" }')
        + menu("b", '1 = { menu = "c" }')
        + menu("c", '1 = { menu = "d" }')
        + menu("d", VOICEMAIL),
        "menus.main: leads through 4 menus below each other",
        "at most 3",
    ),
    "otherwise to a menu": (
        menu("main", VOICEMAIL, 'otherwise = [{ menu = "two" }]') + menu("two", VOICEMAIL),
        "main.otherwise: leads to another menu",
        "voicemail",
    ),
    "more after a menu": (
        menu("main", '1 = [{ menu = "two" }, { voicemail = "mills" }]') + menu("two", VOICEMAIL),
        "options.1[1]: is followed by more: a call ends after its menu",
        "move it",
    ),
    "nothing said": ('\n[menus.main]\noptions = { 1 = { voicemail = "mills" } }\n', "main: says nothing", "add say"),
    "said twice": (menu("main", VOICEMAIL, 'file = "a.wav"'), "both a text and a file", "keep one"),
    "no such file": (
        '\n[menus.main]\nfile = "a.wav"\noptions = { 1 = { voicemail = "mills" } }\n',
        "menus.main.file: ",
        "folder",
    ),
    "too long a wait": (menu("main", VOICEMAIL, "timeout_seconds = 60"), "must be at most 30", ""),
    "taken name": (menu("main", VOICEMAIL) + '[greetings.menu-main]\ntext = "x"\n', "which is taken", "another key"),
}


@pytest.mark.parametrize("name", ONE_PROBLEM)
def test_one_mistake_is_one_problem_with_a_remedy(name: str, problems: Problems) -> None:
    more, what, remedy = ONE_PROBLEM[name]
    [problem] = problems((CLOSED, TO_MENU), more=more)
    assert what in problem and remedy in problem


def test_a_number_needs_a_voicemail_for_one_who_chooses_nothing(problems: Problems) -> None:
    more = menu("main", VOICEMAIL) + '[numbers."+17175550102"]\nopen = [{ menu = "main" }]\n'
    [problem] = problems((CLOSED, TO_MENU), more=more)
    assert 'numbers."+17175550102": has no voicemail for a caller who chooses nothing' in problem
    assert "[menus.main]" in problem


def test_a_tree_with_more_branches_than_positions_is_refused(problems: Problems) -> None:
    keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", '"*"', '"#"']
    more = "".join(
        menu(name, ", ".join(f"{key} = {then}" for key in keys))
        for name, then in (
            ("main", '{ menu = "two" }'),
            ("two", '{ menu = "three" }'),
            ("three", '{ voicemail = "mills" }'),
        )
    )
    [problem] = problems((CLOSED, TO_MENU), more=more)
    assert "too many branches" in problem


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        (menu("main", VOICEMAIL) + menu("spare", VOICEMAIL), "menus.spare: is not used"),
        (
            menu("main", ", ".join(f'{key} = {{ voicemail = "mills" }}' for key in "12345")),
            "menus.main.options: has 5 options: callers keep no more than 4 in mind",
        ),
        (menu("main", '9 = { voicemail = "mills" }'), "menus.main.options.9: is told to no caller"),
        (menu("main", '"#" = { voicemail = "mills" }'), "is told to no caller"),
    ],
)
def test_what_is_worth_a_look_is_a_warning(write: Callable[..., Path], more: str, warning: str) -> None:
    warnings = load(write((CLOSED, TO_MENU), GREETED, more=more)).warnings
    [told] = [w for w in warnings if w.key.startswith("menus")]
    assert warning in str(told)


def test_what_is_wrong_with_the_sound_of_a_menu_is_told(write: Callable[..., Path]) -> None:
    asked: list[str] = []
    load(write((CLOSED, TO_MENU), more=MENUS), lambda greeting: asked.append(greeting.name))
    assert {"menu-main", "menu-refills"} <= set(asked)
