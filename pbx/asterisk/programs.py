"""The programs that Secondline starts: where they are, and how to start them.

A private copy (see debian) is newer than the machine's C library, so it is started through its own loader.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pbx.asterisk.debian import ASTERISK, CLIENTS, CLOCK, PackageSet, installed, tools_root

OLDEST_ASTERISK = (22, 10, 1)
_ADMIN_PATH = "/usr/sbin:/usr/local/sbin"  # often not on an ordinary user's PATH


class ProgramMissing(Exception):
    """A program is not on this machine; the text is a sentence saying what to do."""


@dataclass(frozen=True)
class Program:
    """How to start one program, and the folders that its configuration has to name.

    `argv` begins the command line, `env` is added to the environment, `root` is the private folder or None if
    the machine's own program is used. `module_dir` is set for Asterisk (astmoddir) and baresip (module_path);
    `data_dir` (astdatadir: sounds, documentation) and `var_lib` (astvarlibdir as shipped) for Asterisk only.
    """

    name: str
    argv: tuple[str, ...]
    root: Path | None = None
    version: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    module_dir: Path | None = None
    data_dir: Path | None = None
    var_lib: Path | None = None

    def command(self, *args: str | Path) -> list[str]:
        """The command line that starts the program with `args`."""
        return [*self.argv, *(str(arg) for arg in args)]


def find_asterisk() -> Program:
    """Asterisk on PATH if it is new enough and has its modules and English sounds, else the private one."""
    system = _system_asterisk()
    if system:
        return system
    root = tools_root() / ASTERISK.name
    argv = _private(root, "usr/sbin/asterisk", ASTERISK)
    return Program(
        "asterisk",
        argv,
        root,
        version=_answer((*argv, "-V"), r"Asterisk (\S+)"),
        module_dir=_libraries(root) / "asterisk/modules",
        data_dir=root / "usr/share/asterisk",
        var_lib=root / "var/lib/asterisk",
    )


def find_flite() -> Program:
    """The voice that speaks what nobody has recorded."""
    return _find("flite", ASTERISK, r"version: flite-(\S+)", "--version")


def find_sipp() -> Program:
    """The SIP traffic generator."""
    return _find("sipp", CLIENTS, r"SIPp v(\d[\d.]*\d)", "-v")


def find_sox() -> Program:
    """The sound converter."""
    return _find("sox", CLIENTS, r"SoX\S* v(\S+)", "--version")


def find_baresip() -> Program:
    """The softphone; its configuration needs `module_dir` as `module_path`."""
    found = _find("baresip", CLIENTS, r"baresip v?(\d\S*)", "-h")
    prefix = found.root / "usr" if found.root else Path(found.argv[0]).resolve().parent.parent
    modules = _first(prefix, "lib*/baresip/modules", "lib/*/baresip/modules")
    return Program("baresip", found.argv, found.root, found.version, module_dir=modules)


def find_clock() -> Program:
    """The library that gives a program another time of day (libfaketime): `argv` is its file, for LD_PRELOAD."""
    root = tools_root() / CLOCK.name
    library = _first(root, "usr/lib/*/faketime/libfaketimeMT.so.1")
    if library is None:
        raise ProgramMissing("libfaketime is not installed: run `make dev`")
    files = installed(tools_root(), CLOCK) or ()
    version = next((file.split("_")[1] for file in files if file.startswith("libfaketime_")), None)
    return Program("libfaketime", (str(library),), root, version)


def _system_asterisk() -> Program | None:
    path = shutil.which("asterisk") or shutil.which("asterisk", path=_ADMIN_PATH)
    version = path and _answer((path, "-V"), r"Asterisk (\S+)")
    if not path or not version or version_numbers(version) < OLDEST_ASTERISK:
        return None
    prefix = Path(path).resolve().parent.parent
    modules = _first(prefix, "lib/*/asterisk/modules/res_pjsip.so", "lib*/asterisk/modules/res_pjsip.so")
    sounds = _first(prefix, "share/asterisk/sounds/en") or _first(Path("/var/lib/asterisk"), "sounds/en")
    if modules is None or sounds is None:
        return None
    return Program(
        "asterisk",
        (path,),
        version=version,
        module_dir=modules.parent,
        data_dir=sounds.parent.parent,
        var_lib=Path("/var/lib/asterisk"),
    )


def _find(name: str, packages: PackageSet, pattern: str, *ask: str) -> Program:
    """The private program `name` if its packages are there, else the one on PATH."""
    root = tools_root() / packages.name
    try:
        argv: tuple[str, ...] = _private(root, f"usr/bin/{name}", packages)
    except ProgramMissing:
        path = shutil.which(name)
        if path is None:
            raise
        return Program(name, (path,), version=_answer((path, *ask), pattern))
    return Program(name, argv, root, version=_answer((*argv, *ask), pattern))


def _private(root: Path, program: str, packages: PackageSet) -> tuple[str, ...]:
    if not (root / program).exists():
        wanted = ", ".join(packages.packages)
        raise ProgramMissing(f"{Path(program).name} is not installed: run `make setup` (Debian's {wanted})")
    libraries = _libraries(root)
    # libpulse finds its private part by an absolute RUNPATH, which does not hold in a private folder
    search = ":".join(str(folder) for folder in (libraries, libraries / "pulseaudio") if folder.is_dir())
    return str(_loader(libraries)), "--library-path", search, str(root / program)


def _libraries(root: Path) -> Path:
    """The folder of the C library, whatever the architecture's triplet is."""
    found = _first(root, "usr/lib/*/libc.so.6")
    if found is None:
        raise ProgramMissing(f"{root} is damaged: delete it and run `make setup`")
    return found.parent


def _loader(libraries: Path) -> Path:
    found = _first(libraries, "ld-linux*.so.*")
    if found is None:
        raise ProgramMissing(f"{libraries} has no program loader: delete it and run `make setup`")
    return found


def _first(folder: Path, *patterns: str) -> Path | None:
    return next((path for pattern in patterns for path in sorted(folder.glob(pattern))), None)


def _answer(command: tuple[str, ...], pattern: str) -> str | None:
    """What `pattern` finds in what the program says of itself; None if it does not run or says otherwise."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(pattern, done.stdout + done.stderr)
    return match[1] if match else None


def version_numbers(version: str) -> tuple[int, ...]:
    """The leading dotted number: (22, 10, 1) for "22.10.1+dfsg"; () for "certified-20.7" and "GIT-master"."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
