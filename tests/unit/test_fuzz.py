"""What takes bytes from outside, fed by hypothesis; `make fuzz` feeds the same targets by coverage, and for longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.peers import close_loop
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

EXAMPLES = 120


@pytest.fixture(scope="module", autouse=True)
def loop() -> Iterator[None]:
    yield
    close_loop()


def bent(seed: bytes) -> st.SearchStrategy[bytes]:
    """`seed` with pieces taken out, put in and repeated."""
    places = st.integers(0, len(seed))
    changes = st.lists(st.tuples(places, places, st.binary(max_size=20)), max_size=4)

    def change(edits: list[tuple[int, int, bytes]]) -> bytes:
        data = seed
        for start, end, put in edits:
            data = data[:start] + put + data[end:]
        return data

    return changes.map(change)


def inputs(name: str) -> st.SearchStrategy[bytes]:
    return st.one_of(st.binary(max_size=2000), *(bent(seed) for seed in SEEDS[name]))


@pytest.mark.parametrize("name", TARGETS)
def test_each_target_takes_what_it_is_made_for(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_is_read_or_refused(name: str, data: st.DataObject) -> None:
    TARGETS[name](data.draw(inputs(name)))
