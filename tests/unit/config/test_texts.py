"""Texts in the practice's file: what they become, what is wrong with them, and what is warned of."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from pbx.config.check import in_plain_words
from pbx.config.settings import TextCarrier, Web
from pbx.domain.texting import LineTexts
from tests.unit.config.conftest import Load, Problems

LINE = ('label = "Dr. Rictor"', 'label = "Dr. Rictor"\ntexts = { to = "rictor", auto_reply_closed = "Tomorrow." }')
TEAM = ('voicemail = "front-desk"', 'voicemail = "front-desk"\ntexts = { to = "front-desk", missed_call = "Sorry." }')
NOTICES = """
[notify.mail]
kind = "email"
server = "mail.example.com"
sender = "secondline@example.com"

[notices.rictor]
by = "mail"

[notices.front-desk]
by = "mail"
"""
MAIL = (
    ('name = "Dr. Kenneth Rictor"', 'name = "Dr. Kenneth Rictor"\nemail = "rictor@example.com"'),
    ('name = "Sam Mills"', 'name = "Sam Mills"\nemail = "mills@example.com"'),
)
TRUNK = '\n[texts]\ncarrier = "trunk"\n'
PUBLIC = base64.b64encode(bytes(range(32))).decode()
URL = 'public_url = "https://texts.example.com/"\n'


@pytest.fixture
def key(tmp_path: Path) -> str:
    file = tmp_path / "texts-key"
    file.write_text("a-key-of-the-carrier\n")
    file.chmod(0o600)
    return 'key_file = "texts-key"\n'


def test_numbers_have_texts_over_the_trunk(loaded: Load) -> None:
    practice = loaded(LINE, TEAM, *MAIL, more=TRUNK + NOTICES)
    texting = practice.policy.texting
    assert texting.lines == {
        "+17175550100": LineTexts("rictor", ("rictor",), None, "Tomorrow."),
        "+17175550101": LineTexts("front-desk", ("mills", "rictor"), missed_call="Sorry."),
    }
    assert texting.answers_keywords
    assert practice.settings.texts == TextCarrier("trunk")
    assert practice.settings.texts_web is None
    assert practice.warnings == ()


def test_texts_over_telnyx(loaded: Load, key: str) -> None:
    more = f'\n[texts]\ncarrier = "telnyx"\npublic_key = "{PUBLIC}"\ntell_after_minutes = 10\nlink_days = 3\n{URL}{key}'
    practice = loaded(LINE, *MAIL, more=more + NOTICES)
    assert practice.settings.texts == TextCarrier("telnyx", "", "a-key-of-the-carrier", bytes(range(32)))
    assert practice.settings.texts_web == Web("127.0.0.1", 8081)
    texting = practice.policy.texting
    assert (texting.public_url, texting.answers_keywords) == ("https://texts.example.com", False)
    assert (texting.tell_after, texting.link_lasts) == (timedelta(minutes=10), timedelta(days=3))
    assert "a-key-of-the-carrier" not in repr(practice.settings)


def test_texts_over_twilio_or_whoever_speaks_its_format(loaded: Load, key: str) -> None:
    more = f'\n[texts]\ncarrier = "twilio"\naccount = "AC123"\napi = "https://sw.example.com/laml/"\n{URL}{key}'
    practice = loaded(LINE, *MAIL, more=more + NOTICES)
    assert practice.settings.texts == TextCarrier(
        "twilio", "AC123", "a-key-of-the-carrier", api="https://sw.example.com/laml"
    )


def test_programs_hear_of_texts(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("a secret of more than 24 letters\n")
    (tmp_path / "hook").chmod(0o600)
    hook = '\n[notify.records]\nkind = "webhook"\nurl = "https://example.com/x"\nsecret_file = "hook"\n'
    practice = loaded(LINE, *MAIL, more=f'{TRUNK}events = ["records"]\n{NOTICES}{hook}')
    assert practice.policy.texting.events == ("records",)
    assert practice.warnings == ()


def test_it_is_said_in_words(loaded: Load) -> None:
    words = "\n".join(in_plain_words(loaded(LINE, TEAM, *MAIL, more=TRUNK + NOTICES)))
    assert "Texts to (717) 555-0100 go to the phones of Dr. Kenneth Rictor, who may answer there." in words
    assert 'When closed, it answers by itself, at most once in 15 minutes: "Tomorrow."' in words
    assert 'A caller whom nobody answered gets: "Sorry."' in words
    assert "STOP, START and HELP are answered by Secondline." in words


@pytest.mark.parametrize(
    ("changes", "more", "expected"),
    [
        ([LINE], "", "has texts, and nothing says how they go"),
        ([LINE], '[texts]\ncarrier = "pigeon"\n', "carrier"),
        ([LINE], '[texts]\ncarrier = "telnyx"\n', "has no public_key, which telnyx needs"),
        ([LINE], f'{TRUNK}account = "AC1"\n', "means nothing for carrier = 'trunk'"),
        ([LINE], '[texts]\ncarrier = "telnyx"\npublic_key = "abc"\n', "is no public key"),
        ([LINE], f'{TRUNK}public_url = "http://texts.example.com"\n', "would go over the network in the clear"),
        ([LINE], f"{TRUNK}port = 8080\n", "is the web port too"),
        ([LINE], f'{TRUNK}events = ["nobody"]\n', "no channel in [notify] is called 'nobody'"),
        ([LINE], f'{TRUNK}events = ["mail"]\n{NOTICES}', "is no webhook"),
        ([(LINE[0], LINE[1].replace("rictor", "nobody"))], TRUNK, "nobody in [people] or [teams] is called 'nobody'"),
        ([(TEAM[0], TEAM[1].replace("missed_call", "auto_reply_closed"))], TRUNK, "this number has no schedule"),
    ],
)
def test_what_is_wrong_is_told_with_a_remedy(
    problems: Problems, changes: list[tuple[str, str]], more: str, expected: str
) -> None:
    assert any(expected in problem for problem in problems(*changes, more=f"\n{more}"))


def test_a_trunk_is_needed_for_texts_over_it(problems: Problems) -> None:
    no_trunk = ('[trunk]\nhost = "sip.carrier.example"\n', "")
    assert any("is the trunk, and there is none" in one for one in problems(LINE, no_trunk, more=TRUNK))


def test_what_is_probably_not_meant_is_warned_of(loaded: Load) -> None:
    silent = (LINE[0], LINE[1].replace(', auto_reply_closed = "Tomorrow."', ""))
    no_phone = ('phones = ["front-1"]\n', "")
    mills = (TEAM[0], TEAM[1].replace("front-desk", "mills").replace('voicemail = "mills"', 'voicemail = "front-desk"'))
    names = [warning.name for warning in loaded(silent, no_phone, mills, more=TRUNK).warnings]
    assert sorted(set(names)) == ["texts-find-nobody", "texts-no-phone", "texts-silent-when-closed"]


def test_texts_that_no_number_has_are_not_used(loaded: Load) -> None:
    assert [warning.name for warning in loaded(more=TRUNK).warnings] == ["unused"]
