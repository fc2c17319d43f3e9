"""The `secondline` command."""

from pbx.cli.parser import main

__all__ = ["main"]
