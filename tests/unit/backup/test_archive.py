"""The stream of a backup and what may stand in it."""

from __future__ import annotations

import errno
import io
import json
import stat
import tarfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.backup.archive import Writer, checked_name, unpack
from pbx.backup.escrow import put_keys, read_escrow, ring_in_memory, write_escrow
from pbx.backup.key import BackupKey, KeyProblem, MachineKey, make_keys, write_key
from pbx.backup.manifest import FORMAT, Header, Manifest, ManifestProblem
from pbx.backup.passphrase import PassphraseProblem
from pbx.backup.sealing import NotReadable, sealing, unsealing
from pbx.sealing.keys import KeyRing

NOW = datetime(2026, 11, 28, tzinfo=UTC)
HEADER = Header(FORMAT, "0.1.0", NOW.isoformat(), "embedded")


@pytest.fixture(scope="module")
def keys() -> tuple[BackupKey, MachineKey]:
    return make_keys()


def nothing(_: int) -> None:
    """Nobody watches."""


def archive(machine: MachineKey, parts: dict[str, bytes], header: Header = HEADER) -> bytes:
    target = io.BytesIO()
    writer = Writer(target, nothing)
    writer.add_header(header)
    for name, data in parts.items():
        writer.add_bytes(name, data)
    writer.close(Manifest(header, "practice/x.toml", 1, "18", {"call": 2}, (), tuple(writer.parts)), machine.sign)
    return target.getvalue()


def test_what_is_written_comes_back_with_its_list(keys: tuple[BackupKey, MachineKey], tmp_path: Path) -> None:
    key, machine = keys
    parts = {"data/messages/a.wav": b"x" * 5000, "data/empty": b"", "database/000000": b"dump"}
    manifest = unpack(io.BytesIO(archive(machine, parts)), key, tmp_path, nothing)
    assert {name: (tmp_path / name).read_bytes() for name in parts} == parts
    assert [part.name for part in manifest.parts] == list(parts)
    assert dict(manifest.rows) == {"call": 2}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a//b", ".", "a/./b", "", "a\n", "a\0b"])
def test_no_name_leads_out_of_the_folder(keys: tuple[BackupKey, MachineKey], tmp_path: Path, name: str) -> None:
    with pytest.raises(ManifestProblem):
        checked_name(name)


@given(st.text(alphabet="./ab\\\0\n~", max_size=12))
def test_whatever_is_let_through_stays_below(name: str) -> None:
    try:
        path = Path("/into") / checked_name(name)
    except ManifestProblem:
        return
    assert Path("/into") in path.parents
    assert ".." not in path.parts


def test_a_link_in_it_is_refused(keys: tuple[BackupKey, MachineKey], tmp_path: Path) -> None:
    plain = io.BytesIO()
    header = json.dumps(asdict(HEADER)).encode()
    with tarfile.open(fileobj=plain, mode="w|") as tar:
        first, link = tarfile.TarInfo("header.json"), tarfile.TarInfo("data/secrets.json")
        first.size = len(header)
        tar.addfile(first, io.BytesIO(header))
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    plain.seek(0)
    with pytest.raises(ManifestProblem, match="no plain file"):
        unpack(plain, keys[0], tmp_path, nothing)


def test_a_newer_format_is_left_to_the_newer_program(keys: tuple[BackupKey, MachineKey], tmp_path: Path) -> None:
    key, machine = keys
    newer = Header(FORMAT + 1, "9.0", NOW.isoformat(), "embedded")
    with pytest.raises(ManifestProblem, match=r"Secondline 9\.0"):
        unpack(io.BytesIO(archive(machine, {}, newer)), key, tmp_path, nothing)


def test_a_list_that_was_signed_by_another_machine_is_refused(
    keys: tuple[BackupKey, MachineKey], tmp_path: Path
) -> None:
    with pytest.raises(KeyProblem, match="somebody else"):
        unpack(io.BytesIO(archive(make_keys()[1], {"data/a": b"1"})), keys[0], tmp_path, nothing)


class _Full(io.BytesIO):
    def write(self, data: Any, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_as_what_it_is(keys: tuple[BackupKey, MachineKey]) -> None:
    with pytest.raises(OSError, match="No space left") as caught, sealing(_Full(), keys[1].recipient) as plain:
        for _ in range(100):
            plain.write(b"x" * 65536)
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize("size", [0, 1, 65536, 300_000])
def test_every_cut_is_noticed(keys: tuple[BackupKey, MachineKey], size: int) -> None:
    sealed = io.BytesIO()
    with sealing(sealed, keys[1].recipient) as plain:
        plain.write(b"x" * size)
    data = sealed.getvalue()
    with unsealing(io.BytesIO(data), keys[0].identity) as plain:
        assert len(plain.read()) == size
    for end in {0, 10, len(data) // 2, len(data) - 1}:
        with pytest.raises(NotReadable), unsealing(io.BytesIO(data[:end]), keys[0].identity) as plain:
            plain.read()


def test_a_key_in_a_file(keys: tuple[BackupKey, MachineKey], tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_key(keys[0], file, None, NOW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = BackupKey.read(file, lambda: "")
    assert (found.recipient, found.signer) == (keys[0].recipient, keys[0].signer)
    with pytest.raises(KeyProblem, match="is there already"):
        write_key(keys[0], file, None, NOW)


def test_master_keys_under_a_passphrase_open_on_another_machine_without_touching_its_disk(tmp_path: Path) -> None:
    ring, file = KeyRing(tmp_path / "keys"), tmp_path / "escrow"
    ring.make_first()
    with pytest.raises(PassphraseProblem, match="too short"):
        write_escrow(ring, file, "short")
    write_escrow(ring, file, "correct horse battery")
    assert b"secondline-key" not in file.read_bytes()
    lines = read_escrow(file, lambda: "correct horse battery")
    assert ring_in_memory(lines).current() == ring.current()
    put_keys(lines, tmp_path / "new")
    assert KeyRing(tmp_path / "new").lines() == ring.lines()
