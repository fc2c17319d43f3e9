"""Which Asterisk is used, and how a private program is started."""

from pathlib import Path

import pytest

from pbx.asterisk import programs
from pbx.asterisk.programs import ProgramMissing, find_asterisk, find_baresip, find_sox


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of its own: nothing on PATH but `usr/bin` and `usr/sbin`, no private tools yet."""
    monkeypatch.setenv("PATH", f"{tmp_path}/usr/sbin:{tmp_path}/usr/bin")
    monkeypatch.setenv("SECONDLINE_TOOLS", str(tmp_path / "tools"))
    monkeypatch.setattr(programs, "_ADMIN_PATH", str(tmp_path / "usr/sbin"))
    return tmp_path


def says(path: Path, line: str) -> Path:
    """A program that says `line` whatever it is asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{line}'\n")
    path.chmod(0o755)
    return path


def system_asterisk(machine: Path, version: str) -> None:
    says(machine / "usr/sbin/asterisk", f"Asterisk {version}")
    modules = machine / "usr/lib/x86_64-linux-gnu/asterisk/modules"
    modules.mkdir(parents=True)
    (modules / "res_pjsip.so").touch()
    (machine / "usr/share/asterisk/sounds/en").mkdir(parents=True)


def private(machine: Path, folder: str, program: str) -> Path:
    """A private tree as Debian's packages unpack, with a loader that answers for every program."""
    root = machine / "tools" / folder
    libraries = root / "usr/lib/aarch64-linux-gnu"
    (libraries / "pulseaudio").mkdir(parents=True)
    (libraries / "libc.so.6").touch()
    says(libraries / "ld-linux-aarch64.so.1", "Asterisk 22.10.1+dfsg")
    says(root / program, "")
    return root


def test_a_new_enough_asterisk_of_the_machine_is_used_with_its_own_folders(machine: Path) -> None:
    system_asterisk(machine, "22.10.1")
    found = find_asterisk()
    assert (found.root, found.version) == (None, "22.10.1")
    assert found.command("-V") == [str(machine / "usr/sbin/asterisk"), "-V"]
    assert found.module_dir == machine / "usr/lib/x86_64-linux-gnu/asterisk/modules"
    assert found.data_dir == machine / "usr/share/asterisk"


@pytest.mark.parametrize("version", ["20.9.3", "22.10.0", "22.9.12", "certified-20.7-cert1", "GIT-master-1234"])
def test_an_older_or_unclear_asterisk_gives_way_to_the_private_one(machine: Path, version: str) -> None:
    system_asterisk(machine, version)
    root = private(machine, "asterisk", "usr/sbin/asterisk")
    assert find_asterisk().root == root


def test_an_asterisk_without_its_sounds_gives_way_too(machine: Path) -> None:
    system_asterisk(machine, "23.1.0")
    (machine / "usr/share/asterisk/sounds/en").rmdir()
    with pytest.raises(ProgramMissing):
        find_asterisk()


def test_a_private_program_is_started_by_its_own_loader_whatever_the_architecture(machine: Path) -> None:
    root = private(machine, "asterisk", "usr/sbin/asterisk")
    libraries = root / "usr/lib/aarch64-linux-gnu"
    found = find_asterisk()
    assert found.command("-f", Path("/etc/x")) == [
        str(libraries / "ld-linux-aarch64.so.1"),
        "--library-path",
        f"{libraries}:{libraries}/pulseaudio",
        str(root / "usr/sbin/asterisk"),
        "-f",
        "/etc/x",
    ]
    assert found.version == "22.10.1+dfsg"
    assert found.module_dir == libraries / "asterisk/modules"


def test_a_private_client_is_preferred_and_the_machines_own_is_good_enough(machine: Path) -> None:
    says(machine / "usr/bin/sox", "sox: SoX v14.4.2")
    assert (find_sox().root, find_sox().version) == (None, "14.4.2")
    root = private(machine, "clients", "usr/bin/sox")
    assert find_sox().root == root


def test_baresip_comes_with_the_folder_of_its_modules(machine: Path) -> None:
    root = private(machine, "clients", "usr/bin/baresip")
    (root / "usr/lib/baresip/modules").mkdir(parents=True)
    assert find_baresip().module_dir == root / "usr/lib/baresip/modules"


def test_what_is_missing_says_how_to_get_it(machine: Path) -> None:
    with pytest.raises(ProgramMissing, match="asterisk is not installed: run `make setup`"):
        find_asterisk()


def test_a_private_tree_that_lost_its_library_says_so(machine: Path) -> None:
    root = private(machine, "asterisk", "usr/sbin/asterisk")
    (root / "usr/lib/aarch64-linux-gnu/libc.so.6").unlink()
    with pytest.raises(ProgramMissing, match="is damaged: delete it and run `make setup`"):
        find_asterisk()
