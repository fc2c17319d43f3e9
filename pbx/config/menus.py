"""The phone tree's menus: what their keys do and what they say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schedules import Listen, check_sound
from pbx.config.schema.actions import ActionSection, MenuSection, OptionSection
from pbx.config.schema.file import PracticeFile
from pbx.config.urgent import most_steps
from pbx.domain.actions import (
    MENU_AGAIN_PROMPT,
    MENU_PROMPT_PREFIX,
    Action,
    Jump,
    Menu,
    Option,
    Ring,
    Urgent,
    Voicemail,
    fallback_of,
)
from pbx.domain.policy import UNASSIGNED_MAILBOX, Greeting
from pbx.domain.steps import EndStep
from pbx.domain.tree import LARGEST_PLAN, Plan

DEEPEST = 3
"""Menus below each other: further down callers have lost their way."""

MOST_OPTIONS = 4
"""What people keep in mind until they press a key."""

_NUMERALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPOKEN = {str(digit): numeral for digit, numeral in enumerate(_NUMERALS)} | {"*": "star|asterisk", "#": "pound|hash"}

ActionsOf = Callable[[list[ActionSection], KeyPath], tuple[Action, ...]]
"""Turns the actions of a list into values; its own menus come back here through `MenuBuilder.of`."""


@dataclass(slots=True)
class MenuBuilder:
    """Turns the tables of [menus] into the domain's values; what is wrong goes to the report."""

    file: PracticeFile
    report: Report
    actions_of: ActionsOf
    built: dict[str, Menu] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    underway: list[str] = field(default_factory=list)

    def build(self) -> None:
        """Build every menu, those too that nothing leads to."""
        for key in self.file.menus:
            if self._menu(key).depth == DEEPEST + 1:
                what = f"leads through {DEEPEST + 1} menus below each other: callers lose their way"
                self.report.problem(("menus", key), what, f"join some, so that there are at most {DEEPEST}")

    def of(self, key: str, path: KeyPath) -> Menu:
        """The menu that `path` names; where there is no right one, one that stands in for it."""
        self.named.add(key)
        known = self.report.declared("menus")
        if key not in known:
            self.report.problem(path, f"there is no [menus.{key}]", did_you_mean(key, known))
        elif key in self.underway:
            what = f"leads back to the menu {key!r}, from which the caller came: a circle"
            self.report.problem(path, what, "write { back = true }, or { repeat = true } for the same menu again")
            return _stand_in(key)
        return self._menu(key)

    def warn_of_unused(self) -> None:
        for key in self.report.declared("menus"):
            if key not in self.named:
                self.report.warning(("menus", key), "is not used", "name it in a number or a menu, or take it out")

    def _menu(self, key: str) -> Menu:
        if key not in self.built:
            section = self.file.menus.get(key)
            self.underway.append(key)
            self.built[key] = self._from(key, section) if section else _stand_in(key)
            self.underway.pop()
        return self.built[key]

    def _from(self, name: str, section: MenuSection) -> Menu:
        path: KeyPath = ("menus", name)
        options = tuple(self._option(key, option, (*path, "options", key)) for key, option in section.options.items())
        self._advise(section, options, path)
        otherwise = self.actions_of(section.otherwise, (*path, "otherwise")) if section.otherwise is not None else ()
        if any(isinstance(action, Menu) for action in otherwise):
            what = "leads to another menu: one who chooses nothing is to leave a message"
            self.report.problem((*path, "otherwise"), what, 'let it end in { voicemail = "..." }')
        return Menu(name, options, section.timeout_seconds, section.tries, otherwise)

    def _option(self, key: str, section: OptionSection | list[ActionSection], path: KeyPath) -> Option:
        if isinstance(section, OptionSection) and (section.repeat or section.back):
            jump = Jump.REPEAT if section.repeat else Jump.BACK
            return Option(key, jump.value, jump)
        language = section.language if isinstance(section, OptionSection) else None
        if isinstance(section, OptionSection) and section.to_do() == [language]:
            return Option(key, f"language {language}", Jump.REPEAT, language)
        if isinstance(section, OptionSection) and section.ring is not None:
            remedy = 'write a list: [{ ring = "..." }, { voicemail = "..." }]'
            self.report.problem(path, "rings, and says nothing for when nobody answers", remedy)
            return Option(key, "", ())
        actions = self.actions_of(section if isinstance(section, list) else [section], path)
        return Option(key, _in_short(actions), actions, language)

    def _advise(self, section: MenuSection, options: tuple[Option, ...], path: KeyPath) -> None:
        count = sum(not isinstance(option.then, Jump) for option in options)
        if count > MOST_OPTIONS:
            what = f"has {count} options: callers keep no more than {MOST_OPTIONS} in mind"
            self.report.warning((*path, "options"), what, "gather some of them in a menu of their own")
        for option in options if section.file is None else ():
            if not re.search(rf"(?<!\w)({re.escape(option.key)}|{_SPOKEN[option.key]})(?!\w)", text_of(section), re.I):
                remedy = f'add say = "..., press {option.key}." to it'
                self.report.warning((*path, "options", option.key), "is told to no caller", remedy)


