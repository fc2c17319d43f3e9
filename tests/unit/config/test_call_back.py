"""Within which time patients are called back: what the file may say, what is refused, and who sees which mailbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbx.calendars import Known, with_calendars
from pbx.config.check import in_plain_words
from pbx.domain.callback import Limit, Limits
from pbx.domain.schedule import Calendar
from tests.unit.config.conftest import Load, Problems

PRACTICE = '[voicemail]\ncall_back_within = "4h"\ncall_back_schedule = "office"\nundelete_days = 7\n'
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)
"""Ten in the morning at the practice."""
FRONT_DESK = '[mailboxes.front-desk]\ncall_back_within = "90m"\n'


def test_left_out_nothing_is_ever_overdue(loaded: Load) -> None:
    policy = loaded().policy
    assert (policy.call_back, policy.undelete_days) == (Limits(), 30)


def test_a_limit_of_the_practice_and_one_of_a_mailbox_count_the_hours_of_the_schedule(loaded: Load) -> None:
    practice = loaded(more=PRACTICE + FRONT_DESK)
    policy = practice.policy
    office = policy.numbers["+17175550100"].schedule
    assert policy.call_back == Limits(
        Limit(timedelta(hours=4), office), {"front-desk": Limit(timedelta(minutes=90), office)}
    )
    assert policy.undelete_days == 7
    told = in_plain_words(practice)
    assert "Patients are called back within 4 h of the hours of 'office', or the message is overdue." in told
    assert "Mailbox 'front-desk': patients are called back within 1 h 30 min of the hours of 'office'." in told


def test_a_schedule_for_calling_back_alone_is_used(loaded: Load) -> None:
    desk = '[schedules.desk]\nopen = { daily = "08:00-18:00" }\n'
    practice = loaded(more=PRACTICE.replace('"office"', '"desk"') + desk)
    assert not practice.warnings


def test_people_see_the_own_mailbox_and_those_of_their_teams(loaded: Load) -> None:
    members = loaded().policy.members
    assert members == {"rictor": ("rictor",), "mills": ("mills",), "front-desk": ("mills", "rictor")}


def test_a_calendar_closes_the_hours_for_calling_back_too(loaded: Load) -> None:
    policy = loaded(more=PRACTICE + FRONT_DESK).policy
    day = timedelta(days=1)
    away = Calendar("away", ((MONDAY, MONDAY + timedelta(hours=2)),), MONDAY - day, MONDAY + day)
    limits = with_calendars(policy, {"office.closed_calendar": Known(away, "digest")}).call_back
    for now, before in (
        (limits.usual, policy.call_back.usual),
        (limits.mailboxes["front-desk"], policy.call_back.mailboxes["front-desk"]),
    ):
        assert now is not None and before is not None
        assert now.due(MONDAY) == before.due(MONDAY) + timedelta(hours=2)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('[voicemail]\ncall_back_within = "soon"\n', "'soon' is not a length of time"),
        ('[voicemail]\ncall_back_within = "0h"\n', "'0h' is too short"),
        ('[voicemail]\ncall_back_within = "337h"\n', "'337h' is too long"),
        ('[voicemail]\ncall_back_within = "4h"\ncall_back_schedule = "offce"\n', "did you mean 'office'?"),
        ('[mailboxes.fort-desk]\ncall_back_within = "4h"\n', "there is no mailbox 'fort-desk'"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(problems: Problems, more: str, problem: str) -> None:
    [told] = problems(more=more)
    assert problem in told


def test_a_schedule_without_a_limit_is_warned_of(loaded: Load) -> None:
    [warning] = loaded(more='[voicemail]\ncall_back_schedule = "office"\n').warnings
    assert (warning.key, warning.name) == ("voicemail.call_back_schedule", "unused")
