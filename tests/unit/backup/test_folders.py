"""What a restore leaves when it is cut short, which backups go, what is remembered of them, and what never gets in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbx.asterisk.layout import Layout, UnusablePath
from pbx.backup.contents import data_files, kept_apart, name_of, practice_files
from pbx.backup.record import Kept, note_made, note_verified, read_record
from pbx.backup.restore import WHOLE, complete
from pbx.backup.take import remove_older, target_in
from pbx.config.settings import Audit, KeySource, Settings

NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)


def test_a_restore_that_was_cut_short_between_two_names_is_completed(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "var")
    unpacked = layout.restoring / "data"
    for name in ("a", "b"):
        (unpacked / name).mkdir(parents=True)
    (layout.restoring / WHOLE).touch()
    (unpacked / "a").rename(layout.data / "a")  # here the power went
    with pytest.raises(UnusablePath, match="is not done"):
        layout.make()
    assert complete(layout)
    assert sorted(path.name for path in layout.data.iterdir()) == ["a", "b"]
    assert not complete(layout)
    layout.make()


def test_one_that_was_cut_short_before_is_no_data_folder(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "var")
    (layout.restoring / "data").mkdir(parents=True)
    assert not complete(layout)
    with pytest.raises(UnusablePath, match="repeat `secondline restore`"):
        layout.make()


def test_older_backups_go_and_the_newest_never_does(tmp_path: Path) -> None:
    made = [target_in(tmp_path, NOW - timedelta(days=days)) for days in (40, 31, 29)]
    others = [tmp_path / "secondline-of-my-own.age", tmp_path / "other.age"]
    for path in (*made, *others):
        path.touch()
    assert remove_older(tmp_path, 30, NOW) == made[:2]
    assert remove_older(tmp_path, 1, NOW) == []
    assert sorted(tmp_path.iterdir()) == sorted([made[2], *others])


def test_the_last_backup_and_the_last_trial_are_remembered_apart(tmp_path: Path) -> None:
    file = tmp_path / "backups.json"
    assert read_record(file) == Kept()
    note_verified(file, NOW)
    note_made(file, NOW, Path("/mnt/x.age"), 7)
    assert read_record(file) == Kept(NOW, "/mnt/x.age", 7, NOW)
    file.write_text("[1]")
    assert read_record(file) == Kept()


def test_master_keys_and_the_second_witness_never_get_in(tmp_path: Path) -> None:
    layout, keys, copy = Layout(tmp_path / "var"), tmp_path / "etc" / "keys", tmp_path / "etc" / "copy.jsonl"
    layout.make()
    kept = [layout.secrets, layout.messages / "a.sealed", layout.spool / "b.wav", layout.audit / "key.pem"]
    left = [layout.keys / "1.key", layout.postgres / "base", layout.greetings / "x.wav", layout.lock, layout.ports]
    for path in (*kept, *left, keys / "2.key", copy, tmp_path / "etc" / "practice.toml", layout.messages / ".x.part"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    config = tmp_path / "etc" / "practice.toml"
    apart = kept_apart(Settings(config, None, keys=KeySource(keys), audit=Audit(copy)), layout)
    assert {item.path for item in data_files(layout, apart)} == set(kept)
    named = [item.path for item in practice_files(config, [keys / "2.key", copy, layout.keys / "1.key"], apart)]
    assert named == [config]


def test_what_the_practice_names_by_a_link_is_kept_under_that_name(tmp_path: Path) -> None:
    (tmp_path / "live").symlink_to(tmp_path / "cert-7.pem")
    (tmp_path / "cert-7.pem").touch()
    (tmp_path / "practice.toml").touch()
    items = list(practice_files(tmp_path / "practice.toml", [tmp_path / "live"], frozenset()))
    assert [(item.name, item.path.name) for item in items][1] == ("practice/live", "cert-7.pem")


def test_files_elsewhere_have_names_that_stay_below(tmp_path: Path) -> None:
    home = tmp_path / "etc"
    assert name_of(home / "lists" / "a.csv", home) == "practice/lists/a.csv"
    assert name_of(home / ".." / "b.csv", home) == f"elsewhere{tmp_path}/b.csv"
