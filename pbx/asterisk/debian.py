"""Debian packages in a private folder: no root, no change to the system, the same version on every machine.

Asterisk's LTS line is in Debian testing and unstable only. Its packages are fetched with a private apt,
unpacked beside each other with `dpkg-deb -x`, and run with their own loader and C library (see programs).
"""

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.apt import Apt, AptError, Deb, Say, architecture, in_english, megabytes, sentence
from pbx.asterisk.mirrors import Mirror, mirrors

SUITES = ("forky", "sid")
STAMP = "secondline-packages.json"
_APT_FOLDER = Path("/etc/apt")
# Nobody needs these here: manuals, translations, interpreters of scripts, voices that flite has inside.
_USELESS = (
    "usr/share/doc/*/changelog*",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/perl",
    "usr/lib/*/perl",
    "usr/lib/*/perl-base",
    "usr/lib/python3*",
    "usr/bin/flite_*",
)
_UNPACKED_PER_DOWNLOADED = 4


@dataclass(frozen=True)
class PackageSet:
    """Packages that are unpacked together into the folder `name` of the tools, out of the first suite that has them."""

    name: str
    packages: tuple[str, ...]
    suites: tuple[str, ...] = SUITES


ASTERISK = PackageSet("asterisk", ("asterisk", "asterisk-core-sounds-en-wav", "flite"))
CLIENTS = PackageSet("clients", ("sip-tester", "baresip-core", "sox"))
CLOCK = PackageSet("clock", ("libfaketime",), ("bookworm", "trixie"))
"""For tests. Older than the others: the machine's own programs load it too, so it must suit their C library."""

PIP = PackageSet("pip", ("python3-pip-whl",))


class InstallError(Exception):
    """A set could not be installed; the text is a sentence saying what to do."""


def tools_root() -> Path:
    """Where private programs are: SECONDLINE_TOOLS, or `.tools` in the checkout."""
    named = os.environ.get("SECONDLINE_TOOLS")
    return Path(named).resolve() if named else Path(__file__).resolve().parents[2] / ".tools"


def installed(tools: Path, wanted: PackageSet) -> list[str] | None:
    """The package files that `wanted` was unpacked from, or None if it is not (wholly) there."""
    try:
        stamp = json.loads((tools / wanted.name / STAMP).read_text())
    except (OSError, ValueError):
        return None
    files: list[str] = stamp["files"]
    same = stamp["packages"] == list(wanted.packages) and stamp["architecture"] == architecture()
    return files if same else None


def install(tools: Path, wanted: PackageSet, say: Say) -> Path:
    """Make `wanted` be under `tools`, telling the steps to `say`; its folder. Safe to interrupt and repeat.

    Raises InstallError.
    """
    target = tools / wanted.name
    try:
        tools.mkdir(parents=True, exist_ok=True)
        with _alone(tools, say):
            if installed(tools, wanted) is None:
                _install(tools, wanted, say)
    except AptError as error:
        raise InstallError(str(error)) from error
    except OSError as error:
        raise InstallError(
            f"{target} cannot be written ({error.strerror}): make room or choose SECONDLINE_TOOLS"
        ) from error
    return target


@contextmanager
def _alone(tools: Path, say: Say) -> Iterator[None]:
    with (tools / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work here: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(tools: Path, wanted: PackageSet, say: Say) -> None:
    started = time.monotonic()
    apt, debs = _plan(tools, wanted, say)
    total = sum(deb.size for deb in debs)
    _check_room(tools, total)
    say(f"downloading {len(debs)} packages, {megabytes(total)} (signed by Debian, kept in {apt.archives})")
    apt.download(wanted.packages, debs)
    unpacked = tools / f".{wanted.name}-unpacking"
    _unpack(apt.archives, debs, unpacked, say)
    _tidy(unpacked)
    stamp = {"packages": wanted.packages, "suite": apt.suite, "architecture": apt.architecture}
    (unpacked / STAMP).write_text(json.dumps(stamp | {"files": [deb.file for deb in debs]}, indent=1))
    _swap(unpacked, tools / wanted.name)
    for deb in debs:
        (apt.archives / deb.file).unlink(missing_ok=True)
    say(f"done in {time.monotonic() - started:.0f} s")


def _plan(tools: Path, wanted: PackageSet, say: Say) -> tuple[Apt, list[Deb]]:
    """The first suite and mirror that carry the packages, and the files to fetch."""
    name = architecture()
    problem = ""
    for suite in wanted.suites:
        for mirror in _known_mirrors():
            apt = Apt(tools / "apt", mirror, suite, name, say)
            try:
                apt.update()
                return apt, apt.plan(wanted.packages)
            except AptError as error:
                problem = problem or str(error)
    raise InstallError(problem)


def _known_mirrors() -> list[Mirror]:
    known = mirrors(_APT_FOLDER)
    if not known:
        raise InstallError(
            f"no Debian mirror is named in {_APT_FOLDER}: add one, "
            "or install Asterisk 22.10.1 or newer (and flite) and put it on PATH"
        )
    return known


def _check_room(tools: Path, download: int) -> None:
    needed = download * _UNPACKED_PER_DOWNLOADED
    free = shutil.disk_usage(tools).free
    if free < needed:
        raise InstallError(
            f"{tools} has {megabytes(free)} free and about {megabytes(needed)} are needed: "
            "make room, or point SECONDLINE_TOOLS to a folder on another disk"
        )


def _unpack(archives: Path, debs: Sequence[Deb], into: Path, say: Say) -> None:
    say(f"unpacking {len(debs)} packages")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for deb in debs:
        command = ["dpkg-deb", "-x", str(archives / deb.file), str(into)]
        done = subprocess.run(command, env=in_english(), capture_output=True, text=True, check=False)
        if done.returncode:
            meaning = sentence(done.stderr)
            if "disk" not in meaning:
                (archives / deb.file).unlink(missing_ok=True)
                meaning = f"{deb.file} was damaged and is deleted: run it again to fetch it anew"
            raise InstallError(meaning)


def _tidy(root: Path) -> None:
    """Drop what nobody needs, and do the one thing that a postinst would have done for us."""
    for pattern in _USELESS:
        for path in list(root.glob(pattern)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)  # one package's documents may be a link to another's
    sounds = root / "usr/share/asterisk/sounds"
    if sounds.is_dir() and not (sounds / "en").exists():
        # dpkg registers the English voices with update-alternatives in the postinst, which -x does not run
        voice = min(path.name for path in sounds.glob("en_*"))
        (sounds / "en").symlink_to(voice)


def _swap(new: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
