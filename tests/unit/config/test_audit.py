"""What the file says about the audit, and about the two roles of a database of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.config.load import ConfigProblems
from pbx.config.settings import Audit
from tests.unit.config.conftest import Load


def test_left_out_everything_is_kept_beside_the_data(loaded: Load) -> None:
    assert loaded().settings.audit == Audit()
    assert loaded().settings.database_owner_url is None


def test_files_are_found_beside_the_practices(loaded: Load, tmp_path: Path) -> None:
    audit = loaded(
        more='[audit]\ncheckpoint_copy = "share/c.jsonl"\nkey_file = "/k.pem"\nkeep_years = 7'
    ).settings.audit
    assert audit == Audit(tmp_path / "share" / "c.jsonl", Path("/k.pem"), 7)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[audit]\nkeep_years = 5", "keep_years"),
        ('[database]\nowner_url = "postgresql:///x"', "stands alone"),
        ('[database]\nurl = "postgresql:///x"\nowner_url = "postgresql://a:b@c/x"', "owner_url_file"),
        ('[database]\nurl = "postgresql:///x"\nowner_url = "mysql:///x"', "is not the address of a PostgreSQL"),
    ],
)
def test_what_cannot_be_is_told(loaded: Load, text: str, sentence: str) -> None:
    with pytest.raises(ConfigProblems) as told:
        loaded(more=text)
    assert sentence in str(told.value.problems[0])
