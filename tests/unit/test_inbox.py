"""One message has one owner at a time; what is done stays done until somebody takes it back; a hold keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain import inbox
from pbx.domain.inbox import Case, Change, Deed, How, Refused, Standing, State, Who, Why

CAME = datetime(2026, 3, 2, 15, tzinfo=UTC)
NOW = CAME + timedelta(hours=2)
KEPT = timedelta(days=30)
RICTOR, MILLS = Who.person("rictor", How.PHONE), Who.person("mills", How.COMMAND, "root")
FRESH = Case(UUID(int=7), "front-desk", CAME, held=False, standing=Standing())


def after(case: Case, change: Change | None) -> Case:
    if change is None:
        return case
    return replace(case, standing=change.standing, mailbox=change.mailbox or case.mailbox)


CLAIMED = after(FRESH, inbox.claimed(FRESH, RICTOR, NOW))
DONE = after(CLAIMED, inbox.done(CLAIMED, RICTOR, NOW))
DELETED = after(FRESH, inbox.deleted(FRESH, MILLS, NOW))
HELD = replace(FRESH, held=True)


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda: inbox.claimed(CLAIMED, MILLS, NOW), Why.OWNED),
        (lambda: inbox.done(CLAIMED, MILLS, NOW), Why.OWNED),
        (lambda: inbox.forwarded(CLAIMED, MILLS, "mills"), Why.OWNED),
        (lambda: inbox.deleted(CLAIMED, MILLS, NOW), Why.OWNED),
        (lambda: inbox.claimed(DONE, RICTOR, NOW), Why.DONE),
        (lambda: inbox.released(DONE), Why.DONE),
        (lambda: inbox.done(DONE, RICTOR, NOW), Why.DONE),
        (lambda: inbox.reopened(CLAIMED), Why.NOT_DONE),
        (lambda: inbox.saved(DELETED), Why.DELETED),
        (lambda: inbox.claimed(DELETED, MILLS, NOW), Why.DELETED),
        (lambda: inbox.deleted(DELETED, MILLS, NOW), Why.DELETED),
        (lambda: inbox.undeleted(FRESH, NOW, KEPT), Why.NOT_DELETED),
        (lambda: inbox.undeleted(DELETED, NOW + KEPT + timedelta(seconds=1), KEPT), Why.TOO_LATE),
        (lambda: inbox.deleted(HELD, MILLS, NOW), Why.HELD),
        (lambda: inbox.done(FRESH, MILLS, NOW, CAME - timedelta(seconds=1)), Why.BAD_TIME),
        (lambda: inbox.done(FRESH, MILLS, NOW, NOW + timedelta(seconds=1)), Why.BAD_TIME),
        (lambda: inbox.noted(FRESH, "  \n"), Why.BAD_NOTE),
        (lambda: inbox.noted(FRESH, "x" * 2001), Why.BAD_NOTE),
        (lambda: inbox.forwarded(FRESH, MILLS, "front-desk"), Why.NO_MAILBOX),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(act: Callable[[], object], why: Why) -> None:
    with pytest.raises(Refused) as refused:
        act()
    assert refused.value.why is why
    assert ": " in str(refused.value)


def test_a_refusal_says_who_takes_care_of_it() -> None:
    with pytest.raises(Refused, match=r"^rictor takes care of message"):
        inbox.claimed(CLAIMED, MILLS, NOW)


def test_what_is_so_already_changes_nothing() -> None:
    assert inbox.claimed(CLAIMED, RICTOR, NOW) is None
    assert inbox.released(FRESH) is None
    saved = after(FRESH, inbox.saved(FRESH))
    assert inbox.saved(saved) is None


def test_opening_makes_it_heard_and_nothing_else_new_again_but_forwarding() -> None:
    heard = after(FRESH, inbox.opened(FRESH, Deed.LISTENED))
    assert heard.standing == Standing(State.HEARD)
    saved = after(heard, inbox.saved(heard))
    assert after(saved, inbox.opened(saved, Deed.READ)) == saved
    moved = inbox.forwarded(saved, MILLS, "rictor", " he asks for you ")
    assert (moved.standing, moved.mailbox, moved.text) == (Standing(State.NEW), "rictor", "he asks for you")
    assert moved.about == {"from": "front-desk", "to": "rictor"}


def test_a_colleague_takes_over_in_two_steps_on_record() -> None:
    change = inbox.released(CLAIMED)
    assert change is not None and change.about == {"owner": "person/rictor"}
    free = after(CLAIMED, change)
    assert after(free, inbox.claimed(free, MILLS, NOW)).standing.owner == "person/mills"


def test_done_says_who_and_when_the_patient_was_called_and_can_be_taken_back() -> None:
    called = inbox.done(FRESH, MILLS, NOW, NOW - timedelta(minutes=5))
    done = called.standing.done
    assert done is not None and (done.by, done.called_back_at) == ("person/mills", NOW - timedelta(minutes=5))
    assert (called.standing.owner, called.standing.state, called.standing.open) == ("person/mills", State.HEARD, False)
    again = inbox.reopened(after(FRESH, called)).standing
    assert (again.owner, again.open) == ("person/mills", True)


def test_a_done_message_is_forwarded_as_done() -> None:
    moved = inbox.forwarded(DONE, MILLS, "mills")
    assert (moved.standing.done, moved.standing.owner) == (DONE.standing.done, "person/rictor")


def test_a_deletion_is_taken_back_until_its_last_second_and_leaves_no_trace() -> None:
    for case in (FRESH, CLAIMED, DONE):
        gone = after(case, inbox.deleted(case, RICTOR, NOW))
        assert not gone.standing.open
        assert after(gone, inbox.undeleted(gone, NOW + KEPT, KEPT)) == case


def test_an_operator_is_no_person() -> None:
    operator = Who("root", "root", How.COMMAND)
    assert (operator.key, RICTOR.key, MILLS.account, RICTOR.account) == (None, "rictor", "root", "person/rictor")


Act = Callable[[Case, Who, datetime], Change | None]
ACTS: dict[str, Act] = {
    "listen": lambda case, who, at: inbox.opened(case, Deed.LISTENED),
    "save": lambda case, who, at: inbox.saved(case),
    "claim": inbox.claimed,
    "release": lambda case, who, at: inbox.released(case),
    "done": inbox.done,
    "reopen": lambda case, who, at: inbox.reopened(case),
    "note": lambda case, who, at: inbox.noted(case, "called twice"),
    "forward": lambda case, who, at: inbox.forwarded(case, who, "rictor" if case.mailbox == "mills" else "mills"),
    "delete": inbox.deleted,
    "undelete": lambda case, who, at: inbox.undeleted(case, at, KEPT),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from([RICTOR, MILLS])), max_size=25), st.booleans())
def test_in_any_history_one_owner_at_a_time_and_nothing_is_lost(acts: list[tuple[str, Who]], held: bool) -> None:
    case, at = replace(FRESH, held=held), NOW
    for name, who in acts:
        at += timedelta(minutes=1)
        before = case.standing
        try:
            case = after(case, ACTS[name](case, who, at))
        except Refused:
            continue
        now = case.standing
        if before.owner not in (None, now.owner):
            assert name in ("release", "forward")
        if now.owner != before.owner and now.owner is not None:
            assert (now.owner, name in ("claim", "done")) == (who.name, True)
        if before.done != now.done:
            assert name in ("done", "reopen")
        if before.deleted_at and name != "undelete":
            assert name in ("listen", "note") and replace(now, state=before.state) == before
        assert not (held and now.deleted_at)
        assert now.state is not State.NEW or before.state is State.NEW or name == "forward"
