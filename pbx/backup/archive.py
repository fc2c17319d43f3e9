"""The archive inside a backup: a tar stream whose last members are the list of all others and its signature."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from pbx.backup.key import BackupKey
from pbx.backup.manifest import HEADER, MANIFEST, SIGNATURE, Header, Manifest, ManifestProblem, Part, header_from

DATABASE = "database"
PIECE = 4 << 20
"""A dump's length is not known before its end, so it stands in the archive in pieces of so many bytes."""

LARGEST_IN_MEMORY = 64 << 20
_BUFFER = 1 << 18
_NO_BACKUP = "this is no backup of Secondline, or it is damaged"
_NAME = re.compile(r"[^/\x00-\x1f\x7f]+(?:/[^/\x00-\x1f\x7f]+)*")

Progress = Callable[[int], None]
"""Told of every so many bytes that are done."""


class Writer:
    """Writes an archive into `target`, part after part, and keeps account of them."""

    def __init__(self, target: BinaryIO, progress: Progress) -> None:
        # Closed by `close` alone: what has no end is no backup.
        self._tar = tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_BUFFER)  # noqa: SIM115
        self._progress = progress
        self.parts: list[Part] = []
        self.names: set[str] = set()

    def add_header(self, header: Header) -> None:
        self._put(HEADER, json.dumps(asdict(header)).encode())

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a part that is in memory."""
        self._put(name, data)
        self._count(Part(name, len(data), hashlib.sha256(data).hexdigest()))

    def add_file(self, name: str, path: Path) -> bool:
        """Add a file as long as it is now; one that is not there any more, or is no plain file, is left out (False).

        Raises OSError if it cannot be read.
        """
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                seen = os.fstat(handle)
                if not stat.S_ISREG(seen.st_mode):
                    return False
                source = _Hashed(file, self._progress, seen.st_size)
                self._tar.addfile(_member(name, seen.st_size), source)
                self._count(Part(name, seen.st_size, source.sha256))
                return True
        return False

    def add_stream(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add what comes piece by piece, as parts `name/000000` and so on."""
        for number, piece in enumerate(_regular(pieces)):
            self.add_bytes(f"{name}/{number:06}", piece)

    def close(self, manifest: Manifest, sign: Callable[[bytes], bytes]) -> None:
        """End the archive with the list of its parts."""
        data = manifest.to_bytes()
        self._put(MANIFEST, data)
        self._put(SIGNATURE, sign(data))
        self._tar.close()

    def _put(self, name: str, data: bytes) -> None:
        self._tar.addfile(_member(name, len(data)), io.BytesIO(data))
        self._progress(len(data))

    def _count(self, part: Part) -> None:
        self.parts.append(part)
        self.names.add(part.name)


def unpack(source: BinaryIO, key: BackupKey, into: Path, progress: Progress) -> Manifest:
    """Write every part to its name under the empty folder `into`, and hold all against the signed list.

    Raises ManifestProblem, KeyProblem or OSError; then what lies in `into` is worthless.
    """
    seen: dict[str, Part] = {}
    ends: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=source, mode="r|", bufsize=_BUFFER) as tar:
            for member in tar:
                _take_in(tar, member, seen, ends, (into, progress))
    except tarfile.TarError:
        raise ManifestProblem(_NO_BACKUP) from None
    if MANIFEST not in ends or SIGNATURE not in ends:
        raise ManifestProblem("the backup has no end: use another copy or an older backup")
    key.check(ends[MANIFEST], ends[SIGNATURE])
    manifest = Manifest.from_bytes(ends[MANIFEST])
    _compare(manifest, seen)
    return manifest


def _take_in(
    tar: tarfile.TarFile,
    member: tarfile.TarInfo,
    seen: dict[str, Part],
    ends: dict[str, bytes],
    target: tuple[Path, Progress],
) -> None:
    if not ends:
        header_from(_json(_content(tar, member, HEADER)))
        ends[HEADER] = b""
    elif member.name in (MANIFEST, SIGNATURE):
        ends[member.name] = _content(tar, member, member.name)
    else:
        part = _unpack_one(tar, member, *target)
        seen[part.name] = part


def _compare(manifest: Manifest, seen: dict[str, Part]) -> None:
    wanted = {part.name: part for part in manifest.parts}
    if wrong := sorted(name for name in wanted.keys() | seen.keys() if wanted.get(name) != seen.get(name)):
        raise ManifestProblem(
            f"{len(wrong)} parts of the backup are not as its list says: use another copy or an older backup"
        )


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path, progress: Progress) -> Part:
    path = into / checked_name(member.name)
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise ManifestProblem("the backup holds something that is no plain file: use another backup")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        while chunk := content.read(_BUFFER):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            progress(len(chunk))
        file.flush()
        os.fsync(file.fileno())
    return Part(member.name, size, digest.hexdigest())


def checked_name(name: str) -> str:
    """A name that stays below the folder it is put under. Raises ManifestProblem."""
    if not _NAME.fullmatch(name) or {".", ".."} & set(name.split("/")):
        raise ManifestProblem("the backup holds a name that leads out of its folder: use another backup")
    return name


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> bytes:
    content = tar.extractfile(member) if member.isreg() and member.name == name else None
    if content is None or member.size > LARGEST_IN_MEMORY:
        raise ManifestProblem(_NO_BACKUP)
    return content.read()


def _json(data: bytes) -> object:
    try:
        found: object = json.loads(data)
    except ValueError:
        return None
    return found


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _regular(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


class _Hashed(io.RawIOBase):
    """A file of which exactly `size` bytes are read: what grows stays as long as it was, what shrinks is filled up."""

    def __init__(self, file: BinaryIO, progress: Progress, size: int) -> None:
        self._file, self._progress, self._left = file, progress, size
        self._digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted).ljust(wanted, b"\0")
        self._left -= len(data)
        self._digest.update(data)
        self._progress(len(data))
        return data

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
