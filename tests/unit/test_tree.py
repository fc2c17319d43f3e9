"""A phone tree as steps: every key leads where the file says, every way ends, and nothing but the position counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.actions import (
    FALLBACK_GREETING,
    KEYS,
    MENU_AGAIN_PROMPT,
    Action,
    Jump,
    Menu,
    Option,
    Ring,
    Voicemail,
    fallback_of,
)
from pbx.domain.legs import at_once
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import EMERGENCY_PROMPT, Reason, advance, decide
from pbx.domain.schedule import Schedule
from pbx.domain.steps import EndStep, MenuStep, RecordStep, Result, RingStep, SayStep, Step
from pbx.domain.tree import Choice, KeyPress, choices_of

REFILLS = Menu(
    "refills",
    (
        Option("1", "voicemail nurse", (Voicemail("nurse", "refill"),)),
        Option("9", "repeat", Jump.REPEAT),
        Option("0", "back", Jump.BACK),
    ),
    seconds=5,
    tries=2,
)
MAIN = Menu(
    "main",
    (
        Option("1", "refills", (REFILLS,)),
        Option("2", "ring rictor", (Ring("rictor", ("desk",), 20), Voicemail("rictor", "busy"))),
        Option("*", "repeat", Jump.REPEAT),
        Option("#", "back", Jump.BACK),
    ),
    seconds=6,
    tries=3,
    otherwise=(Voicemail("front-desk", "sorry"),),
)
NEVER = Schedule("never", "America/New_York", {})
LINE = Number("+17175550100", "Office", None, opened=(MAIN,), closed=(MAIN,))
NIGHT = Number("+17175550101", "Night", NEVER, opened=(MAIN,), closed=(MAIN,))
AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def a_policy(*numbers: Number) -> Policy:
    return Policy("v", "Practice", "US", "America/New_York", "Dial 911.", {n.e164: n for n in numbers})


def steps_of(number: Number) -> tuple[Step, ...]:
    return decide(a_policy(number), number.e164, AT).steps


STEPS = steps_of(LINE)


def walk(steps: tuple[Step, ...], *results: Result) -> Step:
    """The step after `results`, the first of which ends the first step."""
    position = advance(steps, -1, Result.START)
    for result in results:
        position = advance(steps, position, result)
    return steps[position]


def menu(steps: tuple[Step, ...], *results: Result) -> MenuStep:
    step = walk(steps, *results)
    assert isinstance(step, MenuStep)
    return step


WRONG, NOTHING = Result.WRONG_KEY, Result.NO_INPUT


@pytest.mark.parametrize(
    ("results", "leads_to"),
    [
        ([Result.KEY_2], RingStep("rictor", at_once("desk"), 20)),
        ([Result.KEY_2, Result.NO_ANSWER], SayStep(("busy",))),
        ([Result.KEY_2, Result.NO_ANSWER, Result.SAID], RecordStep("rictor", 180)),
        ([Result.KEY_2, Result.ANSWERED], EndStep()),
        ([Result.KEY_1, Result.KEY_1], SayStep(("refill",))),
        ([Result.KEY_1, Result.KEY_1, Result.SAID], RecordStep("nurse", 180)),
        ([WRONG, Result.KEY_2], RingStep("rictor", at_once("desk"), 20)),
        ([NOTHING, WRONG, NOTHING], SayStep(("sorry",))),
        ([NOTHING, WRONG, NOTHING, Result.SAID], RecordStep("front-desk", 180)),
        ([Result.FAILED, Result.FAILED, Result.FAILED], SayStep(("sorry",))),
        ([Result.KEY_1, NOTHING, NOTHING, Result.SAID], RecordStep("front-desk", 180)),
    ],
)
def test_a_key_leads_where_the_menu_says_and_no_choice_to_its_otherwise(results: list[Result], leads_to: Step) -> None:
    assert walk(STEPS, *results) == leads_to


def test_a_menu_is_played_anew_after_a_wrong_key_and_says_so() -> None:
    assert menu(STEPS).prompts == ("menu-main",)
    assert menu(STEPS, WRONG).prompts == (MENU_AGAIN_PROMPT, "menu-main")
    assert menu(STEPS, WRONG, NOTHING).prompts == (MENU_AGAIN_PROMPT, "menu-main")


def test_repeat_and_back_begin_a_menu_anew() -> None:
    assert walk(STEPS, WRONG, Result.KEY_STAR) == STEPS[0]
    assert menu(STEPS, Result.KEY_1, WRONG, Result.KEY_9).menu == "refills"
    assert walk(STEPS, Result.KEY_1, Result.KEY_0) == STEPS[0]
    assert walk(STEPS, Result.KEY_POUND) == STEPS[0]  # there is none before the first


def test_a_closed_line_says_the_emergency_sentence_before_its_menu_where_no_key_cuts_it_short() -> None:
    steps = steps_of(NIGHT)
    assert menu(steps).opening == (EMERGENCY_PROMPT,)
    assert menu(steps, WRONG).opening == menu(steps, Result.KEY_1).opening == ()
    assert walk(steps, Result.KEY_1, Result.KEY_1) == SayStep((EMERGENCY_PROMPT, "refill"))
    assert menu(STEPS).opening == ()


def test_a_menu_without_otherwise_takes_the_numbers_voicemail() -> None:
    number = Number("+17175550102", "X", None, (Ring("r", ("d",), 9), REFILLS), (Voicemail("night", "after-hours"),))
    steps = steps_of(number)
    general = SayStep((EMERGENCY_PROMPT, FALLBACK_GREETING))  # that of the closed line would be wrong on an open one
    assert walk(steps, Result.NO_ANSWER, NOTHING, NOTHING) == general
    assert walk(steps, Result.NO_ANSWER, NOTHING, NOTHING, Result.SAID) == RecordStep("night", 180)


def test_the_fail_safe_mailbox_is_that_of_one_who_chooses_nothing() -> None:
    assert LINE.fallback_voicemail == Voicemail("front-desk", "sorry")
    assert fallback_of((REFILLS,)) is None


def test_the_tree_is_told_in_sentences() -> None:
    decision = decide(a_policy(LINE), LINE.e164, AT)
    assert decision.reason is Reason.ALWAYS_OPEN
    assert decision.why[1:] == (
        "Play the menu 'main' up to 3 times, each time with 6 seconds to press a key.",
        "  Key 1: Go on to the menu 'refills'.",
        "    Play the menu 'refills' up to 2 times, each time with 5 seconds to press a key.",
        "      Key 1: Play the greeting 'refill' and take a message for nurse.",
        "      Key 9: Play the same menu again.",
        "      Key 0: Go back to the menu before.",
        "      No choice: Play the greeting 'sorry' and take a message for front-desk.",
        "  Key 2: Ring rictor (desk) for 20 seconds. Play the greeting 'busy' and take a message for rictor.",
        "  Key *: Play the same menu again.",
        "  Key #: Go back to the menu before.",
        "  No choice: Play the greeting 'sorry' and take a message for front-desk.",
    )


def test_choices_are_told_in_order_and_what_fits_no_menu_is_left_out() -> None:
    refills = STEPS.index(menu(STEPS, Result.KEY_1))
    presses = (KeyPress(1, "*"), KeyPress(0, "1"), KeyPress(refills, "1"), KeyPress(0, "7"), KeyPress(refills + 2, "1"))
    expected = (
        Choice("main", "*", "repeat"),
        Choice("main", "1", "refills"),
        Choice("refills", "1", "voicemail nurse"),
    )
    assert choices_of(STEPS, presses) == expected
    assert choices_of(STEPS, (KeyPress(999, "1"), KeyPress(-1, "1"))) == ()


def leaves() -> st.SearchStrategy[tuple[Action, ...]]:
    rings = st.lists(st.just(Ring("rictor", ("desk",), 20)), max_size=2)
    voicemails = st.sampled_from(["rictor", "nurse", "front-desk"]).map(Voicemail)
    return st.builds(lambda first, last: (*first, last), rings, voicemails)


def menus(inner: st.SearchStrategy[tuple[Action, ...]]) -> st.SearchStrategy[tuple[Action, ...]]:
    options = st.dictionaries(st.sampled_from(KEYS), inner | st.sampled_from(Jump), min_size=1, max_size=4)
    return st.builds(
        lambda name, options, tries, otherwise: (
            Menu(name, tuple(Option(key, name, then) for key, then in options.items()), 6, tries, otherwise),
        ),
        st.sampled_from(["main", "refills", "visits"]),
        options,
        st.integers(1, 3),
        leaves() | st.just(()),
    )


trees = st.recursive(leaves(), menus, max_leaves=8)


def reachable(steps: tuple[Step, ...]) -> set[int]:
    seen: set[int] = set()
    ways = [advance(steps, -1, Result.START)]
    while ways:
        at = ways.pop()
        if at not in seen:
            seen.add(at)
            ways += [advance(steps, at, result) for result in Result]
    return seen


def followed(actions: tuple[Action, ...], before: list[tuple[Action, ...]], keys: str) -> tuple[Action, ...]:
    """An independent reading of the tree: the actions in which somebody is who pressed `keys`, one a menu."""
    for key in keys:
        last = actions[-1]
        if not isinstance(last, Menu):
            break
        then = next((option.then for option in last.options if option.key == key), None)
        if then is Jump.BACK:
            actions = before.pop() if before else actions
        elif isinstance(then, tuple):
            before.append((last,))
            actions = then
    return actions


@given(tree=trees, night=st.booleans())
def test_every_way_through_a_tree_ends_and_no_step_is_in_vain(tree: tuple[Action, ...], night: bool) -> None:
    steps = steps_of(Number(LINE.e164, "X", NEVER if night else None, (*tree,), (*tree, Voicemail("spare"))))
    assert all(0 <= advance(steps, at, result) < len(steps) for at in range(-2, len(steps) + 2) for result in Result)
    vain = set(range(len(steps))) - reachable(steps)
    assert all(isinstance(steps[at], EndStep | SayStep | RecordStep) for at in vain)
    for start in reachable(steps):
        assert isinstance(_silent_end(steps, start), EndStep)


def _silent_end(steps: tuple[Step, ...], at: int) -> Step:
    """Where a caller ends who does nothing from here on."""
    for _ in range(len(steps)):
        at = advance(steps, at, Result.NO_INPUT)
    return steps[at]


@given(tree=trees, keys=st.text(KEYS, max_size=6))
def test_keys_lead_through_the_steps_as_they_do_through_the_tree(tree: tuple[Action, ...], keys: str) -> None:
    steps = steps_of(Number(LINE.e164, "X", None, tree, (Voicemail("spare"),)))
    position, pressed = 0, ""
    for at in _until_menu(steps, position):
        position = at
    for key in keys:
        here = steps[position]
        if not isinstance(here, MenuStep):
            break
        if here.find(key) is None:
            continue
        pressed += key
        position = advance(steps, position, Result(f"key-{key}"))
        for at in _until_menu(steps, position):
            position = at
    expected = followed(tree, [], pressed)[-1]
    here = steps[position]
    assert isinstance(expected, Menu) == isinstance(here, MenuStep)
    if isinstance(expected, Menu) and isinstance(here, MenuStep):
        assert (here.menu, [k.key for k in here.keys]) == (expected.name, [o.key for o in expected.options])


def _until_menu(steps: tuple[Step, ...], position: int) -> Iterator[int]:
    """On through rings that nobody answers."""
    while isinstance(steps[position], RingStep):
        position = advance(steps, position, Result.NO_ANSWER)
        yield position
