"""What is sealed opens for whom it was sealed, and for nobody and nothing else."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sealing.keys import KeyRing, KeysMissing
from pbx.sealing.stream import CHUNK_BYTES, Header, SealedFile, open_sealed, seal_stream
from pbx.sealing.vault import DataKey, Unopenable, Vault

ROOT = Path(__file__).parents[3]
SUBJECT = uuid4()
EDGES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 17]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    ring = KeyRing(tmp_path_factory.mktemp("keys"))
    ring.make_first()
    return Vault(ring)


def flipped(data: bytes, bit: int) -> bytes:
    at, within = divmod(bit % (len(data) * 8), 8)
    return data[:at] + bytes([data[at] ^ 1 << within]) + data[at + 1 :]


@given(plain=st.binary(max_size=200), bit=st.integers(0, 1 << 20))
@settings(max_examples=60, deadline=None)
def test_a_value_opens_whole_or_not_at_all(plain: bytes, bit: int) -> None:
    key = DataKey(SUBJECT, bytes(32))
    sealed = key.seal("caller", plain)
    assert key.open("caller", sealed) == plain
    with pytest.raises(Unopenable, match="restore"):
        key.open("caller", flipped(sealed, bit))


def test_a_value_does_not_open_as_another_kind_or_for_another() -> None:
    key = DataKey(SUBJECT, bytes(32))
    sealed = key.seal_text("caller", "+17175550123")
    with pytest.raises(Unopenable):
        key.open("transcript", sealed)
    with pytest.raises(Unopenable):
        DataKey(uuid4(), bytes(32)).open("caller", sealed)
    assert key.seal_text("caller", "+17175550123") != sealed


def test_a_wrapped_key_opens_for_its_subject_alone(vault: Vault) -> None:
    key = vault.new_key(SUBJECT)
    wrapped = vault.wrap(key)
    assert vault.unwrap(wrapped) == key
    assert key.secret not in wrapped.wrapped
    for changed in (
        type(wrapped)(uuid4(), wrapped.kek, wrapped.wrapped, wrapped.fingerprint),
        type(wrapped)(SUBJECT, wrapped.kek, flipped(wrapped.wrapped, 77), wrapped.fingerprint),
    ):
        with pytest.raises(Unopenable):
            vault.unwrap(changed)


def test_a_key_is_the_same_under_a_new_master_key(vault: Vault) -> None:
    key = vault.new_key(SUBJECT)
    old = vault.wrap(key)
    vault.ring.add()
    new = vault.rewrap(old)
    assert new.kek == vault.ring.current().id != old.kek
    assert vault.unwrap(new) == vault.unwrap(old) == key
    assert new.fingerprint == old.fingerprint


def test_equal_numbers_have_equal_indexes_and_others_do_not(vault: Vault) -> None:
    assert vault.index("+17175550123") == vault.index("+17175550123") != vault.index("+17175550124")
    assert b"7175550123" not in vault.index("+17175550123")


def sealed_file(vault: Vault, key: DataKey, plain: bytes) -> bytes:
    target = io.BytesIO()
    seal_stream(io.BytesIO(plain), target, key, vault.wrap(key), "audio")
    return target.getvalue()


def opened(vault: Vault, path: Path, data: bytes) -> SealedFile:
    path.write_bytes(data)
    return open_sealed(path, vault, SUBJECT, "audio")


@pytest.mark.parametrize("size", EDGES)
def test_a_file_opens_at_every_place(vault: Vault, tmp_path: Path, size: int) -> None:
    plain = bytes(i * 7 % 251 for i in range(size))
    data = sealed_file(vault, vault.new_key(SUBJECT), plain)
    with opened(vault, tmp_path / "a", data) as file:
        assert file.size == size
        assert file.read() == plain
        buffered = io.BufferedReader(file)
        for at in (size // 2, max(0, size - 3), CHUNK_BYTES - 2, 0, size + 5):
            buffered.seek(at)
            assert buffered.read(10) == plain[at : at + 10]
        buffered.detach()
    assert plain[: CHUNK_BYTES // 2] not in data or size < 2


@given(bit=st.integers(0, 1 << 24))
@settings(max_examples=80, deadline=None)
def test_a_flipped_bit_anywhere_is_found(vault: Vault, tmp_path_factory: pytest.TempPathFactory, bit: int) -> None:
    data = _big_file(vault)
    path = tmp_path_factory.getbasetemp() / "flipped"
    # In the id of the master key: it is one that is not there.
    with pytest.raises((Unopenable, KeysMissing)), opened(vault, path, flipped(data, bit)) as file:
        file.read()


_kept: list[bytes] = []


def _big_file(vault: Vault) -> bytes:
    if not _kept:
        _kept.append(sealed_file(vault, vault.new_key(SUBJECT), bytes(CHUNK_BYTES + 100)))
    return _kept[0]


def test_chunks_left_out_moved_cut_off_or_added_are_found(vault: Vault, tmp_path: Path) -> None:
    key, whole = vault.new_key(SUBJECT), CHUNK_BYTES + 16
    data = sealed_file(vault, key, bytes(3 * CHUNK_BYTES))
    start = len(data) - 3 * whole
    head, parts = data[:start], [data[start + i * whole : start + (i + 1) * whole] for i in range(3)]
    again = sealed_file(vault, key, bytes(3 * CHUNK_BYTES))
    for wrong in (
        head + parts[0] + parts[2],
        head + parts[1] + parts[0] + parts[2],
        head + parts[0] + parts[1],
        data[:-1],
        data + parts[2],
        data + b"x",
        head,
        head[:40],
        head + again[start : start + whole] + parts[1] + parts[2],  # the same key, another file
    ):
        with pytest.raises(Unopenable), opened(vault, tmp_path / "a", wrong) as file:
            file.read()


def test_a_file_of_another_or_of_another_kind_is_refused(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(sealed_file(vault, vault.new_key(SUBJECT), b"words"))
    with pytest.raises(Unopenable):
        open_sealed(tmp_path / "a", vault, uuid4(), "audio")
    with pytest.raises(Unopenable):
        open_sealed(tmp_path / "a", vault, SUBJECT, "note")


def test_a_file_opens_with_the_key_of_its_row_when_its_own_master_key_is_gone(vault: Vault, tmp_path: Path) -> None:
    key = vault.new_key(SUBJECT)
    (tmp_path / "a").write_bytes(sealed_file(vault, key, b"words"))
    row = vault.wrap(key)
    vault.ring.add()
    row = vault.rewrap(row)
    with (tmp_path / "a").open("rb") as file:
        old = Header.read(file).key.kek
    vault.ring.destroy(old)
    with open_sealed(tmp_path / "a", vault, SUBJECT, "audio", row) as sealed:
        assert sealed.read() == b"words"


def test_no_other_package_encrypts() -> None:
    command = [
        "git",
        "grep",
        "-lE",
        r"primitives\.ciphers|[Ff]ernet|HKDF",
        "--",
        "pbx/*.py",
        "agi/*.py",
        "voicemail/*.py",
    ]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert [name for name in found if not name.startswith("pbx/sealing/")] == []
