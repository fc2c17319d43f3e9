"""Words of the practice (drugs, names) that a recogniser wrote otherwise: proposed beside what it heard, never put in.

What is compared is how words sound: `a tour of a statin` has nearly the consonants of `atorvastatin`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from pbx.domain.hints.heard import Heard
from pbx.domain.hints.hint import Hint, HintKind
from pbx.domain.hints.vocabulary import COMMON

MOST_PARTS = 5
"""How many words a recogniser makes of one."""

SHORTEST = 4
"""Shorter words of the list are only known as they are written: too many others sound like them."""

ALIKE = 0.8
ALIKE_SHORT = 0.86

_PARTS = re.compile(r"\w+")
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"tion|sion", "xn"),
        (r"ph", "f"),
        (r"^x", "s"),
        (r"x", "ks"),
        (r"sch|sh", "x"),
        (r"ch", "x"),
        (r"th", "t"),
        (r"wh", "w"),
        (r"gh", "g"),
        (r"^kn", "n"),
        (r"ck", "k"),
        (r"qu", "kw"),
        (r"c(?=[eiy])", "s"),
        (r"c|q", "k"),
        (r"z", "s"),
        (r"dg|j|g(?=[eiy])", "j"),
        (r"v", "f"),
        (r"[aeiouyhw]+", "a"),
        (r"(.)\1+", r"\1"),
    )
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    word: str
    written: str
    sounds: str


@dataclass(frozen=True, slots=True)
class _Index:
    written: dict[str, str]
    by_first_sound: dict[str, list[_Wanted]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    alike: float
    word: str
    first: int
    end: int


def name_words(names: Iterable[str]) -> tuple[str, ...]:
    """The parts of people's names that are worth knowing: `Dr. Kenneth Rictor` gives Kenneth and Rictor."""
    parts = (part for name in names for part in re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", name))
    known = (part for part in parts if part[0].isupper() and len(part) >= SHORTEST and part.lower() not in COMMON)
    return tuple(dict.fromkeys(known))


def practice_word_hints(heard: Heard, words: tuple[str, ...]) -> Iterator[Hint]:
    """What may have been a word of the list, and words of the list of which the recogniser was not sure."""
    taken: set[int] = set()
    for found in sorted(_candidates(heard, words), key=lambda one: (-one.alike, one.first, one.end)):
        places = set(range(found.first, found.end))
        if places & taken:
            continue
        taken |= places
        exact = found.alike > 1 and len(_PARTS.findall(found.word)) == len(places)
        hint = heard.hint(HintKind.WORD, found.word, (found.first, found.end), "" if exact else "may have been meant")
        if not exact or hint.unsure:
            yield hint


def _candidates(heard: Heard, words: tuple[str, ...]) -> Iterator[_Candidate]:
    for first in range(len(heard.tokens)):
        for count in range(1, MOST_PARTS + 1):
            keys = heard.keys(first, count)
            if len(keys) < count or (count > 1 and heard.tokens[first + count - 2].ends_sentence):
                break
            if any(key.isdigit() for key in keys):
                break
            everyday = count <= 2 and all(key in COMMON or "'" in key for key in keys)
            found = _match(_letters("".join(keys)), count, words, everyday)
            if found:
                yield _Candidate(*found, first, first + count)


@lru_cache(maxsize=50_000)
def _match(said: str, parts: int, words: tuple[str, ...], everyday: bool) -> tuple[float, str] | None:
    """The word of the list that `said` is most alike, above 1 if it is that word."""
    index = _prepared(words)
    if said in index.written:
        return 2.0, index.written[said]
    if everyday:
        return None
    sounds = sounds_of(said)
    alike = ((_alikeness(said, sounds, one, parts), one.word) for one in index.by_first_sound.get(sounds[:1], ()))
    best = max(alike, default=(0.0, ""))
    return best if best[0] else None


@lru_cache(maxsize=4)
def _prepared(words: tuple[str, ...]) -> _Index:
    # Several words of a list entry count as one: `losartan potassium`.
    index = _Index({}, {})
    for word in words:
        letters = _letters(word)
        index.written[letters] = index.written[f"{letters}s"] = word
        if len(letters) >= SHORTEST:
            sounds = sounds_of(letters)
            index.by_first_sound.setdefault(sounds[:1], []).append(_Wanted(word, letters, sounds))
    return index


def sounds_of(letters: str) -> str:
    """How a word sounds to a recogniser, roughly: consonants that are taken for each other are the same."""
    for pattern, sound in _SOUNDS:
        letters = pattern.sub(sound, letters)
    return letters


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _alikeness(said: str, sounds: str, one: _Wanted, parts: int) -> float:
    """From 0 (not alike) to 1; 0 below the threshold. Words in several parts and short ones must be closer."""
    if abs(len(said) - len(one.written)) > 2 + len(one.written) // 3 or (parts > 1 and len(one.written) < 7):
        return 0.0
    threshold = ALIKE if len(one.written) >= 7 else ALIKE_SHORT
    by_sound = SequenceMatcher(None, sounds, one.sounds, autojunk=False)
    if 0.7 * by_sound.quick_ratio() + 0.3 < threshold:
        return 0.0
    by_letters = SequenceMatcher(None, said, one.written, autojunk=False).ratio()
    alike = 0.7 * by_sound.ratio() + 0.3 * by_letters
    return alike if alike >= threshold else 0.0
