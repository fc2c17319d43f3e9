"""Channels and notices in the practice's file: what they become, and what is wrong with them, with a remedy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pbx.config.senders import Hook, MailServer, PhoneTexts
from pbx.domain.notices import Group, NoticePlan
from pbx.domain.templates import PlainChannel, TrustedChannel
from pbx.domain.watch import Watch
from tests.unit.config.conftest import Load, Problems

EMAIL = ('phones = ["front-1"]', 'phones = ["front-1"]\nemail = "mills@example.com"')
MAIL = """
[notify.mail]
kind = "email"
server = "mail.example.com"
sender = "secondline@example.com"
"""
DESK = """
[notices.front-desk]
by = "mail"
tell = "mills"
"""
TRUSTED = 'trusted = true\nbecause = "Our own server."\n'


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("whsec_" + "c2Vjb25kbGluZSBzZWNyZXQgb2YgMzIgYnl0ZXMhIQ==\n")
    file.chmod(0o600)
    return file


def test_a_mailbox_is_told_by_mail(loaded: Load) -> None:
    practice = loaded(EMAIL, more=MAIL + DESK)
    assert practice.settings.senders == {
        "mail": MailServer("mail.example.com", 587, at_once=False, sender="secondline@example.com")
    }
    assert practice.policy.notices["front-desk"] == NoticePlan(
        people=("mills",), channels=("mail",), reminders=3, rounds=2
    )
    assert isinstance(practice.policy.channels["mail"], PlainChannel)
    assert practice.policy.people["mills"].email == "mills@example.com"
    assert practice.warnings == ()


def test_tls_at_once_has_a_port_of_its_own(loaded: Load) -> None:
    practice = loaded(EMAIL, more=f'{MAIL}tls = "at-once"\n{DESK}')
    server = practice.settings.senders["mail"]
    assert isinstance(server, MailServer)
    assert (server.port, server.at_once) == (465, True)


def test_escalation_reminders_and_phones(loaded: Load) -> None:
    more = """
[notify.texts]
kind = "phone-message"