def text_of(section: MenuSection) -> str:
    """All that a menu says: its own words, then those of its options."""
    options = (option.say for option in section.options.values() if isinstance(option, OptionSection))
    return " ".join(text for text in (section.say, *options) if text)


def build_menu_prompts(file: PracticeFile, report: Report, listen: Listen | None = None) -> dict[str, Greeting]:
    """What each menu says, by the name of its prompt; `listen` is asked about those that are there."""
    prompts = {}
    for key, section in file.menus.items():
        path: KeyPath = ("menus", key)
        name = MENU_PROMPT_PREFIX + key
        if name in file.greetings or name == MENU_AGAIN_PROMPT:
            report.problem(path, f"needs the name {name!r} for its prompt, which is taken", "choose another key")
        sound, usable = None, True
        if section.file is not None:
            sound = report.document.beside((*path, "file"), section.file)
            usable = check_sound((*path, "file"), sound, report)
        prompts[name] = Greeting(name, None if sound else text_of(section), str(sound) if sound else None)
        if listen and usable and (complaint := listen(prompts[name])):
            report.problem((*path, "file" if sound else "say"), *complaint)
    if prompts and MENU_AGAIN_PROMPT in file.greetings:
        what = f"{MENU_AGAIN_PROMPT!r} is a prompt of the program's own"
        report.problem(("greetings", MENU_AGAIN_PROMPT), what, "choose another key")
    return prompts


def is_lost(opened: tuple[Action, ...], closed: tuple[Action, ...], path: KeyPath, report: Report) -> bool:
    """Whether a number leaves callers without a way to go on; it is reported."""
    fallback = fallback_of((*closed, *opened))
    if fallback is None:
        menu = next(action.name for action in (*closed, *opened) if isinstance(action, Menu))
        what = "has no voicemail for a caller who chooses nothing in its menu"
        report.problem(path, what, f'add otherwise = [{{ voicemail = "..." }}] to [menus.{menu}]')
        return True
    if max(_size(opened, fallback), _size(closed, fallback)) > LARGEST_PLAN:
        report.problem(path, "leads into a tree with too many branches", "take options out of its menus")
        return True
    return False


def _size(actions: tuple[Action, ...], fallback: Voicemail) -> int:
    plan = Plan(lambda action: (EndStep(),) * _steps_of(action), (), fallback)
    plan.add(actions)
    return len(plan.steps)


def _steps_of(action: Action) -> int:
    if isinstance(action, Urgent):
        return most_steps(action)
    return 1 if isinstance(action, Ring) else 3


def _in_short(actions: tuple[Action, ...]) -> str:
    return next(_names(actions), "")


def _names(actions: tuple[Action, ...]) -> Iterator[str]:
    for action in actions:
        match action:
            case Menu(name=name):
                yield name
            case Ring(who=who):
                yield f"ring {who}"
            case Urgent(rota=rota):
                yield f"urgent {rota}"
            case Voicemail(mailbox=mailbox):
                yield f"voicemail {mailbox}"


def _stand_in(key: str) -> Menu:
    # The file is refused; the checks go on with a menu that is as harmless as can be.
    return Menu(key, (), seconds=1, tries=1, otherwise=(Voicemail(UNASSIGNED_MAILBOX),))
