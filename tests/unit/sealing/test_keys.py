"""The master keys are made once, read from files, and never replaced by new ones where they were lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pbx.sealing.keys import KeyRing, KeysMissing, KeysRefused, new_kek, write_key_file

NIGHT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    ring = KeyRing(tmp_path / "keys", now=lambda: NIGHT)
    ring.make_first()
    return ring


def test_the_first_keys_are_of_this_user_alone(ring: KeyRing) -> None:
    assert ring.folder.stat().st_mode & 0o777 == 0o700
    files = list(ring.folder.iterdir())
    assert len(files) == 3
    assert all(path.stat().st_mode & 0o777 == 0o400 for path in files)


def test_a_second_start_keeps_them(ring: KeyRing) -> None:
    before = ring.lines()
    again = KeyRing(ring.folder)
    again.make_first()
    assert again.lines() == before


def test_lost_keys_are_missed_not_replaced(ring: KeyRing) -> None:
    for path in ring.folder.glob("*.key"):
        path.unlink()
    with pytest.raises(KeysMissing, match="Put your copy of the keys back"):
        KeyRing(ring.folder).make_first()


def test_a_copy_of_all_keys_in_one_file_works_as_it_is(ring: KeyRing, tmp_path: Path) -> None:
    ring.add()
    other = tmp_path / "other"
    other.mkdir()
    write_key_file(other / "copy.key", ring.lines())
    assert KeyRing(other).current() == ring.current()
    assert KeyRing(other).ids() == ring.ids()


def test_a_new_key_is_in_force_at_once_also_where_the_clock_was_set_back(ring: KeyRing) -> None:
    first = ring.current().id
    beside = KeyRing(ring.folder)
    assert beside.current().id == first
    second = KeyRing(ring.folder, now=lambda: datetime(2020, 1, 1, tzinfo=UTC)).add()
    assert second.id > first
    assert beside.current() == second  # another program sees it too
    assert beside.key(first).id == first


def test_a_destroyed_key_is_gone_and_the_one_in_force_stays(ring: KeyRing) -> None:
    first = ring.current()
    with pytest.raises(KeysRefused, match="in force"):
        ring.destroy(first.id)
    copy = ring.folder / "copy.key"
    write_key_file(copy, ring.lines())
    ring.add()
    ring.destroy(first.id)
    assert first.id not in ring.ids()
    assert not any(first.line in path.read_text() for path in ring.folder.iterdir())
    assert ring.index_key()
    with pytest.raises(KeysMissing, match=first.id):
        ring.key(first.id)


def test_keys_that_others_can_read_are_refused(ring: KeyRing) -> None:
    next(ring.folder.glob("2*.key")).chmod(0o444)
    with pytest.raises(KeysRefused, match="chmod 400"):
        KeyRing(ring.folder).current()


@pytest.mark.parametrize("text", ["", "nonsense\n", "secondline-key-1 index QUJD\n", "secondline-key-1 index ###\n"])
def test_a_damaged_file_is_told_of(tmp_path: Path, text: str) -> None:
    write_key_file(tmp_path / "a.key", text)
    with pytest.raises(KeysMissing):
        KeyRing(tmp_path).current()


def test_keys_of_the_system_are_read_and_never_made(ring: KeyRing, tmp_path: Path) -> None:
    credential = tmp_path / "secondline-keys"
    write_key_file(credential, ring.lines())
    credential.chmod(0o440)  # as systemd shows one that an access list opens for the service's user
    handed_over = KeyRing(tmp_path / "nowhere", credential)
    handed_over.make_first()
    assert handed_over.current() == ring.current()
    with pytest.raises(KeysRefused, match="keys new"):
        handed_over.add()
    assert not (tmp_path / "nowhere").exists()


def test_no_key_shows_in_a_repr() -> None:
    kek = new_kek(NIGHT)
    assert "secret" not in repr(kek)
    assert kek.made_at == NIGHT
