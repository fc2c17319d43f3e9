"""Commands import what they need when they are run: `secondline check` does not load a web server."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

Command = Callable[[argparse.Namespace], int]


def lazily(place: str) -> Command:
    """The command `module:function` of this package, imported when it is run."""
    module, _, name = place.partition(":")

    def command(options: argparse.Namespace) -> int:
        found: Command = getattr(import_module(f"pbx.cli.{module}"), name)
        return found(options)

    command.__qualname__ = place
    return command
