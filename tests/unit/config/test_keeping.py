"""How long messages are kept, in the practice's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.config.keeping import kept_in_words
from pbx.config.load import ConfigProblems, load
from pbx.domain.keeping import BoxRule, Keeping
from tests.unit.config.conftest import GOOD


def loaded(folder: Path, more: str) -> Keeping:
    file = folder / "practice.toml"
    file.write_text(GOOD + more, encoding="utf-8")
    return load(file).settings.keeping


def test_without_a_rule_everything_is_kept(tmp_path: Path) -> None:
    keeping = loaded(tmp_path, "")
    assert keeping == Keeping()
    assert list(kept_in_words(keeping)) == []


def test_a_mailbox_may_have_rules_of_its_own(tmp_path: Path) -> None:
    keeping = loaded(
        tmp_path,
        "\n[voicemail]\nkeep_days = 365\nmax_messages = 200\n"
        "[mailboxes.rictor]\nkeep_days = 30\n[mailboxes.front-desk]\nkeep_forever = true\nmax_messages = 9\n",
    )
    assert keeping.rule_of("rictor") == BoxRule(30, 200)
    assert keeping.rule_of("front-desk") == BoxRule(None, 9)
    assert keeping.rule_of("unassigned") == BoxRule(365, 200)
    assert list(kept_in_words(keeping)) == [
        "Messages that were opened are erased 365 days after they came, but none that is on legal hold.",
        "Mailbox 'rictor': messages that were opened are erased 30 days after they came.",
        "Mailbox 'front-desk': messages are kept for good.",
    ]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("[mailboxes.rector]\nkeep_days = 30\n", "did you mean 'rictor'"),
        ("[mailboxes.rictor]\nkeep_days = 0\n", "at least 1"),
        ("[mailboxes.rictor]\nkeep_days = 30\nkeep_forever = true\n", "keep one of"),
        ("[voicemail]\nkeep_days = 9.5\n", "whole number"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, more: str, says: str) -> None:
    with pytest.raises(ConfigProblems) as refused:
        loaded(tmp_path, "\n" + more)
    assert says in str(refused.value.problems[0])
