"""Every command of the command line leads to a function that is there."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module

from pbx.cli.parser import build_parser


def commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Where each command under `parser` is, as `module:function`."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from commands(inner)
    if command := parser.get_default("command"):
        yield command.__qualname__


def test_every_command_is_there() -> None:
    places = list(commands(build_parser()))
    assert len(places) > 40
    for place in places:
        module, _, name = place.partition(":")
        assert callable(getattr(import_module(f"pbx.cli.{module}"), name)), place
