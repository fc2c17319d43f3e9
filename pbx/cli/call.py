"""`secondline call`: the server rings a person's own phones first, then calls a number outside for them."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.cli.live import ask
from pbx.cli.records import operator
from pbx.cli.rules import parse_number
from pbx.config.load import load
from pbx.output import print_json


def call(options: Namespace) -> int:
    """Have a call placed. 0: phones ring; 1: they do not, and why."""
    policy = load(Path(options.config)).policy
    if options.person not in policy.people:
        raise BadOption(f"there is no person {options.person!r} in the file: `secondline check` lists them")
    wanted = {
        "person": options.person,
        "number": options.number,
        "show": parse_number("--show", options.show, policy.country) if options.show else None,
        "by": operator(),
    }
    answer = asyncio.run(ask(Layout(Path(options.data)), "POST", "/calls", wanted))
    if options.json:
        print_json(answer)
    elif answer["ok"]:
        print(f"{policy.people[options.person].name}'s phones ring; whoever answers is connected.")
        print(f"  {answer['said']}")
    else:
        print(answer["said"])
    return 0 if answer["ok"] else 1
