"""Under which account of the system the embedded PostgreSQL runs, and how it gets there.

PostgreSQL refuses to run as root. Where Secondline runs as root, the server runs as an unprivileged account that
exists already; nothing is added to the system. That account cannot pass through the data folder (0700, root's), and
opening the folders above would open them to everybody; instead the server keeps the one capability of passing through
folders (capabilities(7), `setpriv --ambient-caps`). An ordinary user needs none of this.
"""

from __future__ import annotations

import os
import pwd
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CANDIDATES = ("secondline", "postgres", "nobody")
_PASSING = {"dac_read_search": 2, "dac_override": 1}
"""Capabilities that let a process pass through folders, the smallest first, with their numbers (capabilities(7))."""


class NoAccount(Exception):
    """There is no way to run PostgreSQL here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns the cluster, and the words before a command that run it as that account."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def own(self, path: Path) -> None:
        """Give a folder to the account, for nobody else to enter."""
        path.chmod(0o700)
        if (path.stat().st_uid, path.stat().st_gid) != (self.uid, self.gid):
            os.chown(path, self.uid, self.gid)


def account_for(folder: Path) -> Account:
    """The account for the cluster in `folder`: the owner of one that exists. Raises `NoAccount` with a remedy."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    ids = _owner(folder) or _first_candidate()
    setpriv = shutil.which("setpriv")
    if ids is None or setpriv is None:
        raise NoAccount("PostgreSQL does not run as root: start Secondline as an ordinary user.")
    uid, gid = ids
    words = [setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    passing = _passing_capability()
    if passing is not None:
        words += [f"--inh-caps=+{passing}", f"--ambient-caps=+{passing}"]
    return Account(uid, gid, (*words, "--"))


def _owner(folder: Path) -> tuple[int, int] | None:
    if not folder.exists() or folder.stat().st_uid == 0:
        return None
    return folder.stat().st_uid, folder.stat().st_gid


def _first_candidate() -> tuple[int, int] | None:
    for name in _CANDIDATES:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    return None


def _passing_capability() -> str | None:
    status = Path("/proc/self/status").read_text("ascii", "replace")
    held = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")), 0)
    return next((name for name, number in _PASSING.items() if held >> number & 1), None)
