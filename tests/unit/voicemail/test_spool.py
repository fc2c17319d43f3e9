"""The spool's reader: strict about what it takes, calm about everything else."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.outcome import Stage
from pbx.domain.tree import KeyPress
from tests.unit.voicemail.spooling import CALL, DID, EndLine, folders_in, put, put_message, recording, start_line
from voicemail.spool import parse_end, parse_start, quarantine, read_spool


def test_a_start_sidecar_gives_time_number_and_caller() -> None:
    start = parse_start("v1|1795442400.125|+17175550100|7175550123|1795442400.17\n")
    assert start is not None
    assert start.at == datetime(2026, 11, 23, 14, 0, 0, 125000, UTC)
    assert (start.dialled, start.caller) == (DID, "7175550123")


@pytest.mark.parametrize("caller", ["", "anonymous", "+17175550123", "9" * 200])
def test_any_filtered_caller_is_taken(caller: str) -> None:
    assert parse_start(start_line(caller=caller)) is not None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "v1",
        "v2|1795442400.125|+17175550100||1",
        "v1|now|+17175550100||1",
        "v1|1795442400.125|7175550100||1",
        "v1|1795442400.125|+17175550100|Martha|1",
        "v1|1795442400.125|+17175550100||1|extra",
        "v1|1795442400.125|+17175550100||1\nv1",
        "v1|99999999999999999|+17175550100||1",
        "v1|١٧٩٥٤٤٢٤٠٠|+17175550100||1",
    ],
)
def test_a_start_sidecar_that_is_not_exactly_right_is_none(line: str) -> None:
    assert parse_start(line) is None


def test_an_end_sidecar_gives_how_far_the_call_got() -> None:
    end = parse_end(str(EndLine(stage="ring", by="rictor-desk", answered="1795442410.5", safe="1")))
    assert end is not None
    assert (end.call_end.stage, end.call_end.answered_by, end.call_end.safe) == (Stage.RING, "rictor-desk", True)
    assert end.answered_at == datetime(2026, 11, 23, 14, 0, 10, 500000, UTC)


def test_an_end_sidecar_of_a_call_that_nobody_answered_has_nobody() -> None:
    end = parse_end(str(EndLine(position="-1", cause="")))
    assert end is not None
    assert (end.call_end.answered_by, end.answered_at, end.call_end.safe) == (None, None, False)


def test_an_end_sidecar_has_the_keys_that_were_chosen_in_order() -> None:
    end = parse_end(str(EndLine(stage="menu", choices="0.1/12.*/3.#/")))
    assert end is not None
    assert end.presses == (KeyPress(0, "1"), KeyPress(12, "*"), KeyPress(3, "#"))
    assert end.call_end.stage is Stage.MENU


def test_an_end_sidecar_from_before_there_were_menus_is_read() -> None:
    end = parse_end(str(EndLine()).removesuffix("|"))
    assert end == parse_end(str(EndLine()))


@pytest.mark.parametrize("choices", ["1", "0.1", "0.A/", "-1.1/", "1000.1/", "0.12/", "0.1/x"])
def test_choices_that_are_not_exactly_right_make_no_end_sidecar(choices: str) -> None:
    assert parse_end(str(EndLine(choices=choices))) is None


@pytest.mark.parametrize(
    "line", ["v1|1795442460.250", str(EndLine(stage="sl-ring")), str(EndLine(safe="")), str(EndLine(by="a|b"))]
)
def test_an_end_sidecar_that_is_not_exactly_right_is_none(line: str) -> None:
    assert parse_end(line) is None


@given(st.text())
def test_no_text_at_all_upsets_the_parsers(text: str) -> None:
    parse_start(text)
    parse_end(text)


@given(st.integers(0, 80), st.characters())
def test_one_changed_letter_gives_a_call_or_none(at: int, letter: str) -> None:
    for line, parse in ((start_line(), parse_start), (str(EndLine()), parse_end)):
        parse(line[:at] + letter + line[at + 1 :])


def test_a_calls_files_are_gathered_from_both_folders(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    put(folders.spare, f"{CALL}.call", start_line())
    put(folders.spool, f"{CALL}-1.wav", recording())
    put(folders.spare, f"{CALL}-1.wav", recording())
    put(folders.spare, f"{CALL}.end", str(EndLine()))
    content = read_spool(folders.spool, folders.spare)
    (call,) = content.calls
    assert call.start is not None
    assert call.end is not None
    assert {recording.key for recording in call.recordings} == {"1", "1+spare"}
    assert len(call.files) == 4
    assert content.unreadable == ()


def test_what_is_none_of_ours_is_told_and_stops_nothing(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    put_message(folders)
    other = "0c0ffee0-0000-4000-8000-000000000001"
    put(folders.spool, "holiday.wav", recording())
    put(folders.spool, f"{CALL}-../../1.wav".replace("/", "_"), b"")
    put(folders.spool, f"{str(CALL).upper()}-1.wav", b"")
    put(folders.spool, f"{other}.end", b"\xff\xfe\x00")
    put(folders.spool, f"{other}.call", "x" * 5000)
    (folders.spool / f"{other}-1.wav").symlink_to("/etc/hostname")
    os.mkfifo(folders.spool / f"{other}-2.wav")
    (folders.spool / "lost+found").mkdir()
    content = read_spool(folders.spool, folders.spare)
    assert [call.id for call in content.calls] == [CALL]
    assert len(content.unreadable) == 7
    assert {str(item.call) for item in content.unreadable} == {other, "None"}


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_spool(tmp_path / "a", tmp_path / "b").calls == ()


def test_a_file_is_put_aside_and_never_deleted(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    put(folders.spool, "holiday.txt", "sun")
    (item,) = read_spool(folders.spool, folders.spare).unreadable
    quarantine(item.file)
    assert (folders.spool / "quarantine" / "holiday.txt").read_text() == "sun"
    assert read_spool(folders.spool, folders.spare).unreadable == ()


def test_an_empty_sidecar_of_a_full_disk_belongs_to_the_call_whose_text_the_spare_has(tmp_path: Path) -> None:
    folders = folders_in(tmp_path)
    for kind, text in (("call", start_line()), ("end", str(EndLine()))):
        put(folders.spool, f"{CALL}.{kind}", b"")
        put(folders.spare, f"{CALL}.{kind}", text.encode())
    content = read_spool(folders.spool, folders.spare)
    [call] = content.calls
    assert content.unreadable == ()
    assert call.start is not None and call.end is not None
    assert len(call.files) == 4
