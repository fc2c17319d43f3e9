"""apt with a folder of its own: it asks a mirror and downloads, needs no root and leaves the system alone.

The machine's own apt settings (proxy, certificates, mirror credentials) still hold; only the paths are ours.
"""

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.mirrors import Mirror

Say = Callable[[str], None]

_EXPIRED = re.compile(r"Release file .* is expired|Valid-Until")
_SENTENCES = (
    (
        re.compile(r"No space left on device|enough free space", re.IGNORECASE),
        "the disk is full: make room, or point SECONDLINE_TOOLS to a folder on another disk",
    ),
    (
        re.compile(r"resolv|Could not connect|Connection (failed|timed out|refused)|Network is unreachable", re.I),
        "the Debian mirror in this machine's apt sources cannot be reached: "
        "check the network and apt's proxy setting (what was downloaded is kept)",
    ),
    (
        re.compile(r"NO_PUBKEY|GPG error|is not signed|signatures? (couldn't|were invalid)", re.IGNORECASE),
        "the mirror's signature cannot be checked: install or renew the package debian-archive-keyring",
    ),
    (
        re.compile(r"does not have a Release file|Unable to locate package|404 +Not Found"),
        "the mirror does not carry these packages",
    ),
    (
        re.compile(r"Hash Sum mismatch|File has unexpected size|Mirror sync in progress"),
        "the mirror is being updated at this moment: try again in a few minutes",
    ),
)


class AptError(Exception):
    """apt could not do it; the text is a sentence saying what to do."""


@dataclass(frozen=True)
class Deb:
    """A package file as apt names it, and its size in bytes."""

    file: str
    size: int


@dataclass(frozen=True)
class Apt:
    """apt for one mirror and suite; lists and downloads are under `folder`, kept from one run to the next."""

    folder: Path
    mirror: Mirror
    suite: str
    architecture: str
    say: Say

    @property
    def archives(self) -> Path:
        """Where the .deb files are."""
        return self.folder / "archives"

    def update(self) -> None:
        """Fetch the suite's signed index, past its date if need be (said aloud). Raises AptError."""
        self._configure()
        self.say(f"asking the machine's Debian mirror for its index of {self.suite}")
        status, output = self._run("update")
        if status and _EXPIRED.search(output):
            self.say(
                "NOTE: this mirror's index is past its date (Valid-Until), so the newest security "
                "fixes may be missing. Going on without the date check; signatures are still checked."
            )
            self._configure(check_date=False)
            status, output = self._run("update")
        if status:
            raise AptError(sentence(output))

    def plan(self, packages: Sequence[str]) -> list[Deb]:
        """All the files that `packages` need on an empty system. Raises AptError."""
        empty = self.folder / "none"
        (empty / "partial").mkdir(parents=True, exist_ok=True)
        status, output = self._run("install", "--print-uris", "-o", f"Dir::Cache::archives={empty}", *packages)
        debs = [Deb(name, int(size)) for name, size in re.findall(r"^'[^']+' (\S+\.deb) (\d+) ", output, re.MULTILINE)]
        if status or not debs:
            raise AptError(sentence(output))
        return debs

    def download(self, packages: Sequence[str], debs: Sequence[Deb]) -> None:
        """Fetch what is not here yet of the files of `plan`. Raises AptError."""
        total = sum(deb.size for deb in debs)
        command = self._command("install", "--download-only", *packages)
        with (self.folder / "apt.log").open("w+b") as log:
            with subprocess.Popen(command, env=in_english(), stdout=log, stderr=log) as apt:
                try:
                    self._watch(apt, total)
                except BaseException:
                    apt.terminate()
                    raise
            log.seek(0)
            output = log.read().decode(errors="replace")
        if apt.returncode:
            raise AptError(sentence(output))

    def _watch(self, apt: "subprocess.Popen[bytes]", total: int) -> None:
        told = time.monotonic()
        while apt.poll() is None:
            try:
                apt.wait(timeout=1)
            except subprocess.TimeoutExpired:
                if time.monotonic() - told >= 3:
                    told = time.monotonic()
                    self.say(f"downloaded {megabytes(self._fetched())} of {megabytes(total)}")

    def _fetched(self) -> int:
        size = 0
        for path in self.archives.rglob("*.deb"):
            with contextlib.suppress(FileNotFoundError):  # apt moves each out of partial/ when it is whole
                size += path.stat().st_size
        return size

    def _configure(self, *, check_date: bool = True) -> None:
        for folder in (self.folder / "lists/partial", self.archives / "partial", self.folder / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "status").write_text("")
        (self.folder / "sources.list").write_text(
            f"deb [arch={self.architecture} signed-by={self.mirror.keyring}] {self.mirror.uri} {self.suite} main\n"
        )
        here = str(self.folder)
        # Hooks and pins of the machine are for its own packages: some images delete the system's cache so.
        (self.folder / "apt.conf").write_text(
            f"""
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Pre-Invoke;
#clear APT::Architectures;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
APT::Architecture "{self.architecture}";
APT::Architectures {{ "{self.architecture}"; }};
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Check-Valid-Until "{str(check_date).lower()}";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Debug::NoLocking "true";
Dir::Cache "{here}";
Dir::Cache::archives "{here}/archives";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "{here}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Log "{here}/log";
Dir::State "{here}";
Dir::State::lists "{here}/lists";
Dir::State::status "{here}/status";
"""
        )

    def _command(self, verb: str, *args: str) -> list[str]:
        return ["apt-get", "-q", "-y", "-c", str(self.folder / "apt.conf"), verb, *args]

    def _run(self, verb: str, *args: str) -> tuple[int, str]:
        done = subprocess.run(
            self._command(verb, *args),
            env=in_english(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


def architecture() -> str:
    """Debian's name of this machine's architecture. Raises AptError where there is no apt."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and shutil.which("dpkg")):
        raise AptError("this is not Debian: install Asterisk 22.10.1 or newer (and flite) and put it on PATH")
    done = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def in_english() -> dict[str, str]:
    """The environment in which apt and dpkg say what `sentence` knows."""
    return {**os.environ, "LC_ALL": "C"}


def sentence(output: str) -> str:
    """What apt's or dpkg's output means, as one sentence saying what to do."""
    for pattern, meaning in _SENTENCES:
        if pattern.search(output):
            return meaning
    errors = [line for line in output.splitlines() if line.startswith(("E:", "Err:", "dpkg"))]
    return f"apt could not do it: {(errors or output.splitlines() or ['it said nothing'])[-1].strip()}"


def megabytes(size: int) -> str:
    """A size in bytes for people."""
    return f"{size / 1_000_000:.0f} MB"
