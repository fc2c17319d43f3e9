"""`secondline demo`."""

from __future__ import annotations

from argparse import Namespace

from pbx.demo.story import demo as play


def demo(options: Namespace) -> int:
    """Play all scenes of the demonstration; 0 if every call went as it should."""
    return play(keep=options.keep)
