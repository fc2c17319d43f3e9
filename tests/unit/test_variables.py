"""The channel variables of Python and those of the dialplan are the same list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agi import variables
from agi.variables import SetBy, Variable

DIALPLAN = Path(__file__).resolve().parents[2] / "dialplan"

_NAME = re.compile(r"\bSL_[A-Z_]+\b")
_SET = re.compile(r"\bSet\((?:MASTER_CHANNEL\()?_*(SL_[A-Z_]+)\)?=(.*)\)$", re.MULTILINE)
_GLOBAL = re.compile(r"^(SL_[A-Z_]+) *=", re.MULTILINE)


@pytest.fixture(scope="module")
def dialplan() -> str:
    """The text of all the templates, without comments."""
    lines = [line for path in sorted(DIALPLAN.iterdir()) for line in path.read_text().splitlines()]
    return "\n".join(line for line in lines if not line.lstrip().startswith(";"))


def names(*setters: SetBy) -> set[str]:
    return {variable.name for variable in variables.ALL if variable.set_by in setters}


def test_every_name_of_the_dialplan_is_in_the_list(dialplan: str) -> None:
    assert set(_NAME.findall(dialplan)) - names(*SetBy) == set()


def test_every_name_of_the_list_is_in_the_dialplan(dialplan: str) -> None:
    assert names(*SetBy) - set(_NAME.findall(dialplan)) == set()


def test_the_dialplan_sets_every_name_that_is_its_own(dialplan: str) -> None:
    assert names(SetBy.DIALPLAN) - {name for name, _ in _SET.findall(dialplan)} == set()


def test_the_dialplan_gives_an_answer_no_value_of_its_own(dialplan: str) -> None:
    answered = [(name, value) for name, value in _SET.findall(dialplan) if name in names(SetBy.CONTROLLER)]
    # It clears the last answer, starts the position, and filters what came.
    own = [f"{name}={value}" for name, value in answered if value not in ("", "-1") and f",${{{name}}})}}" not in value]
    assert own == []


def test_the_dialplan_changes_no_global(dialplan: str) -> None:
    assert {name for name, _ in _SET.findall(dialplan)} & names(SetBy.CONFIG) == set()


def test_the_rendered_configuration_sets_exactly_the_globals(dialplan: str) -> None:
    assert set(_GLOBAL.findall(dialplan)) == names(SetBy.CONFIG)


@pytest.mark.parametrize("variable", variables.ALL, ids=lambda variable: variable.name)
def test_every_variable_has_one_entry_and_says_what_it_holds(variable: Variable) -> None:
    assert variable.doc.endswith(".")
    assert [v.name for v in variables.ALL].count(variable.name) == 1


def test_the_token_is_the_last_that_an_answer_sets() -> None:
    assert variables.ANSWER[-1] is variables.OK
