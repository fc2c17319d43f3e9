"""The mailbox's keys: every place can be left, no key leads nowhere, and `*` goes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.mailbox_menu import BACK, FALLS_TO, KEYS, Deed, Place, place_after, turn

ALL_KEYS = "0123456789*#"
PLACES = [place for place in Place if place is not Place.OVER]


@pytest.mark.parametrize(
    ("place", "key", "deed", "then"),
    [
        (Place.MAIN, "1", Deed.OPEN_NEW, Place.MESSAGE),
        (Place.MAIN, "0", Deed.NOTHING, Place.GREETINGS),
        (Place.MESSAGE, "3", Deed.ENVELOPE, Place.MESSAGE),
        (Place.MESSAGE, "5", Deed.AGAIN, Place.MESSAGE),
        (Place.MESSAGE, "#", Deed.NEXT, Place.MESSAGE),
        (Place.MESSAGE, "7", Deed.DELETE, Place.MESSAGE),
        (Place.MESSAGE, "9", Deed.SAVE, Place.MESSAGE),
        (Place.MESSAGE, "8", Deed.NOTHING, Place.COLLEAGUE),
        (Place.COLLEAGUE, "12", Deed.CHOOSE, Place.NOTE),
        (Place.NOTE, "#", Deed.SEND, Place.MESSAGE),
        (Place.RECORDED, "1", Deed.KEEP, Place.GREETING),
    ],
)
def test_the_keys_are_those_that_people_know(place: Place, key: str, deed: Deed, then: Place) -> None:
    done = turn(place, key)
    assert (done.deed, done.place) == (deed, then)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_has_keys_and_is_left_with_star_alone(place: Place) -> None:
    seen = [place]
    while seen[-1] is not Place.OVER:
        assert len(seen) <= len(Place), "star goes in a circle"
        seen.append(turn(seen[-1], BACK).place)


@given(place=st.sampled_from(PLACES), keyed=st.text(ALL_KEYS, max_size=3), worked=st.booleans())
def test_no_key_leads_nowhere(place: Place, keyed: str, worked: bool) -> None:
    done = turn(place, keyed)
    after = place_after(done, worked=worked)
    assert after is Place.OVER or after in KEYS
    if not keyed or keyed[0] not in KEYS[place]:
        assert (done.deed, after) == (Deed.HELP, place)


@given(keys=st.lists(st.tuples(st.sampled_from(ALL_KEYS), st.booleans())))
def test_only_goodbye_and_a_call_end_it(keys: list[tuple[str, bool]]) -> None:
    place = Place.MAIN
    for key, worked in keys:
        done = turn(place, key)
        place = place_after(done, worked=worked)
        calls = worked and done.deed in (Deed.CALL_CHOSEN, Deed.CALL_NUMBER)
        assert (place is Place.OVER) == (calls or done.deed is Deed.GOODBYE)
        if place is Place.OVER:
            return


def test_every_place_is_reached_and_every_deed_has_a_key() -> None:
    reached = {Place.MAIN} | {found.place for keys in KEYS.values() for found in keys.values()}
    assert reached == set(Place)
    assert {found.deed for keys in KEYS.values() for found in keys.values()} | {Deed.HELP} == set(Deed)
    assert set(FALLS_TO) <= set(Deed)
