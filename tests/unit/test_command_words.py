"""Who names a thing on the command line and not what to do with it sees it."""

from __future__ import annotations

import argparse

import pytest

from pbx.cli.parser import build_parser
from pbx.cli.verbs import LOOKS, with_verb


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("keys", "keys list"),
        ("audit --limit 5", "audit show --limit 5"),
        ("oncall doctors", "oncall show doctors"),
        ("oncall swap doctors", "oncall swap doctors"),
        ("texts +17175550123", "texts list +17175550123"),
        ("keys --help", "keys --help"),
        ("keys lst", "keys lst"),
        ("status", "status"),
        ("", ""),
    ],
)
def test_a_look_is_what_is_meant_where_nothing_else_is_said(typed: str, meant: str) -> None:
    assert with_verb(typed.split()) == meant.split()


def test_everything_that_has_a_look_is_a_command_and_its_look_needs_no_more_words() -> None:
    for thing, look in LOOKS.items():
        assert isinstance(build_parser().parse_args([thing, look]), argparse.Namespace)
