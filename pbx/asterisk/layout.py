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

TEXTS = "texts"
"""In each spool folder, the one for texts: calls and texts are taken in apart from each other."""

SPOOL_FULL = ".spool-full"
"""A file of this name in the spare folder tells the dialplan not to try the spool."""

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
    def keys(self) -> Path:
        """The master keys, where the practice's file names no other place. Whoever copies the data folder for a backup
        keeps them apart from it."""
        return self.data / "keys"

    @property
    def keys_made(self) -> Path:
        """There once master keys were made: where they are missing then, they were lost."""
        return self.data / "keys.made"

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
    def alarms(self) -> Path:
        """Which troubles people were told of."""
        return self.data / "alarms.json"

    @property
    def own_greetings(self) -> Path:
        """Which greetings people recorded by phone."""
        return self.data / "own-greetings.json"

    @property
    def own_sounds(self) -> Path:
        """The sound of those greetings."""
        return self.data / "own-greetings"

    @property
    def audit(self) -> Path:
        """What stands behind the audit outside of the database."""
        return self.data / "audit"

    @property
    def audit_key(self) -> Path:
        """The key that signs its checkpoints."""
        return self.audit / "key.pem"

    @property
    def checkpoints(self) -> Path:
        return self.audit / "checkpoints.jsonl"

    @property
    def audit_journal(self) -> Path:
        """What the audit is yet to be told."""
        return self.audit / "journal.jsonl"

    @property
    def private(self) -> Path:
        """Sounds about patients, each for a moment of one talk."""
        return self.data / "private"

    @property
    def backup_key(self) -> Path:
        """Whom backups are encrypted for, and with what they are signed."""
        return self.data / "backup-key.json"

    @property
    def backups(self) -> Path:
        """What is known of the last backup and of the last trial of one."""
        return self.data / "backups.json"

    @property
    def restoring(self) -> Path:
        """Where a backup is unpacked; while it is there the folder is not whole."""
        return self.data / ".restoring"

    @property
    def ports(self) -> Path:
        return self.data / "ports.json"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def tls(self) -> Path:
        """What phones trust, and what they are shown."""
        return self.data / "tls"

    @property
    def tls_server(self) -> Path:
        """Certificate, chain and key, as Asterisk reads them."""
        return self.tls / "server.pem"

    @property
    def tls_authority(self) -> Path:
        """The practice's own authority, with its key."""
        return self.tls / "authority.pem"

    @property
    def tls_authority_certificate(self) -> Path:
        """What phones are told to trust: it holds no secret."""
        return self.tls / "ca.pem"

    @property
    def bans(self) -> Path:
        """From where nobody is let in, and until when."""
        return self.data / "bans.json"

    @property
    def registrations(self) -> Path:
        """From where each phone registered before."""
        return self.data / "registrations.json"

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
    def emergencies(self) -> Path:
        """Calls to the emergency services that people are yet to hear of."""
        return self.data / "emergencies"

    @property
    def calls_out(self) -> Path:
        """Today's calls outside, as the limits count them."""
        return self.data / "calls-out.json"

    @property
    def plans(self) -> Path:
        """What the dialplan does by itself, a file a number."""
        return self.data / "plans"

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
    def start_lock(self) -> Path:
        """Held by whoever starts Asterisk."""
        return self.run / "asterisk.start"

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
        if self.restoring.exists():
            raise UnusablePath(f"A restore into {self.data} is not done: repeat `secondline restore` with this folder.")
        asterisk = (self.etc.parent, self.etc, self.log, self.lib, self.cel.parent)
        for folder in (
            self.data,
            self.greetings,
            self.own_sounds,
            self.private,
            self.messages,
            self.emergencies,
            self.audit,
            self.plans,
            *asterisk,
        ):
            folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        for folder in (self.spool, self.spare):
            _make_spool(folder)
            if (folder / MARKER).exists():
                (folder / TEXTS).mkdir(mode=PRIVATE_DIR, exist_ok=True)
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
