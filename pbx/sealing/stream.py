"""Sealed files: audio in chunks of 64 KiB, each of which opens alone, so that playing can begin anywhere.

A file is a header and its chunks. The header says whose the file is and what, holds the data key wrapped as it was when
the file was written (so that a file whose row was lost can still be taken in), and a salt. Each file has a key of its
own, derived from the data key and the salt; under it a chunk's nonce is its number. Each chunk's associated data are
the header's hash, the subject, the kind, the chunk's number and whether it is the last: a flipped bit, a chunk left
out, moved, or cut off, and a file in the place of another are all found.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pbx.domain.sealed import WrappedKey
from pbx.sealing.vault import NONCE_BYTES, TAG_BYTES, WRAPPED_BYTES, DataKey, Unopenable, Vault

CHUNK_BYTES = 65536

_MAGIC = b"SLSEAL\x00\x01"
_SALT_BYTES = 16
_FIXED = struct.Struct(f">{len(_MAGIC)}sI16s16s{WRAPPED_BYTES}s{_SALT_BYTES}sBB")
"""Magic, chunk size, subject, the key's fingerprint, the wrapped key, salt, lengths of kind and of the key's id."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the chunks."""

    kind: str
    key: WrappedKey
    salt: bytes
    chunk: int = CHUNK_BYTES

    def to_bytes(self) -> bytes:
        kind, kek = self.kind.encode(), self.key.kek.encode()
        fixed = (_MAGIC, self.chunk, self.key.subject.bytes, self.key.fingerprint.encode(), self.key.wrapped, self.salt)
        return _FIXED.pack(*fixed, len(kind), len(kek)) + kind + kek

    @classmethod
    def read(cls, file: BinaryIO) -> Header:
        """The header at the start of `file`. Raises Unopenable."""
        try:
            magic, chunk, subject, print_, wrapped, salt, kind, kek = _FIXED.unpack(file.read(_FIXED.size))
            names = file.read(kind + kek).decode("ascii")
            if magic != _MAGIC or len(names) != kind + kek or not 0 < chunk <= 1 << 24:
                raise ValueError
            wrapped_key = WrappedKey(UUID(bytes=subject), names[kind:], wrapped, print_.decode("ascii"))
            return cls(names[:kind], wrapped_key, salt, chunk)
        except (struct.error, ValueError):
            raise Unopenable("The sealed file is damaged at its start: restore it from a backup.") from None


def seal_stream(source: BinaryIO, target: BinaryIO, key: DataKey, wrapped: WrappedKey, kind: str) -> None:
    """Seal all of `source` into `target`. `wrapped` is `key` under a master key. Raises OSError."""
    header = Header(kind, wrapped, secrets.token_bytes(_SALT_BYTES))
    target.write(header.to_bytes())
    cipher = _Chunks(header, key)
    for number, plain, last in _pieces(source, header.chunk):
        target.write(cipher.seal(number, plain, last=last))


class SealedFile(io.RawIOBase):
    """The plain bytes of a sealed file, read only, from any place. Reading raises Unopenable where it was changed."""

    def __init__(
        self, file: BinaryIO, vault: Vault, subject: UUID, kind: str, wrapped: WrappedKey | None = None
    ) -> None:
        """`wrapped` is the subject's key as the database has it; None: the one that the file itself holds.

        Raises Unopenable if the file is another's or was changed, and KeysMissing.
        """
        self._file = file
        self.header = Header.read(file)
        if self.header.key.subject != subject or self.header.kind != kind:
            raise Unopenable(f"The sealed file of {subject} holds something else: restore it from a backup.")
        self._start = len(self.header.to_bytes())
        self._chunks = _Chunks(self.header, vault.unwrap(wrapped or self.header.key))
        self._body = os.fstat(file.fileno()).st_size - self._start
        whole = self.header.chunk + TAG_BYTES
        self._count = max(1, -(-self._body // whole))
        self.size = self._body - self._count * TAG_BYTES
        self._at = 0
        self._opened: tuple[int, bytes] = (-1, b"")
        if self.size < 0:
            raise self._chunks.changed()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        number, within = divmod(self._at, self.header.chunk)
        if self._at >= self.size:
            if self.size == 0:
                self._piece(0)  # that there is nothing in it is sealed too
            return 0
        piece = self._piece(number)[within : within + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if self._opened[0] != number:
            whole = self.header.chunk + TAG_BYTES
            self._file.seek(self._start + number * whole)
            sealed = self._file.read(whole)
            self._opened = (number, self._chunks.open(number, sealed, last=number == self._count - 1))
        return self._opened[1]


def open_sealed(path: Path, vault: Vault, subject: UUID, kind: str, wrapped: WrappedKey | None = None) -> SealedFile:
    """A sealed file by its path; see SealedFile. Raises Unopenable, KeysMissing and OSError."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
    try:
        return SealedFile(file, vault, subject, kind, wrapped)
    except BaseException:
        file.close()
        raise


class _Chunks:
    def __init__(self, header: Header, key: DataKey) -> None:
        self._cipher = AESGCM(key.derive(b"stream", header.salt))
        self._subject = header.key.subject
        self._about = hashlib.sha256(header.to_bytes()).digest() + self._subject.bytes + header.kind.encode()

    def seal(self, number: int, plain: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(_nonce(number), plain, self._about_chunk(number, last))

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number), sealed, self._about_chunk(number, last))
        except (InvalidTag, ValueError):
            raise self.changed() from None

    def changed(self) -> Unopenable:
        return Unopenable(
            f"The sealed file of {self._subject} was changed since it was written: restore it from a backup."
        )

    def _about_chunk(self, number: int, last: bool) -> bytes:
        return self._about + b"|%d|%d" % (number, last)


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "big")


def _pieces(source: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """The chunks with their numbers; the last one is known by what follows it."""
    number, piece = 0, source.read(size)
    while True:
        following = source.read(size) if len(piece) == size else b""
        yield number, piece, not following
        if not following:
            return
        number, piece = number + 1, following
