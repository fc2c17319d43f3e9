"""Webhooks in the practice's file: where they go, of what they are told, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.domain.events import SUBSCRIBED
from tests.unit.config.conftest import Load, Problems

HOOK = """
[webhooks.ehr]
url = "https://ehr.example.com/secondline"
"""


def test_one_is_told_of_everything_and_of_no_patient(loaded: Load) -> None:
    ehr = loaded(more=HOOK).settings.webhooks["ehr"]
    assert ehr.subscription.kinds == {kind.value for kind in SUBSCRIBED}
    assert (ehr.subscription.trusted, ehr.subscription.paused) == (False, False)
    assert (ehr.hook.url, ehr.hook.secret) == ("https://ehr.example.com/secondline", b"")


def test_events_secret_and_trust_are_taken_as_written(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x" * 32)
    (tmp_path / "secret").chmod(0o600)
    more = 'events = "call.ended"\nsecret_file = "secret"\npaused = true\ntrusted = true\nbecause = "Ours."\n'
    practice = loaded(more=HOOK + more)
    ehr = practice.settings.webhooks["ehr"]
    assert ehr.subscription.kinds == {"call.ended"}
    assert (ehr.subscription.trusted, ehr.subscription.paused, ehr.hook.secret) == (True, True, b"x" * 32)
    assert "x" * 32 not in repr(practice.settings)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("https://", "http://", "would go over the network in the clear"),
        ('"\n', '"\ntrusted = true\n', "does not say why"),
        ('"\n', '"\nbecause = "x"\n', "says why it is trusted, which it is not"),
        ('"\n', '"\nevents = ["call.end"]\n', "no event is called 'call.end' (did you mean 'call.ended'?)"),
        ('"\n', '"\nevents = ["webhook.test"]\n', "no event is called 'webhook.test'"),
        ('"\n', '"\nevents = []\n', "webhooks.ehr.events"),
        ('"\n', '"\nsecret_file = "none"\n', "does not exist"),
    ],
)
def test_what_is_wrong_is_told(problems: Problems, old: str, new: str, problem: str) -> None:
    found = problems(more=HOOK.replace(old, new, 1))
    assert len(found) == 1 and problem in found[0]
