"""The master keys: files that only this user may read, outside the database and outside its backups.

A file of keys holds a key a line: `secondline-key-1 <id> <base64>`. An id begins with the time at which its key was
made (UTC), so the greatest is the one in force; the others open what is not under it yet. Any file `*.key` of the
folder is read, so a copy of several keys in one file works as it is. The key `index` finds numbers that are sealed; it
is never replaced.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pbx.services.ports import StoreUnavailable

KEY_BYTES = 32
INDEX = "index"

_FORMAT = "secondline-key-1"
_LINE = re.compile(rf"{_FORMAT} (?P<id>index|[0-9]{{8}}T[0-9]{{6}}Z-[0-9a-f]{{8}}) (?P<key>[A-Za-z0-9+/=]+)")
_TIME = "%Y%m%dT%H%M%SZ"
_STATE_MARK = "made"
_LARGEST_FILE = 1_000_000


class KeysMissing(StoreUnavailable):
    """A master key is needed that is not there; the text says what to do. Calls wait in the spool meanwhile."""


class KeysRefused(KeysMissing):
    """The keys that are there must not or cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Kek:
    """A master key."""

    id: str
    secret: bytes = field(repr=False)

    @property
    def made_at(self) -> datetime:
        """To the second, UTC."""
        return datetime.strptime(self.id[:16], _TIME).replace(tzinfo=UTC)

    @property
    def line(self) -> str:
        """As it stands in a file."""
        return f"{_FORMAT} {self.id} {base64.b64encode(self.secret).decode()}\n"


class KeyRing:
    """All master keys. `credential` is a file of keys that the system hands over (systemd): they are read there first,
    and such a ring makes none itself."""

    def __init__(
        self,
        folder: Path,
        credential: Path | None = None,
        mark: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`mark` is a file that is there once keys were made (left out: one beside them)."""
        self.folder = folder
        self.credential = credential
        self._mark = mark or folder / _STATE_MARK
        self._now = now
        self._seen: object = None
        self._keys: Mapping[str, Kek] = {}

    def make_first(self) -> None:
        """Make the first keys where there never were any. Raises KeysMissing where there were, and OSError.

        What tells is the mark: one who loses the keys of sealed messages is to hear of it, not to go on with new ones.
        """
        if self.credential is not None:
            self.current()
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with _alone_in(self.folder):
            if not self._mark.exists():
                if INDEX not in self._read():
                    self._write(INDEX, Kek(INDEX, secrets.token_bytes(KEY_BYTES)))
                    self._seen = None
                if not self.ids():
                    self.add()
                self._mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_key_file(self._mark, "Master keys were made; see docs/encryption.md of Secondline.\n")
        self.current()

    def ids(self) -> tuple[str, ...]:
        """Ids of the master keys, the oldest first."""
        return tuple(sorted(key for key in self._read() if key != INDEX))

    def current(self) -> Kek:
        """The key in force. Raises KeysMissing."""
        keys = self._read()
        if INDEX not in keys or len(keys) < 2:
            raise KeysMissing(self._put_back("there is no key in it" if not keys else "a key is not in it"))
        return keys[max(key for key in keys if key != INDEX)]

    def key(self, kek: str, *, surely: bool = False) -> Kek:
        """A key by its id; `surely`: as it is this moment. Raises KeysMissing."""
        found = None if surely else self._read().get(kek)
        # The folder may have changed twice within one tick of the file system's clock.
        found = found or self._read(anew=True).get(kek)
        if found is None:
            raise KeysMissing(self._put_back(f"key {kek} is not in it"))
        return found

    def index_key(self) -> bytes:
        """The key of the index of numbers. Raises KeysMissing."""
        return self.key(INDEX).secret

    def add(self) -> Kek:
        """Make a master key; it is in force at once. Raises KeysRefused where the system hands the keys over."""
        if self.credential is not None:
            raise KeysRefused(
                "The keys come from the system: put a line made with `secondline keys new` into the credential, "
                "start Secondline again, and repeat this."
            )
        made = new_kek(self._now(), self.ids())
        self._write(made.id, made)
        self._seen = None
        return made

    def lines(self) -> str:
        """All keys as they stand in a file, for a copy."""
        return "".join(self._read()[key].line for key in sorted(self._read()))

    def destroy(self, kek: str) -> None:
        """Overwrite and remove a key, wherever in the folder it stands; the one in force stays. Raises KeysMissing."""
        if kek in (INDEX, self.current().id):
            raise KeysRefused(f"Key {kek} is in force: rotate first.")
        if self.credential is not None:
            raise KeysRefused(f"The keys come from the system: take the line of key {kek} out of the credential.")
        for path in self._files():
            kept = [line for line in path.read_text("ascii").splitlines(keepends=True) if line.split()[1:2] != [kek]]
            _overwrite(path)
            if kept:
                write_key_file(path, "".join(kept))
            else:
                path.unlink()
        _sync(self.folder)
        self._seen = None

    def _read(self, *, anew: bool = False) -> Mapping[str, Kek]:
        """All keys, read again where the folder changed."""
        try:
            seen: object = (self.credential or self.folder).stat().st_mtime_ns
        except FileNotFoundError:
            seen = None
        if anew or seen != self._seen or seen is None:
            for path in self._files():
                # A credential's mode shows the mask of its access list (systemd, exec-credential.c), not who may read.
                if path != self.credential and path.stat().st_mode & 0o077:
                    raise KeysRefused(f"{path} can be read by others than its owner: run chmod 400 {path}.")
            self._keys = {kek.id: kek for path in self._files() for kek in _keys_in(path)}
            self._seen = seen
        return self._keys

    def _files(self) -> list[Path]:
        return [self.credential] if self.credential else sorted(self.folder.glob("*.key"))

    def _write(self, name: str, kek: Kek) -> None:
        write_key_file(self.folder / f"{name}.key", kek.line)

    def _put_back(self, what: str) -> str:
        if self.credential is not None:
            return f"What is sealed cannot be read: {what} (credential {self.credential.name}). Put the key back there."
        return (
            f"What is sealed cannot be read: {what} ({self.folder}). Put your copy of the keys back into that folder."
        )


def new_kek(now: datetime, others: tuple[str, ...] = ()) -> Kek:
    """A new random key with an id greater than all `others`, also where the clock was set back."""
    at = now.astimezone(UTC)
    if others:
        at = max(at, Kek(max(others), b"").made_at + timedelta(seconds=1))
    return Kek(f"{at.strftime(_TIME)}-{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES))


def write_key_file(path: Path, text: str) -> None:
    """Put `text` at `path` (mode 0400), whole or not at all, and durably. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync(path.parent)


def _keys_in(path: Path) -> Iterator[Kek]:
    try:
        text = path.read_text("ascii")[:_LARGEST_FILE]
    except FileNotFoundError:
        return
    except (UnicodeDecodeError, PermissionError) as error:
        raise KeysRefused(f"{path} is no file of keys, or cannot be read: put it right from your copy.") from error
    for line in text.splitlines():
        yield _key_of(line, path)


def _key_of(line: str, path: Path) -> Kek:
    match = _LINE.fullmatch(line.strip())
    try:
        secret = base64.b64decode(match["key"], validate=True) if match else b""
    except binascii.Error:
        secret = b""
    if match is None or len(secret) != KEY_BYTES:
        raise KeysRefused(f"{path} is damaged: put it right from your copy of the keys.")
    return Kek(match["id"], secret)


def _overwrite(path: Path) -> None:
    """So that the disk block itself is gone where the file system writes in place; see docs/encryption.md."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.write(secrets.token_bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """While a server and a command start at the same time, one of them makes the keys."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
