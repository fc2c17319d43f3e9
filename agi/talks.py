"""The routes `talk/<name>`: what the practice's own people do by phone, each a coroutine that has a `Dialogue`.

Only the dialplan's `sl-talk` asks for one, and only phones that proved who they are, or outside legs that somebody
took, come there. A talk counts as held when the token of its request is set at the end; whatever else happens, the
dialplan asks the person to try again.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agi import variables
from agi.dialogue import Asked, Dialogue
from agi.session import CallerGone, Endpoint, GuardedRequest, NotAnswered, kind_of

LONGEST_TALK = 900.0
"""Seconds after which a talk is broken off."""

MOST_TALKS = 64
"""How many are held at once. Each keeps one of the server's sessions, and callers' questions need those too."""

Talk = Callable[[Dialogue], Awaitable[None]]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ABOUT = re.compile(r"[a-z0-9-]{0,80}")
_ENDPOINT = re.compile(r"[a-z0-9_-]{1,80}")


@dataclass(slots=True)
class Talks:
    """The talks that there are, by name; `greetings` is the folder of their prompts."""

    greetings: Path
    named: Mapping[str, Talk] = field(default_factory=dict)
    going_on: int = 0


NO_TALKS = Talks(Path())


def talk_route(talks: Talks, name: str) -> Endpoint:
    """The endpoint that holds the talk `name`."""

    async def hold(request: GuardedRequest) -> None:
        asked = parse_asked(request.arguments)
        if talks.going_on >= MOST_TALKS:
            raise NotAnswered(f"talk {name}: too many talks at once")
        dialogue = Dialogue(request, asked, talks.greetings)
        talks.going_on += 1
        try:
            await talks.named[name](dialogue)
            await dialogue.set(variables.OK.name, asked.token)
        except CallerGone:
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a call: whatever it was, the phone hears a sentence
            raise NotAnswered(f"talk {name}: {kind_of(error)}") from None
        finally:
            talks.going_on -= 1

    return hold


def parse_asked(arguments: tuple[str, ...]) -> Asked:
    """Token, subject and endpoint, as the dialplan gives them. Raises NotAnswered."""
    shapes = (_UUID, _ABOUT, _ENDPOINT)
    if len(arguments) != len(shapes) or not all(s.fullmatch(a) for s, a in zip(shapes, arguments, strict=True)):
        raise NotAnswered("talk: malformed arguments")
    return Asked(*arguments)
