"""A transcript as words with their places in the text, whichever engine wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pbx.domain.hints.hint import Hint, HintKind, Span
from pbx.domain.transcript import Transcript, Word

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_SENTENCE_END = re.compile(r"[.!?…]")
_ABBREVIATIONS = frozenset({"dr", "mr", "mrs", "ms", "st", "jr", "sr", "prof"})
_SAME = {"can't": "cannot", "cant": "cannot", "dr": "doctor"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `key` is how it is compared, `text` how it stands in the transcript at `span`."""

    key: str
    text: str
    span: Span
    ends_sentence: bool
    sure: float | None

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper()


@dataclass(frozen=True, slots=True)
class Heard:
    """The words of a transcript in order. `cased`: its engine writes names with capitals."""

    text: str
    tokens: tuple[Token, ...]
    cased: bool
    all_keys: tuple[str, ...]

    def keys(self, first: int, count: int) -> tuple[str, ...]:
        return self.all_keys[first : first + count]

    def key(self, at: int) -> str:
        """The word at `at`, empty outside of the text."""
        return self.all_keys[at] if 0 <= at < len(self.all_keys) else ""

    def hint(self, kind: HintKind, value: str, words: tuple[int, int], note: str = "") -> Hint:
        """A hint from the words `words[0]` up to `words[1]`."""
        tokens = self.tokens[slice(*words)]
        span = Span(tokens[0].span.start, tokens[-1].span.end)
        known = [token.sure for token in tokens if token.sure is not None]
        return Hint(kind, value, self.text[span.start : span.end], span, note, min(known, default=None))


def heard(transcript: Transcript) -> Heard:
    """Take a transcript apart."""
    text = transcript.text
    sure = _confidences(text, transcript.words)
    tokens = tuple(_token(match, text, sure) for match in _WORD.finditer(text))
    return Heard(text, tokens, any(token.capital for token in tokens), tuple(token.key for token in tokens))


def _token(match: re.Match[str], text: str, sure: list[float | None]) -> Token:
    span = Span(*match.span())
    key = match.group().lower().replace("’", "'")
    after = text[span.end : span.end + 1]
    initial = len(key) == 1 and key.isalpha() and key != "i"
    ends = bool(_SENTENCE_END.match(after)) and not initial and key not in _ABBREVIATIONS
    # A point between digits belongs to the number.
    ends = ends and not (key[-1].isdigit() and text[span.end + 1 : span.end + 2].isdigit())
    known = [one for one in sure[span.start : span.end] if one is not None]
    return Token(_SAME.get(key, key), match.group(), span, ends, min(known, default=None))


def _confidences(text: str, words: tuple[Word, ...]) -> list[float | None]:
    """The confidence for each character. A word of the engine that is not found in its text tells nothing."""
    sure: list[float | None] = [None] * len(text)
    at = 0
    for word in words:
        found = text.find(word.text, at) if word.text else -1
        if found >= 0:
            at = found + len(word.text)
            sure[found:at] = [word.confidence] * len(word.text)
    return sure
