"""`python -m pbx.asterisk.setup [--clients] [--clock] [--pip]`: fetch the programs that are not on this machine yet.

Needs the standard library only, as it may run before anything is installed. Exit status 1 with one sentence
when something is missing, 130 when interrupted; the next run goes on where this one ended.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pbx.asterisk import programs
from pbx.asterisk.debian import ASTERISK, CLIENTS, CLOCK, PIP, InstallError, PackageSet, install, installed, tools_root
from pbx.asterisk.programs import Program, ProgramMissing

_PBX = (programs.find_asterisk, programs.find_flite)
_CLIENTS = (programs.find_sipp, programs.find_baresip, programs.find_sox)
_MODEL_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")


def main(args: list[str] | None = None) -> int:
    """Do what the command line says; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pbx.asterisk.setup", description="Fetch Asterisk, privately.")
    parser.add_argument("--clients", action="store_true", help="the SIP clients of the demo and the tests, too")
    parser.add_argument("--clock", action="store_true", help="only what the tests set other programs' clocks with")
    parser.add_argument("--pip", action="store_true", help="only pip, where Python comes without it")
    chosen = parser.parse_args(args)
    try:
        if chosen.pip:
            print(_pip_wheel())
        elif chosen.clock:
            _provide("Clock", CLOCK, (programs.find_clock,))
        else:
            _set_up(clients=chosen.clients)
    except (InstallError, ProgramMissing) as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; what was downloaded is kept, run it again to go on", file=sys.stderr)
        return 130
    return 0


def _set_up(*, clients: bool) -> None:
    _provide("Asterisk", ASTERISK, _PBX)
    if clients:
        _provide("SIP clients", CLIENTS, _CLIENTS)
    print(f"Transcriber: {_transcriber()}", flush=True)


def _provide(title: str, packages: PackageSet, finders: tuple[Callable[[], Program], ...]) -> None:
    """Install `packages` unless all that `finders` look for is there; then say what is there."""
    if not _complete(packages, finders):
        print(f"{title}: not here yet, fetching it (once; no root, nothing outside {tools_root()} changes)", flush=True)
        install(tools_root(), packages, _teller(title))
    found = [find() for find in finders]
    for program in found:
        where = f"in {program.root}" if program.root else "of this machine"
        if program.version is None:
            raise ProgramMissing(f"{program.name} {where} does not start: delete it and run `make setup` again")
        print(f"{title}: {program.name} {program.version} {where}", flush=True)


def _complete(packages: PackageSet, finders: tuple[Callable[[], Program], ...]) -> bool:
    """Are all programs there, and those of the private copy from the packages that this release wants?"""
    try:
        private = [program for program in (find() for find in finders) if program.root]
    except ProgramMissing:
        return False
    return not private or installed(tools_root(), packages) is not None


def _teller(title: str) -> Callable[[str], None]:
    started = time.monotonic()

    def tell(what: str) -> None:
        print(f"{title}: {time.monotonic() - started:3.0f} s  {what}", flush=True)

    return tell


def _transcriber() -> str:
    """Which recogniser is used unless the practice's file says otherwise, after a look at its model."""
    spec = importlib.util.find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        raise ProgramMissing("the package moonshine-voice is not installed: run `make setup`")
    model = Path(spec.origin).parent / "assets" / "tiny-en"
    lacking = [name for name in _MODEL_FILES if not (model / name).is_file()]
    if lacking:
        raise ProgramMissing(f"the speech model lacks {', '.join(lacking)}: delete .venv and run `make setup`")
    return "Moonshine tiny-en (English, the default), model in place, runs on this machine only"


def _pip_wheel() -> Path:
    """Debian's own wheel of pip, for a Python whose ensurepip is in a package that only root can add."""
    folder = install(tools_root(), PIP, lambda what: print(f"pip: {what}", file=sys.stderr, flush=True))
    return max(folder.glob("usr/share/python-wheels/pip-*.whl"))


if __name__ == "__main__":
    sys.exit(main())
