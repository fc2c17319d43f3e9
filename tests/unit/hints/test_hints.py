"""What hints make of messages as recognisers write them, with their errors."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.hints import DEFAULT_RED_FLAGS, Hint, HintKind, Reading, Urgency, hints_in, urgency_of
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.transcript import Transcript, TranscriptState, Word

DAY = date(2026, 11, 23)
CALLER = Caller(NumberKind.E164, "+12155550143")
WITHHELD = Caller(NumberKind.WITHHELD)
READING = Reading(
    "US",
    ("atorvastatin", "metoprolol", "lisinopril", "Eliquis", "hydrochlorothiazide", "metformin"),
    ("Dr. Kenneth Rictor", "Sam Mills"),
)


def said(text: str, words: tuple[Word, ...] = ()) -> Transcript:
    return Transcript(TranscriptState.DONE, text, "moonshine", "tiny-en", None, words)


def hints(text: str, kind: HintKind, reading: Reading = READING, caller: Caller = CALLER) -> list[Hint]:
    return [hint for hint in hints_in(said(text), caller, DAY, reading) if hint.kind is kind]


def values(text: str, kind: HintKind, reading: Reading = READING) -> list[str]:
    return [hint.value for hint in hints(text, kind, reading)]


@pytest.mark.parametrize(
    "text",
    [
        "call me at seven one seven five five five oh one two three",
        "my number is seven one seven double five five oh one twenty three",
        "seven one seven triple five zero one two three",
        "my number's area code seven one seven, five fifty five, oh one two three",
        "717-555-0123.",
        "You can reach me at (717) 555-0123, thank you.",
        "it's 717. 555. 0123.",
        "one seven one seven five five five o one two three",
        "1-717-555-0123",
        "seventeen seventeen fifty five fifty one twenty three is not it, 717 555 0123 is",
        "it's 717 uh 555 um 0123",
        "seven won seven five five five oh one to three",
        "717-555-O123",
        "717 545 0123, no wait, 717 555 0123",
        "717 555 0132 sorry 0123",
        "7175550132, I mean, 0123",
        "717 545 no sorry 555 0123",
        "You can call me until 5 at 717 555 0123 to talk about the 10 pills",
        "717 555 0123, again 717 555 0123",
        "The pharmacy is at 717 555 0188. My number is 717 555 0123.",
        "My cell is 717 555 0123 and the fax number is 717 555 0199",
        "seven one seven five five five oh one two three to five pm",
        "717 555 0123, no, 2 pills a day",
        "I take 2 pills. No, 3. Call 717 555 0123.",
    ],
)
def test_the_call_back_number_is_found_however_it_is_said(text: str) -> None:
    assert values(text, HintKind.CALL_BACK)[0] == "+17175550123"


@pytest.mark.parametrize(
    ("text", "value", "note"),
    [
        ("call me at 215 555 0143", "+12155550143", "the number called from"),
        ("call me at 717 555 0123", "+17175550123", "not the number called from"),
        ("call me at 555 0143", "5550143", "the end of the number called from"),
        ("call me at 555 0199", "5550199", "no whole number: 7 digits were heard"),
        ("call me at 717 555 012", "717555012", "no whole number: 9 digits were heard"),
        ("call 717 555 0123 extension 42", "+17175550123", "not the number called from, extension 42"),
        ("717 555 0123, that's 717 555 0123", "+17175550123", "not the number called from, said 2 times"),
        ("717 555 0132, sorry, 0123", "+17175550123", "not the number called from, the caller corrected it"),
        ("call me at 717 555 0123 5", "+17175550123", "more digits were heard beside it"),
    ],
)
def test_what_is_to_know_about_a_number_is_said(text: str, value: str, note: str) -> None:
    [hint] = hints(text, HintKind.CALL_BACK)
    assert hint.value == value
    assert note in hint.note


def test_a_number_is_held_against_a_withheld_caller_too() -> None:
    [hint] = hints("call 717 555 0123", HintKind.CALL_BACK, caller=WITHHELD)
    assert hint.note == "the call came without a number"


def test_other_countries_numbers_are_read_their_way() -> None:
    text = "my number is oh two oh seven nine four six oh nine five eight"
    assert values(text, HintKind.CALL_BACK, Reading("GB")) == ["+442079460958"]
    assert values("it's plus four nine three zero 901820", HintKind.CALL_BACK, Reading("DE")) == ["+4930901820"]


@pytest.mark.parametrize(
    "text",
    [
        "my prescription number is 1234567",
        "member id 717 5550",
        "I was born on five twelve nineteen sixty two",
        "I took two pills at seven and two more at nine",
        "see you on May 5th 2026 at 10 30",
        "",
    ],
)
def test_other_numbers_are_no_telephone_number(text: str) -> None:
    assert values(text, HintKind.CALL_BACK) == []


def test_somebody_elses_number_is_not_the_one_to_call_back() -> None:
    text = "please send it to the pharmacy at 717 555 0188"
    assert values(text, HintKind.CALL_BACK) == []
    assert values(text, HintKind.OTHER_NUMBER) == ["+17175550188"]


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("date of birth five twelve sixty two", "1962-05-12"),
        ("my date of birth is 5/12/1962.", "1962-05-12"),
        ("My birthday is May 12th, 1962.", "1962-05-12"),
        ("born on the twelfth of May nineteen sixty two", "1962-05-12"),
        ("birth date oh five twelve nineteen sixty two", "1962-05-12"),
        ("DOB 05121962", "1962-05-12"),
        ("date of birth: 05-12-62", "1962-05-12"),
        ("born may twenty first two thousand and five", "2005-05-21"),
        ("born december thirty first nineteen oh four", None),
        ("date of birth december thirty first nineteen hundred and nine", None),
        ("date of birth twelve thirty one twenty ten", "2010-12-31"),
        ("my birthday is October 3, '40", "1940-10-03"),
        ("date of birth is March first nineteen ninety", "1990-03-01"),
        ("she was born on the third of October nineteen forty", "1940-10-03"),
        ("date of birth 13 5 1962", "1962-05-13"),
        ("date of birth february thirtieth nineteen sixty two", None),
        ("date of birth is five twelve", None),
        ("date of birth may 2031", None),
        ("my son was born yesterday", None),
        ("we met on May 12th, 1962", None),
    ],
)
def test_a_date_of_birth_is_read_or_left_alone(text: str, born: str | None) -> None:
    assert values(text, HintKind.BIRTH_DATE) == ([born] if born else [])


def test_a_date_that_can_be_read_in_two_ways_says_how_it_was_read() -> None:
    text = "date of birth 5/12/1962"
    [american] = hints(text, HintKind.BIRTH_DATE)
    [british] = hints(text, HintKind.BIRTH_DATE, Reading("GB"))
    assert (american.value, american.note) == ("1962-05-12", "read as month, day, year")
    assert (british.value, british.note) == ("1962-12-05", "read as day, month, year")


def test_a_century_that_was_not_said_is_a_guess() -> None:
    [hint] = hints("born march first oh five", HintKind.BIRTH_DATE)
    assert (hint.value, hint.note) == ("2005-03-01", "or 1905: the century was not said")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello, this is Peter D. Yus. My new inhaler is empty.", "Peter D. Yus"),
        ("hi this is margaret hale calling about my prescription", "Margaret Hale"),
        ("my name is ruth and i need a refill", "Ruth"),
        ("My name's Anna Berg-Olsen.", "Anna Berg-Olsen"),
        ("Good morning, doctor. this is Mrs. Hale. Please call.", "Mrs. Hale"),
        ("I'm Peter Hale and I need a refill.", "Peter Hale"),
        ("It's Maria de la Cruz, date of birth 5/12/62", "Maria de la Cruz"),
        ("this is jose van der berg my number is 717 555 0123", "Jose Van Der Berg"),
        ("This is a message for the doctor.", None),
        ("This is about my refill.", None),
        ("i'm calling about my refill", None),
        ("I'm sick.", None),
        ("this is the third time i call", None),
        ("this is urgent", None),
        ("My name is.", None),
        ("thank you and goodbye", None),
    ],
)
def test_the_name_is_what_follows_the_words_that_announce_it(text: str, name: str | None) -> None:
    assert values(text, HintKind.NAME) == ([name] if name else [])


def test_the_patient_is_told_from_the_caller() -> None:
    found = hints("This is Ruth Hale. I'm calling for my mother Anna Berg.", HintKind.NAME)
    assert [(hint.value, hint.note) for hint in found] == [("Ruth Hale", "the caller"), ("Anna Berg", "the patient")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hi. This is Margaret Hale. I need a refill of my inhaler. Thank you.", "I need a refill of my inhaler"),
        (
            "hi this is margaret hale my number is 717 555 0123 i'm calling because my knee hurts please call me",
            "i'm calling because my knee hurts",
        ),
        (
            "Good morning. Should I take the tablets before breakfast? Call me.",
            "Should I take the tablets before breakfast",
        ),
        ("Hello, it's Peter. Call me back at 717 555 0123. Bye.", None),
        ("yes", None),
    ],
)
def test_the_reason_is_a_sentence_of_the_message_itself(text: str, reason: str | None) -> None:
    found = hints(text, HintKind.REASON)
    assert [hint.value for hint in found] == ([reason] if reason else [])
    assert all(hint.value == hint.said for hint in found)


@pytest.mark.parametrize(
    "text",
    [
        "I have chest pain",
        "i've had chest pains since last night",
        "there's a pain in my chest",
        "I can't breathe",
        "I can’t breathe",
        "i cannot breathe",
        "No chest pain, but I feel dizzy",
        "should I call 911?",
    ],
)
def test_red_flags_make_a_message_urgent(text: str) -> None:
    found = hints_in(said(text), CALLER, DAY, READING)
    assert urgency_of(Urgency.ROUTINE, found) is Urgency.URGENT


def test_the_list_that_is_built_in_stands_in_the_manual() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "messages.md").read_text(encoding="utf-8")
    written = manual.partition("Built\nin is:")[2].partition("red_flags = [")[2].partition("]")[0]
    assert tuple(re.findall(r'"([^"]+)"', written)) == DEFAULT_RED_FLAGS


def test_the_red_flags_are_the_practices_own() -> None:
    own = replace(READING, red_flags=("blue * pill",))
    assert values("I took the blue round pills", HintKind.RED_FLAG, own) == ["blue * pill"]
    assert values("I have chest pain", HintKind.RED_FLAG, own) == []


@pytest.mark.parametrize(
    ("text", "word", "heard_as"),
    [
        ("She takes a tour of a statin daily.", "atorvastatin", "a tour of a statin"),
        ("I need my metro pro lol.", "metoprolol", "metro pro lol"),
        ("refill lie sin a pril", "lisinopril", "lie sin a pril"),
        ("my hydro chloro thiazide is gone", "hydrochlorothiazide", "hydro chloro thiazide"),
        ("the met form in upsets my stomach", "metformin", "met form in"),
        ("a message for Doctor Rector", "Rictor", "Rector"),
        ("can doctor victor call me", None, None),
        ("I can't open the mail from the clinic", None, None),
        ("My knee hurts after every meal and my daughter says I should stop.", None, None),
        ("I take metoprolol every morning", None, None),
    ],
)
def test_a_word_of_the_practice_is_proposed_beside_what_was_heard(
    text: str, word: str | None, heard_as: str | None
) -> None:
    found = hints(text, HintKind.WORD)
    assert [(hint.value, hint.said) for hint in found] == ([(word, heard_as)] if word else [])


def test_a_word_of_which_the_recogniser_was_not_sure_is_marked_even_if_it_is_in_the_list() -> None:
    words = (Word("take", 0, 1, 0.9), Word("metoprolol", 1, 2, 0.4), Word("0123", 2, 3, 0.9))
    [hint] = [h for h in hints_in(said("take metoprolol 0123", words), CALLER, DAY, READING) if h.kind is HintKind.WORD]
    assert (hint.value, hint.unsure, hint.sure) == ("metoprolol", True, 0.4)


def test_a_number_is_as_sure_as_its_least_sure_digit() -> None:
    words = tuple(Word(w, None, None, c) for w, c in (("717", 0.9), ("555", 0.3), ("0123", None)))
    [hint] = [h for h in hints_in(said("717 555 0123", words), CALLER, DAY, READING) if h.kind is HintKind.CALL_BACK]
    assert (hint.sure, hint.unsure) == (0.3, True)
    [unknown] = hints("717 555 0123", HintKind.CALL_BACK)
    assert (unknown.sure, unknown.unsure) == (None, False)


def test_there_are_no_hints_without_words() -> None:
    assert hints_in(None, CALLER, DAY, READING) == ()
    assert hints_in(Transcript(TranscriptState.NO_SPEECH, "", "vosk", "model"), CALLER, DAY, READING) == ()


_PARTS = (
    "seven five oh double triple 717 555 0123 5 12 1962 nineteen sixty two may twelfth date of birth born name is my",
    "this it's i'm calling because chest pain can't breathe no sorry wait extension area code . , ? ! - ’ 's Peter",
    "de la rector metro pro lol o to for hundred thousand twenty first pharmacy back call me 911 é ß ٣ ½",
)
_TEXTS = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(" ".join(_PARTS).split()), max_size=40).map(" ".join))
_CONFIDENCES = st.one_of(st.none(), st.floats(0, 1))


@given(_TEXTS, st.sampled_from(["US", "GB", "DE", "FR"]), _CONFIDENCES)
def test_whatever_was_heard_each_hint_stands_beside_words_of_the_message(
    text: str, country: str, confidence: float | None
) -> None:
    transcript = said(text, tuple(Word(word, 0.0, 1.0, confidence) for word in text.split()))
    found = hints_in(transcript, CALLER, DAY, replace(READING, country=country))
    for hint in found:
        assert hint.said and hint.value
        assert 0 <= hint.span.start < hint.span.end <= len(text)
        assert text[hint.span.start : hint.span.end] == hint.said
        assert hint.kind is not HintKind.REASON or hint.value == hint.said
    assert list(found) == sorted(found, key=lambda hint: list(HintKind).index(hint.kind))


@given(_TEXTS, st.sampled_from(list(Urgency)))
def test_hints_never_make_a_message_less_urgent(text: str, before: Urgency) -> None:
    found = hints_in(said(text), CALLER, DAY, READING)
    assert urgency_of(before, found) >= before
    assert urgency_of(before, ()) is before


@given(st.integers(2, 9), st.integers(0, 10**9 - 1))
def test_ten_digits_said_one_by_one_are_a_number_or_doubted(first: int, rest: int) -> None:
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    digits = f"{first}{rest:09}"
    [hint] = hints("call me at " + " ".join(names[int(digit)] for digit in digits), HintKind.CALL_BACK)
    assert (
        hint.value == f"+1{digits}"
        or (not hint.value.startswith("+") and "no whole number" in hint.note)
        or ("more digits" in hint.note)
    )
