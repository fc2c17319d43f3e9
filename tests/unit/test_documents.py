"""What the documents claim can be looked up: each test that they name is there, and so is each page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_TEST = re.compile(r"`(tests/[\w/.-]+\.py)`")
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", ["docs/hipaa.md", "SECURITY.md"])
def test_each_test_that_is_named_is_there(page: str) -> None:
    named = set(_TEST.findall((ROOT / page).read_text("utf-8")))
    assert len(named) > 20
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_that_is_linked_is_there(page: Path) -> None:
    links = _LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_each_row_of_a_safeguard_names_a_test() -> None:
    rows = [line for line in (ROOT / "docs/hipaa.md").read_text("utf-8").splitlines() if line.startswith("| (")]
    assert len(rows) > 20
    assert [row[:40] for row in rows if not _TEST.search(row)] == []


def test_nobody_is_told_to_be_compliant() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        assert not re.search(r"(?i)\bHIPAA[- ]compliant\b|\bis compliant\b|\bcertified\b", text), page.name
