"""Where everything of one practice lies on the disk."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

PRIVATE_DIR = 0o700
MARKER = ".mounted"
"""A file of this name tells that a spool folder is really there: Asterisk would make a folder that is missing, and
fill the wrong disk (apps/app_record.c)."""

_SAFE_PATH = re.compile(r"/[\w/.+@~-][\w/.+@~ -]*")
_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes (unix(7)); Asterisk appends its own socket's name
_CONTROL_SOCKET = "asterisk.ctl"


class UnusablePath(Exception):
    """The data folder cannot be used; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders and files under the data folder `data` (absolute)."""

    data: Path

    def __post_init__(self) -> None:
        # Asterisk's dialplan splits its arguments at commas and has no way to quote them.
        if not self.data.is_absolute() or not _SAFE_PATH.fullmatch(str(self.data)):
            raise UnusablePath(
                f"The data folder {self.data} has a character in its path that the telephone system cannot take: "
                "choose one of letters, digits, spaces and ./_-+@~ with --data."
            )

    @property
    def lock(self) -> Path:
        return self.data / "secondline.lock"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.json"

    @property
    def hook_secrets(self) -> Path:
        """With what events for programs are signed."""
        return self.data / "webhook-secrets.json"

    @property
    def swaps(self) -> Path:
        """The swaps on the rotas as they were last known."""
        return self.data / "swaps.json"

    @property
    def pins(self) -> Path:
        """The PINs as they were last known, and the wrong tries."""
        return self.data / "pins.json"

    @property
    def overrides(self) -> Path:
        """The overrides as they were last known."""
        return self.data / "overrides.json"

    @property
    def own_greetings(self) -> Path:
        """Which greetings people recorded by phone."""
        return self.data / "own-greetings.json"

    @property
    def own_sounds(self) -> Path:
        """The sound of those greetings."""
        return self.data / "own-greetings"

    @property
    def private(self) -> Path:
        """Sounds about patients, each for a moment of one talk."""
        return self.data / "private"

    @property
    def ports(self) -> Path:
        return self.data / "ports.json"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def greetings(self) -> Path:
        return self.data / "greetings"

    @property
    def spool(self) -> Path:
        return self.data / "spool"

    @property
    def spare(self) -> Path:
        return self.data / "spare"

    @property
    def messages(self) -> Path:
        return self.data / "messages"

    @property
    def calendars(self) -> Path:
        return self.data / "calendars"

    @property
    def etc(self) -> Path:
        return self.data / "asterisk" / "etc"

    @property
    def log(self) -> Path:
        return self.data / "asterisk" / "log"

    @property
    def lib(self) -> Path:
        return self.data / "asterisk" / "lib"

    @property
    def run(self) -> Path:
        """Asterisk's run folder: a short private one in the machine's temporary folder where a socket's path would
        get too long."""
        usual = self.data / "asterisk" / "run"
        if len(os.fsencode(usual / _CONTROL_SOCKET)) <= _LONGEST_SOCKET_PATH:
            return usual
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"secondline-{os.getuid()}-{name}"

    @property
    def asterisk_conf(self) -> Path:
        return self.etc / "asterisk.conf"

    @property
    def control_socket(self) -> Path:
        return self.run / _CONTROL_SOCKET

    @property
    def operator_socket(self) -> Path:
        """Where the server takes the operator's commands."""
        return self.run / "secondline.sock"

    @property
    def pid_file(self) -> Path:
        return self.run / "asterisk.pid"

    @property
    def output(self) -> Path:
        """What Asterisk prints before its own log is open."""
        return self.log / "output"

    @property
    def messages_log(self) -> Path:
        return self.log / "messages"

    @property
    def security_log(self) -> Path:
        """Who failed to prove who they are, for the practice's ban list."""
        return self.log / "security"

    @property
    def cel(self) -> Path:
        return self.log / "cel-custom" / "calls.csv"

    def make(self) -> None:
        """Make every folder that is missing, for nobody but this user. Raises UnusablePath.

        A spool that is missing is made and marked; one that is there without its marker stays unmarked, because then
        its disk is not mounted.
        """
        asterisk = (self.etc.parent, self.etc, self.log, self.lib, self.cel.parent)
        for folder in (self.data, self.greetings, self.own_sounds, self.private, self.messages, *asterisk):
            folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        for folder in (self.spool, self.spare):
            _make_spool(folder)
        _make_own(self.run)


def _make_spool(folder: Path) -> None:
    if folder.is_dir():
        return
    # Made aside, so that no crash leaves a folder behind that looks like one whose disk is away.
    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(mode=PRIVATE_DIR, exist_ok=True)
    (part / MARKER).touch(mode=0o600)
    part.rename(folder)


def _make_own(folder: Path) -> None:
    # The temporary folder is everybody's: a folder of that name that somebody else made is a trap.
    folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise UnusablePath(f"{folder} belongs to somebody else: remove it, or choose a shorter --data path.")
