"""What a token gives: what its person sees by the file, never more than it says, nothing once the person is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pbx.domain.access import Access, access_of, text_lines
from pbx.domain.override import Scope
from pbx.domain.token import Token, TokenScope, find_token, hash_of, new_token
from tests.kit.programs import OFFICE, OKAFORS, RICTORS, care_team

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
POLICY = care_team()
ALL = frozenset(TokenScope)


def given(person: str | None, boxes: tuple[str, ...] | None = None, numbers: tuple[str, ...] | None = None) -> Access:
    access = access_of(POLICY, Token("t", ALL, b"", NOW, "mia", person=person, mailboxes=boxes, numbers=numbers))
    assert access is not None
    return access


def boxes(access: Access) -> set[str]:
    assert access.mailboxes is not None
    return set(access.mailboxes)


def lines(access: Access) -> set[str]:
    assert access.numbers is not None
    return set(access.numbers)


def test_a_person_sees_the_own_mailboxes_and_the_calls_that_ring_them_or_lead_there() -> None:
    rictor = given("rictor")
    assert (boxes(rictor), lines(rictor)) == ({"rictor"}, {RICTORS})
    assert rictor.who.name == rictor.who.account == "person/rictor"
    diaz = given("diaz")
    assert boxes(diaz) == {"diaz", "front-desk"}
    assert lines(diaz) == set(POLICY.numbers), "the front desk is rung by every line, or reads what is left on it"


def test_a_limit_takes_away_and_never_adds() -> None:
    assert boxes(given("rictor", ("front-desk",))) == set()
    assert boxes(given("rictor", ("rictor", "front-desk"))) == {"rictor"}
    assert lines(given("rictor", None, (OKAFORS,))) == set()
    assert lines(given("diaz", ("diaz",))) == set(), "what rings the person is not what the token is for"


def test_a_program_sees_what_was_named_or_everything() -> None:
    every = given(None)
    assert (every.mailboxes, every.numbers, every.unlimited) == (None, None, True)
    named = given(None, ("okafor",))
    assert (boxes(named), lines(named), named.unlimited) == ({"okafor"}, {OKAFORS}, False)
    calls = given(None, (), (OFFICE,))
    assert (boxes(calls), lines(calls)) == (set(), {OFFICE})
    assert not calls.sees_mailbox("front-desk") and calls.sees_number(OFFICE)
    assert named.who.name == "token/t"


def test_who_left_the_practice_has_no_access() -> None:
    token = Token("t", ALL, b"", NOW, "mia", person="rictor")
    people = {key: person for key, person in POLICY.people.items() if key != "rictor"}
    assert access_of(replace(POLICY, people=people), token) is None


@pytest.mark.parametrize(
    ("person", "scope", "target", "may"),
    [
        ("rictor", Scope.NUMBER, RICTORS, True),
        ("rictor", Scope.NUMBER, OFFICE, False),
        ("rictor", Scope.PERSON, "rictor", True),
        ("rictor", Scope.PERSON, "okafor", False),
        ("rictor", Scope.PRACTICE, "", False),
        (None, Scope.PRACTICE, "", True),
    ],
)
def test_a_person_overrides_what_is_their_own(person: str | None, scope: Scope, target: str, may: bool) -> None:
    assert given(person).may_override(scope, target) == may


def test_a_token_is_found_by_its_text_while_it_can_be_used() -> None:
    text = new_token()
    token = Token("t", ALL, hash_of(text), NOW, "mia", expires_at=NOW + timedelta(days=1))
    assert find_token([token], text, NOW) == token
    assert find_token([token], f"{text}x", NOW) is None
    assert find_token([token], text, NOW + timedelta(days=1)) is None
    assert find_token([replace(token, revoked_at=NOW)], text, NOW) is None
    assert find_token([token], "\udcff", NOW) is None


def test_texts_are_those_of_the_person_or_of_what_a_program_names() -> None:
    def seen(*about: object) -> tuple[str, ...] | None:
        return text_lines(POLICY, given(*about))  # type: ignore[arg-type]

    assert seen("rictor") == (RICTORS,) and seen("diaz") == (OFFICE,) and seen("okafor") == ()
    assert seen("diaz", ("diaz",)) == (), "a token for the own mailbox does not see the team's texts"
    assert seen("diaz", None, (RICTORS,)) == (), "a number that is named gives nobody another's texts"
    assert seen(None) is None and seen(None, ("front-desk",)) == (OFFICE,)
    assert seen(None, (), (RICTORS,)) == (RICTORS,) and seen(None, ("okafor",)) == ()
