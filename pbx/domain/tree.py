"""A phone tree as the steps of a decision: one flat list in which every way through the tree has its place.

A menu is as many `MenuStep`s in a row as it has tries, then what is done for one who chose nothing: so trying again
and giving up are simply going on. Then come the options, each a run of steps that ends in a menu or an `EndStep`.
Whoever knows a position knows all that there is to know, which is why nothing is lost when the controller restarts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pbx.domain.actions import MENU_AGAIN_PROMPT, Action, Jump, Menu, Option, Voicemail
from pbx.domain.steps import EndStep, MenuKey, MenuStep, Step

Leaf = Callable[[Action], tuple[Step, ...]]
"""The steps of an action that is no menu."""

Spoken = Callable[[Step, str], Step]
"""A step with its prompts in a language."""

LARGEST_PLAN = 900
"""Steps that a number may have: a position has three digits (`agi.routes`, the tags of recordings)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a caller chose in menu `menu`; `to` names in short where the key led."""

    menu: str
    key: str
    to: str


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key that was pressed in the menu at `position`, as the PBX wrote it down."""

    position: int
    key: str


@dataclass(slots=True)
class Plan:
    """Lays actions out as steps. `opening` is played before each first menu and cannot be cut short by a key."""

    leaf: Leaf
    opening: tuple[str, ...]
    fallback: Voicemail
    language: str = ""
    spoken: Spoken | None = None
    steps: list[Step] = field(default_factory=list)
    _under_way: dict[tuple[str, str], int] = field(default_factory=dict)
    """Where the menus are that are being laid out, by name and language."""

    def add(self, actions: tuple[Action, ...], before: int | None = None) -> None:
        """Add `actions` and what they lead to. `before` is the place of the menu that they are an option of."""
        for action in actions:
            if isinstance(action, Menu):
                self._menu(action, before)
                return
            self.steps += map(self._in_language, self.leaf(action)) if self.spoken else self.leaf(action)
        self.steps.append(EndStep())

    def _in_language(self, step: Step) -> Step:
        return self.spoken(step, self.language) if self.spoken else step

    def _menu(self, menu: Menu, before: int | None) -> None:
        first = len(self.steps)
        self._under_way[menu.name, self.language] = first
        self.steps += [EndStep()] * menu.tries  # their places; the steps themselves name what comes after them
        self.add(menu.otherwise or (self.fallback,))
        keys = tuple(MenuKey(o.key, o.to, self._target(o, menu, first, before)) for o in menu.options)
        opening = self.opening if before is None else ()
        for attempt in range(menu.tries):
            prompts = (MENU_AGAIN_PROMPT, menu.prompt) if attempt else (menu.prompt,)
            step = MenuStep(menu.name, () if attempt else opening, prompts, keys, menu.seconds)
            self.steps[first + attempt] = self._in_language(step)
        self._under_way.pop((menu.name, self.language), None)

    def _target(self, option: Option, menu: Menu, here: int, before: int | None) -> int:
        if option.language in (None, self.language):
            return self._option(option, here, before)
        outside, self.language = self.language, option.language or ""
        if option.then is not Jump.REPEAT:
            place = self._option(option, here, before)
        elif (known := self._under_way.get((menu.name, self.language))) is not None:
            place = known
        else:
            place = len(self.steps)
            self._menu(menu, None)  # nothing before it is in this language
        self.language = outside
        return place

    def _option(self, option: Option, menu: int, before: int | None) -> int:
        if option.then is Jump.REPEAT:
            return menu
        if option.then is Jump.BACK:
            return menu if before is None else before
        place = len(self.steps)
        self.add(option.then, menu)
        return place


def menu_in_words(menu: Menu, fallback: Voicemail, said: Callable[[Action], str], margin: str = "") -> Iterator[str]:
    """The tree in sentences, deeper ones further in; `said` words an action that is no menu."""
    times = "once" if menu.tries == 1 else f"up to {menu.tries} times"
    yield f"{margin}Play the menu {menu.name!r} {times}, each time with {menu.seconds} seconds to press a key."
    for option in menu.options:
        yield from _option_in_words(option, fallback, said, margin + "  ")
    otherwise = menu.otherwise or (fallback,)
    yield f"{margin}  No choice: {_joined(said(action) for action in otherwise)}"


def _option_in_words(option: Option, fallback: Voicemail, said: Callable[[Action], str], margin: str) -> Iterator[str]:
    if option.language is not None:
        margin = f"{margin}In {option.language!r} from here on: "
    if isinstance(option.then, Jump):
        again = "Play the same menu again." if option.then is Jump.REPEAT else "Go back to the menu before."
        yield f"{margin}Key {option.key}: {again}"
        return
    first = [said(action) for action in option.then if not isinstance(action, Menu)]
    menus = [action for action in option.then if isinstance(action, Menu)]
    yield f"{margin}Key {option.key}: {_joined([*first, *(f'Go on to the menu {m.name!r}.' for m in menus)])}"
    for menu in menus:
        yield from menu_in_words(menu, fallback, said, margin + "  ")


def _joined(sentences: Iterable[str]) -> str:
    return " ".join(sentences)


def choices_of(steps: tuple[Step, ...], presses: Iterable[KeyPress]) -> tuple[Choice, ...]:
    """What the keys that a caller pressed chose, in order; what fits no menu of `steps` is left out."""
    found: list[Choice] = []
    for press in presses:
        step = steps[press.position] if 0 <= press.position < len(steps) else None
        key = step.find(press.key) if isinstance(step, MenuStep) else None
        if isinstance(step, MenuStep) and key is not None:
            found.append(Choice(step.menu, key.key, key.to))
    return tuple(found)
