"""What a number does with its calls, as the practice's file has it: ring, take a message, fetch somebody, offer a menu.

Menus lead to further actions, and so the values are a tree. It is finite: the file is refused where menus lead in a
circle. Only the keys for `Jump` go back, and each of their rounds takes a key that the caller presses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

FALLBACK_GREETING = "default"
"""Name of the greeting that is played when a number has none of its own."""

MENU_AGAIN_PROMPT = "menu-again"
"""The prompt before a menu is said another time to somebody who chose nothing that it has."""

MENU_PROMPT_PREFIX = "menu-"

KEYS = "1234567890*#"
"""The keys of a telephone, in the order in which people read them."""


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom a ring means: the `key` of a person, team or outside number, its `people` (keys), and from which second."""

    key: str
    people: tuple[str, ...] = ()
    after: int = 0


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring all `phones` (SIP endpoint names) at once for `seconds`; `who` is the person or team that the file names.

    Where there is more to it (a cell, reach-me rules, outside numbers, delays), `callees` say what rings; `seconds` are
    counted from when the last of it begins.
    """

    who: str
    phones: tuple[str, ...]
    seconds: int
    callees: tuple[Callee, ...] = ()


@dataclass(frozen=True, slots=True)
class RingOnCall:
    """Ring whoever is on call in `rota` (a key of `Policy.rotas`) when the call comes, one after the other.

    Each is rung for `seconds`.
    """

    rota: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Play `greeting` (a key of `Policy.greetings`, or the fallback), then take a message into `mailbox`."""

    mailbox: str
    greeting: str = FALLBACK_GREETING


@dataclass(frozen=True, slots=True)
class Urgent:
    """Take the problem and a number to call back, then fetch whoever is on call in `rota` to the waiting caller.

    Everybody on call is asked in turn, `rounds` times, each at most once in `interval` seconds, and rung for `seconds`.
    Whoever hangs up before somebody came is called back by one of them. The message goes to `mailbox`.
    """

    rota: str
    mailbox: str
    rounds: int
    interval: int
    seconds: int


class Jump(StrEnum):
    """A key that goes on from no action: the same menu again, or the one before it (the first has none: again)."""

    REPEAT = "repeat"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Option:
    """What `key` does; `to` names in short where it leads, for the call's record.

    `language` is that of the rest of the call; with `Jump.REPEAT` the same menu is played in it.
    """

    key: str
    to: str
    then: tuple[Action, ...] | Jump
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Menu:
    """Play `prompt`, wait `seconds` for a key; after `tries` without a choice, take the actions of `otherwise`.

    No `otherwise` means the number's own voicemail.
    """

    name: str
    options: tuple[Option, ...]
    seconds: int
    tries: int
    otherwise: tuple[Action, ...] = ()

    @property
    def prompt(self) -> str:
        return MENU_PROMPT_PREFIX + self.name

    @property
    def depth(self) -> int:
        """How many menus stand below each other, this one included."""
        inner = [a for o in self.options if not isinstance(o.then, Jump) for a in o.then if isinstance(a, Menu)]
        return 1 + max((menu.depth for menu in inner), default=0)


Action = Ring | RingOnCall | Voicemail | Urgent | Menu


def menus_in(actions: tuple[Action, ...]) -> Iterator[Menu]:
    """Every menu that `actions` lead to, those further up first; one that is reached on two ways comes twice."""
    for action in actions:
        if isinstance(action, Menu):
            yield action
            for option in action.options:
                if not isinstance(option.then, Jump):
                    yield from menus_in(option.then)


def leaves_in(actions: tuple[Action, ...]) -> Iterator[Ring | RingOnCall | Voicemail | Urgent]:
    """What `actions` do in the end, in whatever menu it stands."""
    for action in actions:
        if not isinstance(action, Menu):
            yield action
            continue
        yield from leaves_in(action.otherwise)
        for option in action.options:
            if not isinstance(option.then, Jump):
                yield from leaves_in(option.then)


def fallback_of(actions: tuple[Action, ...]) -> Voicemail | None:
    """The first voicemail of `actions`, or else the first for one who chooses nothing in a menu of theirs.

    An urgent path keeps its message in a mailbox too.
    """
    otherwise = (after for action in actions if isinstance(action, Menu) for after in action.otherwise)
    kept = (a for a in (*actions, *otherwise) if isinstance(a, Voicemail | Urgent))
    return next((a if isinstance(a, Voicemail) else Voicemail(a.mailbox) for a in kept), None)