[notices.front-desk]
by = "texts"
remind_after_minutes = 30
escalate = [
  { after_minutes = 0, tell = "mills", by = "texts" },
  { after_minutes = 15, tell = "front-desk", by = "texts" },
]
"""
    practice = loaded(more=more)
    plan = practice.policy.notices["front-desk"]
    assert plan.people == ("mills", "rictor")
    assert plan.remind_after == timedelta(minutes=30)
    assert plan.groups == (
        Group(timedelta(), ("mills",), ("texts",)),
        Group(timedelta(minutes=15), ("mills", "rictor"), ("texts",)),
    )
    assert practice.settings.senders == {"texts": PhoneTexts()}


def test_a_trusted_channel_says_why(loaded: Load, problems: Problems) -> None:
    channel = loaded(EMAIL, more=f"{MAIL}{TRUSTED}{DESK}").policy.channels["mail"]
    assert isinstance(channel, TrustedChannel)
    assert channel.because == "Our own server."
    [problem] = problems(EMAIL, more=f"{MAIL}trusted = true\n{DESK}")
    assert 'does not say why (add because = "...", or take trusted out)' in problem


@pytest.mark.parametrize("field", ["number", "words", "received"])
def test_a_text_with_patient_data_is_refused_where_the_channel_is_not_trusted(
    field: str, problems: Problems, loaded: Load
) -> None:
    text = f'text = "A call from {{{field}}}"\n'
    [problem] = problems(EMAIL, more=MAIL + text + DESK)
    assert f"notify.mail.text: would carry patient data: {{{field}}}" in problem
    assert "take it out, or say trusted = true" in problem
    loaded(EMAIL, more=MAIL + text + TRUSTED + DESK)


def test_a_webhook_is_signed_with_a_secret_from_a_file(loaded: Load, secret: Path) -> None:
    more = '[notify.hook]\nkind = "webhook"\nurl = "https://h.example/x"\nsecret_file = "secret"\n'
    practice = loaded(more=f'\n{more}\n[notices.front-desk]\nby = "hook"\n')
    assert practice.settings.senders == {"hook": Hook("https://h.example/x", b"secondline secret of 32 bytes!!")}
    assert "secondline secret" not in repr(practice.settings)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://h.example/x", "would go over the network in the clear (write https://)"),
        ("http://127.0.0.1.evil.example/x", "would go over the network in the clear"),
        ("https://user:pw@h.example/x", "holds more than an address"),
        ("https://h.example/x?token=1", "holds more than an address"),
        ("ftp://h.example", "is not the address of a program"),
        ("h.example", "is not the address of a program"),
    ],
)
def test_an_address_that_would_give_something_away_is_refused(
    url: str, what: str, problems: Problems, secret: Path
) -> None:
    more = f'\n[notify.hook]\nkind = "webhook"\nurl = "{url}"\nsecret_file = "{secret.name}"\n'
    [problem] = problems(more=f'{more}[notices.front-desk]\nby = "hook"\n')
    assert what in problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]:1/x"])
def test_on_this_machine_nothing_needs_tls(url: str, loaded: Load, secret: Path) -> None:
    more = f'\n[notify.hook]\nkind = "webhook"\nurl = "{url}"\nsecret_file = "{secret.name}"\n'
    assert loaded(more=f'{more}[notices.front-desk]\nby = "hook"\n')


@pytest.mark.parametrize(
    ("change", "more", "what"),
    [
        (EMAIL, MAIL.replace('sender = "secondline@example.com"\n', "") + DESK, 'has no sender (add sender = "...")'),
        (EMAIL, MAIL + 'url = "https://x"\n' + DESK, "means nothing for kind = 'email' (take it out)"),
        (EMAIL, MAIL + 'username = "u"\n' + DESK, "has a user name or a password, not both"),
        (EMAIL, MAIL + 'because = "x"\n' + DESK, "says why it is trusted, which it is not"),
        (EMAIL, MAIL + DESK.replace('"mail"', '"mial"'), "(did you mean 'mail'?)"),
        (EMAIL, MAIL + DESK.replace("front-desk", "front-dsk"), "no mailbox of that name (did you mean 'front-desk'?)"),
        (EMAIL, MAIL + DESK.replace('"mills"', '"mils"'), "(did you mean 'mills'?)"),
        (EMAIL, MAIL + DESK + '\n[notices.unassigned]\nby = "mail"\n', "belongs to nobody who could hear of it"),
        (EMAIL, MAIL + "\n[notices.front-desk]\nreminders = 2\n", "tells nobody anything"),
        (EMAIL, MAIL + DESK.replace('tell = "mills"\n', ""), "'rictor' has no mail address for 'mail'"),
        (("", ""), MAIL + DESK, "'mills' has no mail address for 'mail' (add email"),
        (EMAIL, MAIL + 'password = "x"\n' + DESK, "name that with password_file"),
        (EMAIL, MAIL + 'ca_file = "none.pem"\n' + DESK, "holds no certificates that can be read"),
        ((EMAIL[0], EMAIL[1].replace("@", " at ")), MAIL + DESK, "is not a mail address"),
    ],
)
def test_what_is_wrong_is_told_with_a_remedy(change: tuple[str, str], more: str, what: str, problems: Problems) -> None:
    assert any(what in problem for problem in problems(change, more=more)), problems(change, more=more)


def test_groups_stand_in_their_order(problems: Problems) -> None:
    groups = '[{ after_minutes = 9, tell = "mills", by = "mail" }, { after_minutes = 5, tell = "mills", by = "mail" }]'
    [problem] = problems(EMAIL, more=f"{MAIL}{DESK}escalate = {groups}\n")
    assert "is before the group above it" in problem


def test_a_channel_that_nothing_names_is_worth_a_look(loaded: Load) -> None:
    assert ["is not used" in str(w) for w in loaded(more=MAIL).warnings] == [True]


WATCH = """
[watch]
by = "mail"
tell = "mills"
heartbeat_minutes = 15
"""


def test_people_are_told_of_trouble_with_secondline_itself(loaded: Load) -> None:
    practice = loaded(EMAIL, more=MAIL + WATCH)
    assert practice.policy.watch == Watch(("mills",), ("mail",), timedelta(minutes=15))
    assert practice.warnings == ()  # a channel that [watch] names is used


def test_the_heartbeat_beats_every_hour_unless_the_file_says_otherwise(loaded: Load) -> None:
    assert loaded().policy.watch == Watch((), (), timedelta(hours=1))
    assert loaded(more="[watch]\nheartbeat_minutes = 0\n").policy.watch.heartbeat is None


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[watch]\nby = "mail"\n', "says who is told or how, not both"),
        ('[watch]\ntell = "mills"\n', "says who is told or how, not both"),
        ('[watch]\nby = "male"\ntell = "mills"\n', "no channel in [notify] is called 'male'"),
        ('[watch]\nby = "mail"\ntell = "milles"\n', "nobody in [people] or [teams] is called 'milles'"),
        ('[watch]\nby = "mail"\ntell = "rictor"\n', "'rictor' has no mail address for 'mail'"),
    ],
)
def test_what_is_wrong_with_the_watch_is_told(more: str, told: str, problems: Problems) -> None:
    assert any(told in str(problem) for problem in problems(EMAIL, more=MAIL + more))
