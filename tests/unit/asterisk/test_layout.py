"""Where things lie, and who may read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pbx.asterisk.layout import MARKER, Layout, UnusablePath
from pbx.asterisk.logs import rotate


def test_every_folder_is_made_for_nobody_else(layout: Layout) -> None:
    folders = [path for path in (layout.data, *layout.data.rglob("*")) if path.is_dir()]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


def test_a_new_spool_is_marked_as_being_there(layout: Layout) -> None:
    assert (layout.spool / MARKER).is_file()
    assert (layout.spare / MARKER).is_file()


def test_a_spool_without_its_marker_stays_without_it(layout: Layout) -> None:
    (layout.spool / MARKER).unlink()
    layout.make()
    assert not (layout.spool / MARKER).exists()


@pytest.mark.parametrize("name", ["a,b", "a;b", "a&b", "a|b", "a$b", "a(b", "a\nb", 'a"b', "a=b", "a%b", "a\\b"])
def test_a_path_that_the_dialplan_cannot_hold_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(UnusablePath, match="--data"):
        Layout(Path("/srv") / name)


@pytest.mark.parametrize("name", ["practice data", "Müller", "a-b_c.d+e@f~"])
def test_ordinary_paths_are_taken(name: str) -> None:
    assert Layout(Path("/srv") / name).spool == Path("/srv") / name / "spool"


def test_a_long_path_gets_a_short_run_folder_and_always_the_same(tmp_path: Path) -> None:
    data = tmp_path / ("long-" * 20)
    assert len(os.fsencode(Layout(data).control_socket)) <= 107
    assert Layout(data).run == Layout(data).run
    assert Layout(data).run != Layout(tmp_path / ("other" * 20)).run


def test_a_run_folder_that_others_can_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    layout = Layout(tmp_path / ("long-" * 20))
    layout.run.mkdir(mode=0o755)
    layout.run.chmod(0o755)
    with pytest.raises(UnusablePath, match="belongs to somebody else"):
        layout.make()


def test_a_log_that_grew_too_large_begins_anew(layout: Layout) -> None:
    layout.security_log.write_text("x" * 100)
    layout.messages_log.write_text("y" * 10)
    assert rotate(layout, largest=50) is True
    assert not layout.security_log.exists()
    assert layout.messages_log.exists()
    assert rotate(layout, largest=50) is False
