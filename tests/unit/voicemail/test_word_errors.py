"""Word errors count words, and numbers are the same however they are written."""

from __future__ import annotations

import pytest

from voicemail.transcribe.word_errors import comparable, errors


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Press 1 or 2.", "press one, or two"),
        ("dial 500 now", "Dial five hundred now"),
        ("extension 1234", "extension one two three four"),
        ("a 28.8 kilobit modem", "a twenty eight point eight kilobit modem"),
        ("press # or *", "Press pound or star."),
        ("You're", "youre"),
    ],
)
def test_the_same_words_written_otherwise_are_the_same(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("wanted", "found", "count"),
    [
        ("press one", "press one", 0),
        ("press one", "press", 1),
        ("press one", "please press one", 1),
        ("for two", "four two", 1),
        ("", "two words", 2),
        ("a b c d", "d c b a", 4),
    ],
)
def test_errors_are_words_changed_added_and_left_out(wanted: str, found: str, count: int) -> None:
    assert errors(comparable(wanted), comparable(found)) == count
