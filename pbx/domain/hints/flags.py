"""Red-flag words: phrases of the practice's own list that make a message urgent. They can raise, never lower."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pbx.domain.hints.heard import Heard
from pbx.domain.hints.hint import Hint, HintKind

DEFAULT_RED_FLAGS = (
    "chest pain", "pain in * chest", "chest hurts", "heart attack", "heart is racing",
    "cannot breathe", "trouble breathing", "difficulty breathing", "hard to breathe", "short of breath",
    "shortness of breath", "choking", "throat is closing", "anaphylaxis", "allergic reaction",
    "stroke", "slurred speech", "face is drooping", "cannot move", "numb", "numbness", "worst headache", "seizure",
    "passed out", "fainted", "unconscious", "unresponsive", "will not wake", "cannot wake",
    "bleeding", "vomiting blood", "coughing up blood", "blood in * stool",
    "suicide", "suicidal", "kill myself", "hurt myself", "end my life", "overdose", "poison", "poisoned",
    "baby is not moving", "baby stopped moving", "water broke", "contractions", "stiff neck", "high fever",
    "ambulance", "emergency room", "911", "emergency", "urgent", "urgently", "right away", "as soon as possible",
)  # fmt: skip
"""What is taken where the practice's file has no list. No list is complete: a message without one may be urgent too."""

ANY_WORD = "*"

_SAME = {"can't": "cannot", "cant": "cannot", "won't": "will not"}
_PHRASE_WORD = re.compile(r"\*|\w+(?:['’]\w+)*")


def words_of(phrase: str) -> tuple[str, ...]:
    """The words of a phrase as they are compared; `*` stands for any one word. Empty if it has none."""
    words = (word.lower().replace("’", "'") for word in _PHRASE_WORD.findall(phrase))
    return tuple(part for word in words for part in _SAME.get(word, word).split())


def red_flag_hints(heard: Heard, phrases: Sequence[str]) -> Iterator[Hint]:
    """Each phrase of the list that stands in the message, once. `No chest pain` is a hit too: the reader decides."""
    flat = [(part, at) for at, token in enumerate(heard.tokens) for part in _SAME.get(token.key, token.key).split()]
    for phrase in phrases:
        words = words_of(phrase)
        if not set(words) - {ANY_WORD}:
            continue
        for first in range(len(flat) - len(words) + 1):
            if _same(words[0], flat[first][0]) and all(
                _same(wanted, flat[first + place][0]) for place, wanted in enumerate(words)
            ):
                yield heard.hint(HintKind.RED_FLAG, phrase, (flat[first][1], flat[first + len(words) - 1][1] + 1))
                break


def _same(wanted: str, said: str) -> bool:
    return wanted in (ANY_WORD, said) or (len(wanted) > 3 and said in (f"{wanted}s", f"{wanted}es"))
