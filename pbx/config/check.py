"""Say in plain words what a practice's file does, so that the one who wrote it can see whether that was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from pbx.config.call_back import call_back_in_words
from pbx.config.emergency import places_in_words
from pbx.config.keeping import kept_in_words
from pbx.config.load import Practice
from pbx.config.moving_words import moving_in_words
from pbx.config.notify_words import notices_in_words, webhooks_in_words
from pbx.config.outbound_words import outbound_in_words
from pbx.config.phone_words import security_in_words
from pbx.config.ringing_words import reach_in_words, rings_in_words
from pbx.config.rotas import rota_in_words
from pbx.config.settings import Settings, Trunk
from pbx.config.texts_words import texts_in_words
from pbx.config.urgent import urgent_in_short
from pbx.config.words import dates_in_words, week_in_words
from pbx.domain.actions import FALLBACK_GREETING, Action, Jump, Menu, Ring, RingOnCall, Urgent, menus_in
from pbx.domain.caller_words import rules_in_words
from pbx.domain.numbers import for_people
from pbx.domain.policy import Number, Policy


def in_plain_words(practice: Practice) -> list[str]:
    """Sentences for people: the practice, each number, then the machine."""
    policy = practice.policy
    lines = [f"{policy.practice}, in {policy.timezone}."]
    schedules = {number.schedule.name: number.schedule for number in policy.numbers.values() if number.schedule}
    weeks = {name: week_in_words(schedule.week) for name, schedule in schedules.items()}
    for number in policy.numbers.values():
        lines += _number(policy, number, weeks)
    lines += _menus(policy)
    lines += [line for person in policy.people.values() for line in reach_in_words(person)]
    lines += _callers(policy)
    lines += [rota_in_words(policy, rota) for rota in policy.rotas.values()]
    lines += [line for schedule in schedules.values() for line in dates_in_words(schedule)]
    lines += moving_in_words(practice)
    lines.append(f"While it rings, callers hear {'the recording' if policy.music else 'ring-back'}.")
    lines.append(f'The general greeting and every greeting of a closed line begin with: "{policy.emergency_sentence}"')
    return [*lines, *_machine(policy, practice.settings)]


def _number(policy: Policy, number: Number, weeks: Mapping[str, str]) -> Iterator[str]:
    name = f"{for_people(number.e164, policy.country)}, {number.label}"
    if number.language is not None:
        yield f"{name}: its callers hear {number.language!r}."
    if number.schedule is None:
        yield f"{name}: at any time {_actions(policy, number.opened)}."
        return
    schedule = number.schedule
    yield f"{name}: {weeks[schedule.name]} ({schedule.timezone}) {_actions(policy, number.opened)}."
    yield f"    When closed, it {_actions(policy, number.closed)}."


def _callers(policy: Policy) -> Iterator[str]:
    """Each rule by caller once, whichever numbers it holds for."""
    if policy.contacts:
        count = len(policy.contacts)
        yield f"{count} contact{'' if count == 1 else 's'}."
    rules: dict[str, str] = {}
    for number in policy.numbers.values():
        rules |= rules_in_words(number.callers, partial(_for_some_callers, policy, number))
    yield from (f"{sentence} [{path}]" for path, sentence in rules.items())


def _for_some_callers(policy: Policy, number: Number, actions: tuple[Action, ...]) -> str:
    """Priority goes by each number's own actions, and is said once for all of them."""
    return "does what it does when open" if actions == number.opened else _actions(policy, actions)


def _menus(policy: Policy) -> Iterator[str]:
    """Each menu once, whatever leads there."""
    numbers = policy.numbers.values()
    menus = {menu.name: menu for number in numbers for menu in menus_in((*number.opened, *number.closed))}
    for menu in menus.values():
        yield f"Menu {menu.name!r}: {menu.seconds} s for a key, {menu.tries} tries."
        for option in menu.options:
            jump = {Jump.REPEAT: "plays it again", Jump.BACK: "goes back to the menu before"}
            if option.language is not None:
                yield f"    Key {option.key} goes on in {option.language!r}:"
            what = jump[option.then] if isinstance(option.then, Jump) else _actions(policy, option.then)
            yield f"    Key {option.key} {what}."
        otherwise = _actions(policy, menu.otherwise) if menu.otherwise else "goes to the number's voicemail"
        yield f"    One who chooses nothing: {otherwise}."


def _actions(policy: Policy, actions: tuple[Action, ...]) -> str:
    return ", then ".join(_action(policy, action) for action in actions)


def _action(policy: Policy, action: Action) -> str:
    if isinstance(action, Ring):
        return rings_in_words(policy, action)
    if isinstance(action, Menu):
        return f"plays the menu {action.name!r}"
    if isinstance(action, RingOnCall):
        return f"rings whoever is on call in {action.rota!r} for {action.seconds} s each"
    mailbox = policy.mailboxes[action.mailbox]
    if isinstance(action, Urgent):
        return urgent_in_short(action, mailbox)
    if action.greeting == FALLBACK_GREETING:
        return f"plays the general greeting and takes a message for {mailbox}"
    return f"plays {action.greeting!r} and takes a message for {mailbox}"


def _machine(policy: Policy, settings: Settings) -> Iterator[str]:
    phones = ", ".join(f"{phone.name} ({phone.display})" for phone in policy.phones)
    yield f"Phones: {phones}." if phones else "No phone is set up: every call goes to voicemail."
    yield from outbound_in_words(policy)
    yield from places_in_words(policy)
    yield from security_in_words(settings.phone_security, policy)
    yield _carrier(settings.trunk) if settings.trunk else "No carrier is set up: no call comes from outside."
    engine = settings.recognizer.engine
    yield f"Messages are at most {policy.max_message_seconds} s long; {engine} turns them into text on this machine."
    yield from call_back_in_words(policy)
    yield from notices_in_words(policy)
    yield from webhooks_in_words(settings.webhooks)
    yield from texts_in_words(policy, settings)
    database = "your own database" if settings.database_url else "a database of its own in the data folder"
    yield f"Calls and messages are kept in {database}."
    yield from kept_in_words(settings.keeping)


def _carrier(trunk: Trunk) -> str:
    how = "signs in at" if trunk.register else "takes calls of"
    sources = ", ".join(trunk.addresses)
    return (
        f"The line {how} {trunk.host} ({trunk.transport}, port {trunk.port}) and accepts calls only from {sources}; "
        "check these with the carrier."
    )
