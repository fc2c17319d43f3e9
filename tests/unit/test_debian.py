"""The private copy of Debian's packages: whose mirror, what is said when it fails, and what an interruption leaves."""

import shutil
import subprocess
from collections import namedtuple
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pbx.asterisk import debian
from pbx.asterisk.apt import Apt, AptError, Deb, sentence
from pbx.asterisk.debian import InstallError, PackageSet, install, installed
from pbx.asterisk.mirrors import Mirror, mirrors

TOOL = PackageSet("tool", ("sl-tool",))

DEB822 = """\
Types: deb
# http://snapshot.example/archive/debian/20250520T000000Z
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def apt_folder(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    for name, text in files.items():
        place = "sources.list" if name == "main" else f"sources.list.d/{name.replace('_', '.')}"
        (tmp_path / place).write_text(text)
    return tmp_path


def uris(folder: Path) -> list[str]:
    return [mirror.uri for mirror in mirrors(folder)]


def test_the_archive_is_read_from_deb822_sources_without_comments_and_security(tmp_path: Path) -> None:
    assert uris(apt_folder(tmp_path, debian_sources=DEB822)) == ["http://mirror.example/debian"]


def test_the_archive_is_read_from_one_line_sources_with_options(tmp_path: Path) -> None:
    text = "# deb http://old.example/debian sid main\ndeb [arch=amd64 trusted=no] https://m.example/debian/ sid main\n"
    assert uris(apt_folder(tmp_path, main=text)) == ["https://m.example/debian"]


def test_switched_off_source_only_and_foreign_repositories_are_left_out(tmp_path: Path) -> None:
    off = DEB822.replace("Types: deb", "Enabled: no\nTypes: deb")
    others = "deb-src http://m.example/debian trixie main\ndeb http://vendor.example/apt vendor-bookworm main\n"
    assert uris(apt_folder(tmp_path, off_sources=off, main=others)) == []


def test_an_address_that_ends_as_debians_do_is_tried_before_a_vendors(tmp_path: Path) -> None:
    text = "deb http://vendor.example/tools bookworm main\ndeb http://m.example/debian bookworm main\n"
    assert uris(apt_folder(tmp_path, main=text)) == ["http://m.example/debian", "http://vendor.example/tools"]


def test_a_mirror_with_its_own_keyring_is_checked_with_that_one(tmp_path: Path) -> None:
    own, default = tmp_path / "own.gpg", tmp_path / "archive.gpg"
    own.touch()
    default.touch()
    text = f"deb [signed-by={own}] http://a.example/debian sid main\ndeb http://b.example/debian sid main\n"
    found = mirrors(apt_folder(tmp_path, main=text), (default,))
    assert [mirror.keyring for mirror in found] == [own, default]


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("Err:1 http://m\n  Temporary failure resolving 'm'", "check the network"),
        ("W: Failed to fetch http://m  Could not connect to m:80", "check the network"),
        ("E: You don't have enough free space in /x/archives/.", "make room"),
        ("dpkg-deb: error: cannot copy: No space left on device", "make room"),
        ("W: GPG error: http://m forky InRelease: NO_PUBKEY 0E98404D386FA1D9", "debian-archive-keyring"),
        ("E: Unable to locate package asterisk", "does not carry"),
        ("E: Failed to fetch http://m/a.deb  Hash Sum mismatch", "try again in a few minutes"),
        ("noise\nE: Something new\n", "apt could not do it: E: Something new"),
    ],
)
def test_each_way_apt_fails_is_a_sentence_that_says_what_to_do(output: str, advice: str) -> None:
    assert advice in sentence(output)


def test_an_index_past_its_date_is_used_only_after_saying_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(
        tmp_path / "bin/apt-get",
        f"grep -q 'Check-Valid-Until \"false\"' {tmp_path}/apt/apt.conf && exit 0\n"
        "echo 'E: Release file for http://m is expired (invalid since 3d).' >&2; exit 100",
    )
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    said: list[str] = []
    Apt(tmp_path / "apt", Mirror("http://m.example/debian", Path("/k")), "forky", "amd64", said.append).update()
    assert [line for line in said if line.startswith("NOTE") and "signatures are still checked" in line]


def test_what_apt_is_told_stays_in_the_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path / "bin/apt-get", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    apt = Apt(tmp_path / "apt", Mirror("http://m.example/debian", Path("/k")), "forky", "arm64", lambda _: None)
    apt.update()
    settings = (tmp_path / "apt/apt.conf").read_text()
    places = [line.split('"')[1] for line in settings.splitlines() if line.startswith("Dir::")]
    assert places and all(place.startswith(str(tmp_path)) or place == "/dev/null" for place in places)
    assert 'Acquire::Check-Valid-Until "true"' in settings
    assert (tmp_path / "apt/sources.list").read_text() == (
        "deb [arch=arm64 signed-by=/k] http://m.example/debian forky main\n"
    )


def test_a_machine_without_apt_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InstallError, match=r"not Debian: install Asterisk 22\.10\.1 or newer"):
        install(tmp_path / "tools", TOOL, lambda _: None)


def test_a_machine_without_a_debian_mirror_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "architecture", lambda: "amd64")
    monkeypatch.setattr(debian, "_APT_FOLDER", apt_folder(tmp_path))
    with pytest.raises(InstallError, match="no Debian mirror is named in"):
        install(tmp_path / "tools", TOOL, lambda _: None)


@dataclass
class Archive:
    """Stands for apt at the one place where the network would be: it gives real package files."""

    archives: Path
    suite: str = "forky"
    architecture: str = "amd64"
    downloads: list[tuple[str, ...]] = field(default_factory=list)

    def download(self, packages: tuple[str, ...], debs: list[Deb]) -> None:
        self.downloads.append(packages)
        for deb in debs:
            if not (self.archives / deb.file).exists():
                make_deb(self.archives / deb.file)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    if not shutil.which("dpkg-deb"):
        pytest.skip("packages are made and unpacked with dpkg-deb")
    made = Archive(tmp_path / "archives")
    made.archives.mkdir()
    debs = [Deb("sl-tool_1.0_all.deb", 1000)]
    monkeypatch.setattr(debian, "architecture", lambda: "amd64")
    monkeypatch.setattr(debian, "_plan", lambda *_: (made, debs))
    return made


def test_packages_are_unpacked_once_and_made_ready(tmp_path: Path, archive: Archive) -> None:
    for _ in range(2):
        root = install(tmp_path / "tools", TOOL, lambda _: None)
    assert archive.downloads == [TOOL.packages]
    assert (root / "usr/share/asterisk/sounds/en").readlink() == Path("en_US_f_Allison")
    assert not (root / "usr/share/man").exists()
    assert installed(tmp_path / "tools", TOOL) == ["sl-tool_1.0_all.deb"]


def test_a_release_that_wants_other_packages_replaces_the_folder(tmp_path: Path, archive: Archive) -> None:
    install(tmp_path / "tools", TOOL, lambda _: None)
    wider = PackageSet("tool", ("sl-tool", "sl-more"))
    assert installed(tmp_path / "tools", wider) is None
    install(tmp_path / "tools", wider, lambda _: None)
    assert installed(tmp_path / "tools", wider) is not None
    assert sorted(path.name for path in (tmp_path / "tools").iterdir()) == ["lock", "tool"]


def test_an_interruption_while_unpacking_leaves_the_downloads_and_no_half_folder(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(debian, "_tidy", interrupt)
        with pytest.raises(KeyboardInterrupt):
            install(tmp_path / "tools", TOOL, lambda _: None)
    assert (archive.archives / "sl-tool_1.0_all.deb").exists()
    assert not (tmp_path / "tools/tool").exists()
    install(tmp_path / "tools", TOOL, lambda _: None)
    assert (tmp_path / "tools/tool/usr/bin/sl-tool").exists()


def test_a_damaged_download_is_thrown_away_and_fetched_anew(tmp_path: Path, archive: Archive) -> None:
    (archive.archives / "sl-tool_1.0_all.deb").write_bytes(b"half of a package")
    with pytest.raises(InstallError, match=r"damaged and is deleted: run it again"):
        install(tmp_path / "tools", TOOL, lambda _: None)
    assert install(tmp_path / "tools", TOOL, lambda _: None).is_dir()


def test_too_little_room_is_said_before_downloading(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 99, 1))
    with pytest.raises(InstallError, match="0 MB free and about 0 MB are needed: make room"):
        install(tmp_path / "tools", TOOL, lambda _: None)
    assert archive.downloads == []


def test_a_folder_that_cannot_be_written_is_a_sentence_too(tmp_path: Path, archive: Archive) -> None:
    (tmp_path / "tools").write_text("in the way")
    with pytest.raises(InstallError, match="cannot be written"):
        install(tmp_path / "tools", TOOL, lambda _: None)


def test_an_apt_error_is_the_persons_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path / "bin/apt-get", "echo 'Err:1 Temporary failure resolving' >&2; exit 100")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    apt = Apt(tmp_path / "apt", Mirror("http://m.example/debian", Path("/k")), "forky", "amd64", lambda _: None)
    with pytest.raises(AptError, match="check the network and apt's proxy"):
        apt.update()


def fake_program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def make_deb(path: Path) -> None:
    tree = path.parent / "tree"
    for folder in ("DEBIAN", "usr/bin", "usr/share/man/man1", "usr/share/asterisk/sounds/en_US_f_Allison"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    (tree / "DEBIAN/control").write_text(
        "Package: sl-tool\nVersion: 1.0\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: tool\n"
    )
    (tree / "usr/bin/sl-tool").write_text("tool")
    (tree / "usr/share/man/man1/sl-tool.1").write_text("manual")
    (tree / "DEBIAN").chmod(0o755)
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", str(tree), str(path)], check=True, capture_output=True)
