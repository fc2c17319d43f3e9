"""A phone tree as the practice's file has it: menus whose options lead to actions, or to further menus.

The values are a finite tree: the file is refused where menus lead in a circle. Only the keys for `Jump` go back, and
each of their rounds takes a key that the caller presses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.domain.policy import Action, Ring, RingOnCall, Urgent, Voicemail

MENU_AGAIN_PROMPT = "menu-again"
"""The prompt before a menu is said another time to somebody who chose nothing that it has."""

MENU_PROMPT_PREFIX = "menu-"

KEYS = "1234567890*#"
"""The keys of a telephone, in the order in which people read them."""


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
