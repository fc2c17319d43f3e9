"""Make the prompts that callers hear, with this machine's voice."""

from __future__ import annotations

import asyncio

from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import Program, ProgramMissing, find_flite
from pbx.config.schedules import Listen
from pbx.domain.policy import Greeting, Policy
from voicemail.announce import Announcer
from voicemail.greetings import GreetingCheck, GreetingProblem, render_prompts
from voicemail.private import PrivateSounds
from voicemail.shelf import Shelf


async def make_prompts(policy: Policy, layout: Layout) -> tuple[str, ...]:
    """Bring the prompts up to date; gives the names of those that changed. Raises GreetingProblem."""
    return await asyncio.to_thread(render_prompts, policy, layout.greetings, _voice())


def announcer(layout: Layout) -> Announcer:
    """Speaks sentences beside those prompts, for the practice's own people."""
    return Announcer(layout.greetings, _voice())


def private_sounds(layout: Layout, shelf: Shelf) -> PrivateSounds:
    """Speaks and plays what is about a patient, for one talk."""
    return PrivateSounds(layout.private, _voice(), shelf)


def listener(layout: Layout) -> Listen:
    """Makes the greetings of a file that is being checked, and says what is wrong with them."""
    greetings = GreetingCheck(layout.greetings, _voice())

    def listen(greeting: Greeting) -> tuple[str, str] | None:
        try:
            greetings.check(greeting)
        except GreetingProblem as problem:
            what, _, remedy = problem.what.partition(", so ")
            return what, remedy or "choose another recording or write a text"
        return None

    return listen


def _voice() -> Program | None:
    try:
        return find_flite()
    except ProgramMissing:
        return None  # said by the greeting that needs it, if there is one
