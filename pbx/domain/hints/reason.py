"""Why somebody called: the sentence of the message that says it best. It is taken out whole, never written anew."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pbx.domain.hints.heard import Heard
from pbx.domain.hints.hint import Hint, HintKind, Span
from pbx.domain.hints.vocabulary import MATTERS

_CUES: dict[tuple[str, ...], int] = {
    ("calling", "because"): 5,
    ("calling", "about"): 5,
    ("calling", "regarding"): 5,
    ("calling", "to"): 4,
    ("call", "about"): 3,
    ("reason",): 4,
    ("i", "need"): 4,
    ("we", "need"): 4,
    ("needs",): 3,
    ("i", "want"): 3,
    ("wanted", "to"): 3,
    ("would", "like"): 3,
    ("wondering",): 3,
    ("question",): 3,
    ("questions",): 3,
    ("could", "you"): 2,
    ("can", "you"): 2,
    ("should", "i"): 4,
    ("can", "i"): 3,
    ("i", "have"): 2,
    ("i've", "had"): 3,
    ("i've", "been"): 3,
    ("having",): 3,
    ("feeling",): 2,
}
_MATTER = 2
_PERSON_WORDS: dict[tuple[str, ...], int] = {
    ("name", "is"): -3,
    ("number", "is"): -5,
    ("reach", "me"): -4,
    ("call", "me"): -3,
    ("thank", "you"): -3,
    ("thanks",): -3,
    ("date", "of", "birth"): -4,
    ("bye",): -3,
    ("good", "morning"): -1,
}
_LONGEST_CUE = 3
_STARTS = tuple(
    tuple(words.split())
    for words in (
        "my name", "my number", "my date", "date of birth", "i'm calling", "i am calling", "i need", "i would",
        "i was wondering", "could you", "can you", "please", "call me", "you can", "thank you", "thanks", "i've been",
        "i have", "this is", "should i",
    )
)  # fmt: skip
_LONGEST = 40
_SHORTEST = 3

Part = tuple[int, int]
"""A stretch of words: its first and the one after its last."""


def reason_hint(heard: Heard, marked: Sequence[Span], list_words: Collection[str]) -> Hint | None:
    """The best sentence, None where no sentence tells a reason. `marked` are red flags and drugs: they count too."""
    scored = [(_score(heard, part, marked, list_words), part) for part in _parts(heard)]
    best = max(scored, key=lambda item: (item[0], -item[1][0]), default=(0, (0, 0)))
    if best[0] < _MATTER:
        return None
    hint = heard.hint(HintKind.REASON, "", best[1])
    return heard.hint(HintKind.REASON, hint.said, best[1])


def _parts(heard: Heard) -> Iterator[Part]:
    """Sentences; where the engine writes no points, what begins with words that usually begin one."""
    first = 0
    for at, token in enumerate(heard.tokens):
        if at > first and (at - first >= _LONGEST or (not heard.cased and _starts(heard, at))):
            yield first, at
            first = at
        if token.ends_sentence:
            yield first, at + 1
            first = at + 1
    if first < len(heard.tokens):
        yield first, len(heard.tokens)


def _starts(heard: Heard, at: int) -> bool:
    return any(heard.keys(at, len(words)) == words for words in _STARTS)


def _score(heard: Heard, part: Part, marked: Sequence[Span], list_words: Collection[str]) -> int:
    first, end = part
    if end - first < _SHORTEST:
        return 0
    span = Span(heard.tokens[first].span.start, heard.tokens[end - 1].span.end)
    score = 3 * sum(span.overlaps(place) for place in marked)
    for at in range(first, end):
        score += sum(_CUES.get(heard.keys(at, count), 0) for count in range(1, _LONGEST_CUE + 1))
        if heard.key(at) in MATTERS or heard.key(at) in list_words:
            score += _MATTER
    return score
