"""Where the embedded server's socket lies, and the DSN that leads there."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from pbx.store.account import Account
from pbx.store.down import DatabaseDown

USER = "postgres"
APPLICATION = "secondline_app"
"""The role of the program itself, which owns nothing."""

SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107
"""Longest path of a Unix socket (unix(7): sun_path, without its final zero)."""

_PLAIN = re.compile(r"[\w./ +@=-]+", re.ASCII)


def dsn_of(sockets: Path, role: str = USER) -> str:
    """The DSN of the server whose socket lies in the folder `sockets`, for `role`."""
    # Everything is said, so that PGHOST, PGPORT or PGSSLMODE of the environment change nothing.
    return f"postgresql://{role}@/{USER}?host={quote(str(sockets), safe='/')}&port=5432&sslmode=disable"


def socket_folder(folder: Path) -> Path:
    """Where the socket lies: beside the data, or in a short folder where that path is too long or too odd for a DSN."""
    if _fits(folder) and _PLAIN.fullmatch(str(folder)):
        return folder
    name = f"secondline-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    roots = (Path(root) for root in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp") if root)
    return next(root / name for root in roots if _fits(root / name) and root.is_dir())


def make_socket_folder(folder: Path, account: Account) -> Path:
    """Make the folder of the socket, for nobody else to enter. Raises `DatabaseDown` if a stranger made it before."""
    sockets = socket_folder(folder)
    sockets.mkdir(mode=0o700, exist_ok=True)
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.uid):
        raise DatabaseDown(f"{sockets} belongs to somebody else: remove it, or choose a shorter --data folder.")
    account.own(sockets)
    return sockets


def remove_socket_folder(folder: Path) -> None:
    """Remove the folder of the socket where it is not that of the data and is not in use."""
    if (sockets := socket_folder(folder)) != folder:
        with suppress(OSError):
            sockets.rmdir()


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= _SOCKET_PATH_BYTES
