"""Who called, and for whom: the name after the words with which people give one."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.domain.hints.birth import MONTHS
from pbx.domain.hints.heard import Heard, Token
from pbx.domain.hints.hint import Hint, HintKind
from pbx.domain.hints.numerals import piece_at
from pbx.domain.hints.vocabulary import NO_NAME

MOST_WORDS = 4

CALLER, PATIENT = "the caller", "the patient"

_RELATIVES = ("mother", "father", "mom", "dad", "wife", "husband", "son", "daughter", "sister", "brother", "baby",
              "grandmother", "grandfather", "patient")  # fmt: skip
_ANNOUNCED: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    *((("my", who, "name", "is"), PATIENT, False) for who in _RELATIVES),
    *((("my", f"{who}'s", "name", "is"), PATIENT, False) for who in _RELATIVES),
    (("her", "name", "is"), PATIENT, False),
    (("his", "name", "is"), PATIENT, False),
    (("patient's", "name", "is"), PATIENT, False),
    (("patient", "name", "is"), PATIENT, False),
    (("patient", "is"), PATIENT, True),
    (("on", "behalf", "of"), PATIENT, True),
    *((("for", "my", who), PATIENT, True) for who in _RELATIVES),
    *((("about", "my", who), PATIENT, True) for who in _RELATIVES),
    (("my", "name", "is"), CALLER, False),
    (("my", "name's"), CALLER, False),
    (("the", "name", "is"), CALLER, False),
    (("name", "is"), CALLER, False),
    (("this", "is"), CALLER, False),
    (("it's",), CALLER, True),
    (("it", "is"), CALLER, True),
    (("i'm",), CALLER, True),
    (("i", "am"), CALLER, True),
)
"""Words, whose name follows, and whether only capital letters tell a name from what else may follow."""

_FIRST_WORDS = frozenset(words[0] for words, _, _ in _ANNOUNCED)
_TITLES = frozenset({"doctor", "mr", "mrs", "ms", "miss", "mister", "missus", "professor", "nurse"})
_PARTICLES = frozenset({"de", "la", "van", "von", "der", "den", "del", "da", "bin", "al", "mc", "mac", "di", "st"})


def name_hints(heard: Heard) -> Iterator[Hint]:
    """The first name of the caller and the first of a patient that is somebody else."""
    told: set[str] = set()
    at = 0
    while at < len(heard.tokens):
        found = _announced_at(heard, at)
        if found is None or found[2] in told:
            at += 1
            continue
        first, end, whose = found
        told.add(whose)
        words = heard.hint(HintKind.NAME, "", (first, end))
        yield heard.hint(HintKind.NAME, _written(words.said), (at, end), whose)
        at = end


def _announced_at(heard: Heard, at: int) -> tuple[int, int, str] | None:
    if heard.key(at) not in _FIRST_WORDS:
        return None
    for words, whose, needs_capital in _ANNOUNCED:
        if heard.keys(at, len(words)) == words and (heard.cased or not needs_capital):
            first = at + len(words)
            end = _end_of_name(heard, first)
            if end > first and not heard.tokens[first - 1].ends_sentence:
                return first, end, whose
    return None


def _end_of_name(heard: Heard, first: int) -> int:
    end = first
    while end < len(heard.tokens) and end - first < MOST_WORDS and _is_name(heard, end):
        end += 1
        if heard.tokens[end - 1].ends_sentence or _comma_after(heard, end - 1):
            break
    while end > first and heard.key(end - 1) in _PARTICLES | _TITLES:
        end -= 1
    return end


def _is_name(heard: Heard, at: int) -> bool:
    token = heard.tokens[at]
    if token.key in _PARTICLES or token.key in _TITLES:
        return True
    if token.key in NO_NAME or (token.key in MONTHS and not _reads_as_name(heard, token)):
        return False
    if any(letter.isdigit() for letter in token.key) or piece_at(heard, at) or token.key.endswith("'s"):
        return False
    return token.capital or not heard.cased


def _reads_as_name(heard: Heard, token: Token) -> bool:
    return heard.cased and token.capital and token.key in ("april", "may", "june", "august", "jan")


def _comma_after(heard: Heard, at: int) -> bool:
    end = heard.tokens[at].span.end
    return heard.text[end : end + 1] in (",", ";", ":")


def _written(said: str) -> str:
    """As a name is written; the words themselves stay as they were heard."""
    return " ".join(word.capitalize() for word in said.split()) if said.islower() else said
