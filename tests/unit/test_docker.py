"""The container's files: pinned, without root, without secrets, and in step with each other and with the program."""

import re
import tomllib
from pathlib import Path

import pytest

from pbx import __version__
from pbx.config.load import Practice, load

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docker"
DOCKERFILE = (FOLDER / "Dockerfile").read_text("utf-8")
COMPOSE = (FOLDER / "compose.yml").read_text("utf-8")
PRACTICE = (FOLDER / "practice" / "practice.toml").read_text("utf-8")
LAST_SCAN_AND_DATABASE_STOP_SECONDS = 40


def service(name: str) -> str:
    """The lines of one service of the compose file."""
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", COMPOSE, re.MULTILINE)
    assert found, f"compose.yml has no service {name}"
    return str(found[1])


def last(instruction: str) -> str:
    """The argument of the Dockerfile's last such instruction, with its continued lines."""
    return str(re.findall(rf"^{instruction} ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)[-1])


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    """The mounted practice's file, with its secret in a place of the test's own."""
    for name, role in (("database-url", "secondline_app"), ("database-owner-url", "secondline")):
        secret = tmp_path / name
        secret.write_text(f"postgresql://{role}:word@/secondline?host=/run/postgresql\n")
        secret.chmod(0o600)
    file = tmp_path / "practice.toml"
    file.write_text(PRACTICE.replace("/run/secrets/", f"{tmp_path}/"))
    return load(file)


def test_every_image_is_named_with_a_version() -> None:
    images = re.findall(r"^ARG BASE=(\S+)|^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    images += re.findall(r"^    image: (\S+)()", COMPOSE, re.MULTILINE)
    named = [base or used for base, used in images if used != "${BASE}"]
    assert len(named) == 3
    assert all(re.fullmatch(r"\w+:(?!latest)[\w.-]+", image) for image in named), named


def test_the_image_of_the_compose_file_is_this_version_of_the_program() -> None:
    assert f"image: secondline:{__version__}\n" in service("secondline")
    assert f"secondline:{__version__}" in DOCKERFILE


def test_the_image_runs_as_a_fixed_user_without_rights_who_owns_the_data() -> None:
    assert last("USER") == "10001:10001"
    assert "useradd --uid 10001" in DOCKERFILE
    assert "install -d -m 0700 -o secondline -g secondline /data" in DOCKERFILE
    assert last("VOLUME") == "/data"


def test_packages_are_installed_by_their_hashes_only() -> None:
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert all("--require-hashes" in words or "--no-deps" in words for words in installs)
    assert len(installs) == 3


def test_the_health_check_asks_the_port_that_the_practice_names(practice: Practice) -> None:
    assert f"SECONDLINE_READY=http://127.0.0.1:{practice.settings.web.port}/ready" in DOCKERFILE
    assert "SECONDLINE_READY" in last("HEALTHCHECK")
    assert "pg_isready" in service("postgres")


def test_a_stop_waits_for_calls_and_for_what_they_left(practice: Practice) -> None:
    assert last("STOPSIGNAL") == "SIGTERM"
    grace = re.search(r"stop_grace_period: (\d+)s", service("secondline"))
    assert grace and int(grace[1]) >= practice.settings.drain_seconds + LAST_SCAN_AND_DATABASE_STOP_SECONDS


@pytest.mark.parametrize("name", ["secondline", "postgres"])
def test_a_service_has_no_right_that_it_does_not_need(name: str) -> None:
    lines = service(name)
    assert "    read_only: true\n" in lines
    assert "    cap_drop:\n      - ALL\n" in lines
    assert "      - no-new-privileges:true\n" in lines
    assert "privileged" not in lines.replace("no-new-privileges", "")
    assert "    restart: unless-stopped\n" in lines


def test_sip_has_the_machines_network_and_the_database_has_none() -> None:
    assert "    network_mode: host\n" in service("secondline")
    assert "    network_mode: none\n" in service("postgres")
    assert "ports:" not in COMPOSE


def test_a_database_that_is_away_does_not_hold_the_telephone_back() -> None:
    assert "condition: service_started" in service("secondline")
    assert "service_healthy" not in service("secondline")


def test_passwords_come_from_files_that_are_in_no_repository_and_no_image() -> None:
    sources = re.findall(r"^    file: (\S+)$", COMPOSE, re.MULTILINE)
    names = ("database-url", "database-owner-url", "postgres-password", "postgres-app-password")
    assert sources == [f"./secrets/{name}" for name in names]
    assert "/secrets/" in (FOLDER / ".gitignore").read_text().splitlines()
    assert not re.search(r"password\w*[:=] *(?!/run/secrets/)\S", COMPOSE, re.IGNORECASE)
    assert not re.search(r"password|token", DOCKERFILE, re.IGNORECASE)


def test_only_what_runs_goes_into_the_image() -> None:
    first, *others = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    taken = {line.removeprefix("!") for line in others if line.startswith("!")}
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    locks = {"requirements.lock", "requirements-build.lock"}
    assert first == "*"
    assert taken == {name.rstrip("*") for name in packages} | locks | {
        "dialplan",
        "sip-config",
        "pyproject.toml",
        "LICENSE",
    }
    assert all((ROOT / name).exists() for name in taken)


def test_the_folders_are_the_same_on_both_sides(practice: Practice) -> None:
    environment = last("ENV")
    assert "SECONDLINE_CONFIG=/etc/secondline/practice.toml" in environment
    assert "SECONDLINE_DATA=/data" in environment
    assert last("WORKDIR") == "/etc/secondline"
    mounts = service("secondline")
    assert "- ./practice:/etc/secondline:ro\n" in mounts
    assert "- data:/data\n" in mounts
    assert "- postgres-socket:/run/postgresql:ro\n" in mounts
    assert tomllib.loads(PRACTICE)["database"]["url_file"] == "/run/secrets/database-url"
    assert "      - database-url\n" in mounts


def test_the_practice_that_is_mounted_passes_the_check(practice: Practice) -> None:
    assert practice.warnings == ()
    program, owner = practice.settings.database_url, practice.settings.database_owner_url
    assert program and owner and program != owner


def test_no_address_of_the_net_stands_in_the_containers_files() -> None:
    for path in (*FOLDER.rglob("*"), ROOT / ".dockerignore"):
        if path.is_file() and "secrets" not in path.parts:
            hosts = re.findall(r"https?://([^\s/:\"']+)", path.read_text("utf-8"))
            assert set(hosts) <= {"127.0.0.1"}, path
