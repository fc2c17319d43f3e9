"""Channel events read back, also from a file that was cut."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx.asterisk.cel import CelType, read_cel

CALL = "a6b1c2d3-0000-4000-8000-000000000001"


def test_events_come_back_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        '"CHAN_START","1795444467.278329","","1795444467.21","1795444467.20"\n'
        f'"ANSWER","1795444467.337942","{CALL}","1795444467.20","1795444467.20"\n'
    )
    start, answer = read_cel(path)
    assert (start.type, start.call, start.channel, start.linked) == (
        CelType.CHAN_START, None, "1795444467.21", "1795444467.20",
    )  # fmt: skip
    assert (answer.call, answer.at) == (UUID(CALL), datetime.fromtimestamp(1795444467.337942, UTC))


def test_a_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(f'"HANGUP","1795444467.3","{CALL}","1.0","1.0"\n"CHAN_END","17954')
    assert [event.type for event in read_cel(path)] == [CelType.HANGUP]


def test_without_a_file_there_are_no_events(tmp_path: Path) -> None:
    assert list(read_cel(tmp_path / "calls.csv")) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_garbage_raises_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(data)
    list(read_cel(path))
