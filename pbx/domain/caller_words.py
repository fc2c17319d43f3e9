"""The rules by caller in plain words, for people who check a file or compare two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from pbx.domain.actions import Menu
from pbx.domain.callers import CallerRule, CallerRules, Contact, Kind, Trust, span_in_words

if TYPE_CHECKING:
    from pbx.domain.actions import Action

Say = Callable[[tuple["Action", ...]], str]
"""Words for a list of actions: `rings rictor-desk for 25 s, then ...`."""


def rules_in_words(rules: CallerRules, say: Say) -> dict[str, str]:
    """Each rule as a sentence, by its place in the file (`callers.withheld`), in the order in which they apply."""
    found = {rule.path: f"{_whom(rule)}: {'; '.join(_what(rule, say))}." for rule in rules.rules}
    if rules.frequent:
        times = f"From call {rules.frequent.calls} of the same number within {span_in_words(rules.frequent.within)} on"
        found[rules.frequent.path] = f"{times}: messages are taken after {rules.frequent.greeting!r}."
    return found


def _whom(rule: CallerRule) -> str:
    groups = " and ".join(sorted(rule.groups))
    match rule.kind:
        case Kind.BLOCKED:
            return f"Blocked callers (contacts in {groups})"
        case Kind.PRIORITY:
            calls = "1 call" if rule.calls == 1 else f"{rule.calls} calls"
            most = f"at most {calls} of a number in {span_in_words(rule.within)}"
            return f"Callers with priority (contacts in {groups}, {most}{_TRUST[rule.trust]})"
        case Kind.REPEATED:
            return f"From call {rule.calls} of the same number within {span_in_words(rule.within)} on"
        case Kind.WITHHELD:
            return "Callers who withhold their number"
        case Kind.UNKNOWN:
            return "Callers who are not among the contacts"


_TRUST = {
    Trust.IGNORE: ", whatever the carrier says of the number",
    Trust.NOT_FAILED: ", unless the carrier says that the number is forged",
    Trust.PASSED: ", if the carrier vouches for the number",
}


def _what(rule: CallerRule, say: Say) -> Iterator[str]:
    if rule.turn_away is not None:
        yield f"it says the emergency sentence and {rule.turn_away!r}, and hangs up"
    elif rule.opened == rule.closed and rule.opened is not None:
        yield f"at any time it {say(rule.opened)}"
    else:
        for state, actions in (("open", rule.opened), ("closed", rule.closed)):
            if actions is not None:
                yield f"when {state}, it {say(actions)}"


def rules_changed(old: CallerRules, new: CallerRules) -> Iterator[str]:
    """What is different for callers of whom a rule speaks. Where a rule stands in the file is no matter."""
    before, after = _by_kind(old), _by_kind(new)
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            yield " ".join(
                f"{when}: {text}" if (text := found.get(key)) else f"{when}: no rule for {key} callers."
                for when, found in (("now", after), ("before", before))
            )


def _by_kind(rules: CallerRules) -> dict[str, str]:
    kinds = [*(rule.kind.value for rule in rules.rules), *(["frequent"] if rules.frequent else [])]
    return dict(zip(kinds, rules_in_words(rules, _in_short).values(), strict=True))


def _in_short(actions: tuple[Action, ...]) -> str:
    return ", then ".join(_action(action) for action in actions)


def _action(action: Action) -> str:
    """The name of what is done: any kind of action has one of these."""
    for attribute, words in (("who", "rings"), ("mailbox", "takes a message for"), ("rota", "rings who is on call in")):
        if name := getattr(action, attribute, None):
            return f"{words} {name}"
    return f"plays the menu {action.name!r}" if isinstance(action, Menu) else str(action)


def contacts_changed(old: Mapping[str, Contact], new: Mapping[str, Contact]) -> Iterator[str]:
    """How many contacts came, went, or are in other groups: never who."""
    for words, numbers in (
        ("new", new.keys() - old.keys()),
        ("gone", old.keys() - new.keys()),
        ("in other groups", {n for n in old.keys() & new.keys() if old[n].groups != new[n].groups}),
    ):
        if numbers:
            yield f"{len(numbers)} contact{' is' if len(numbers) == 1 else 's are'} {words}."
