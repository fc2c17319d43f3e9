"""The commands that need no server, run as an operator runs them."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from pbx.domain.routing import Reason
from tests.kit.database import on_database
from tests.kit.server import secondline, secondline_process

ROOT = Path(__file__).parents[2]
SOLO = ROOT / "docs" / "examples" / "solo.toml"


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    file = tmp_path / "practice.toml"
    file.write_text(SOLO.read_text(encoding="utf-8"), encoding="utf-8")
    return file


def spoil(practice: Path, old: str, new: str) -> None:
    text = practice.read_text(encoding="utf-8")
    assert old in text
    practice.write_text(text.replace(old, new), encoding="utf-8")


async def test_check_says_ok_and_what_the_file_does(practice: Path) -> None:
    answer = await secondline("check", "--config", str(practice))
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("accepted: ") and "\nok\n" in answer.out
    assert "rings rictor-desk and rictor-laptop for 25 s" in answer.out


async def test_check_reports_all_problems_with_their_lines(practice: Path) -> None:
    spoil(practice, 'ring = "rictor"', 'ring = "ricter"')
    spoil(practice, 'timezone = "America/New_York"', 'timezone = "America/NewYork"')
    answer = await secondline("check", str(practice))
    assert answer.status == 1
    lines = [line for line in answer.out.splitlines() if line.startswith(str(practice))]
    assert any("did you mean 'rictor'?" in line for line in lines)
    assert any("America/New_York" in line for line in lines)
    assert all(line.removeprefix(f"{practice}:").split(":")[0].isdigit() for line in lines)
    assert "nothing was changed" in answer.out


async def test_check_listens_to_greetings(practice: Path, tmp_path: Path) -> None:
    (tmp_path / "closed.wav").write_bytes(b"RIFF\x04\0\0\0WAVE")
    text = (
        "This is the office of Doctor Rictor. We are closed. Leave a message, and we call back on the next working day."
    )
    spoil(practice, f'text = "{text}"', 'file = "closed.wav"')
    answer = await secondline("check", "--json", "--config", str(practice))
    [problem] = answer.json["problems"]
    assert "greetings.after-hours.file" in problem


async def test_explain_tells_a_call_at_any_time_and_why(practice: Path) -> None:
    words = ("explain", "--config", str(practice), "--to", "717 555 0100", "--at", "2026-12-25T10:00")
    said = await secondline(*words)
    assert "closed at Fri 25 Dec 2026 10:00 America/New_York (closed date: Christmas Day)" in said.out
    document = (await secondline(*words, "--from", "(215) 555-0143", "--json")).json
    assert {"number", "at", "state", "rule", "until", "steps", "reason", "why"} <= document.keys()
    assert (document["number"], document["state"]) == ("+17175550100", "closed")
    assert document["reason"] == Reason.CLOSED_DATE
    assert document["until"] == "2026-12-28T14:00:00.000Z"
    assert document["from"] == "+12155550143"


@pytest.fixture
def practice_on_server(practice: Path, dsn: str) -> Path:
    """The same practice on a database that runs already."""
    with practice.open("a", encoding="utf-8") as file:
        file.write(on_database(dsn))
    return practice


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("explain", "--to", "nobody"), "is not a telephone number"),
        (("explain", "--to", "+17175550100", "--at", "noon"), "is not a time"),
        (("explain", "--to", "+17175550100", "--at", "9999-12-31"), "holidays are known from 2020 to 2060"),
        (("phones", "rector-desk"), "there are: rictor-desk, rictor-laptop"),
        (("voicemail", "show", "17"), "is not the id of a message"),
        (("reload",), "the server is not running"),
        (("phones", "--qr"), "set public_address"),
    ],
)
async def test_a_mistake_is_answered_with_one_sentence(
    practice_on_server: Path, words: tuple[str, ...], sentence: str
) -> None:
    answer = await secondline(*words, "--config", str(practice_on_server))
    assert answer.status == 1
    assert sentence in answer.err
    assert len(answer.err.strip().splitlines()) == 1


async def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    answer = await secondline("explain", "--to", "+17175550100", "--config", str(tmp_path / "none.toml"))
    assert answer.status == 1
    assert "none.toml" in answer.err
    assert "Traceback" not in answer.err


async def test_the_data_folder_may_be_named_from_where_one_is(
    practice_on_server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(practice_on_server.parent)
    answer = await secondline("status", "--config", practice_on_server.name, "--data", "elsewhere")
    assert answer.status == 1
    assert answer.out.startswith("Not running: ")
    assert (await secondline("calls", "--json", "--config", practice_on_server.name, "--data", "elsewhere")).json == []


async def test_describe_prints_a_file_that_loads(tmp_path: Path) -> None:
    described = (await secondline("describe")).out
    file = tmp_path / "practice.toml"
    file.write_text(described, encoding="utf-8")
    assert (await secondline("explain", "--to", "+17175550100", "--config", str(file))).status == 0


async def test_phones_makes_each_secret_once_and_shows_what_to_type(practice: Path, tmp_path: Path) -> None:
    spoil(practice, "[people.rictor]", '[server]\npublic_address = "pbx.example.org"\n\n[people.rictor]')
    first = (await secondline("phones", "--json", "--config", str(practice))).json
    again = (await secondline("phones", "--json", "--config", str(practice))).json
    assert first == again
    assert [account["user"] for account in first] == ["rictor-desk", "rictor-laptop"]
    assert first[0]["server"] == "pbx.example.org"
    assert len({account["password"] for account in first}) == 2
    secrets = tmp_path / "var" / "secrets.json"
    assert secrets.stat().st_mode & 0o077 == 0
    shown = (await secondline("phones", "rictor-desk", "--qr", "--config", str(practice))).out
    assert first[0]["password"] in shown
    assert "█" in shown or "▀" in shown
    assert (first[0]["transport"], first[0]["voice"]) == ("TLS", "SRTP (SDES), required")
    assert "SIP transport TLS" in shown
    authority = tmp_path / "var" / "tls" / "ca.pem"
    assert first[0]["trust"] == str(authority)
    assert str(authority) in shown
    assert "PRIVATE KEY" not in authority.read_text()


async def test_a_phone_that_may_do_without_encryption_is_told_so(practice: Path) -> None:
    exception = '[[phone_exceptions]]\nallow = "udp"\non = "rictor-desk"\nbecause = "An old adapter."\n\n'
    spoil(practice, "[people.rictor]", f"{exception}[people.rictor]")
    desk, laptop = (await secondline("phones", "--json", "--config", str(practice))).json
    assert (desk["transport"], desk["voice"], "trust" in desk) == ("UDP", "not encrypted", False)
    assert (laptop["transport"], "trust" in laptop) == ("TLS", True)


async def test_calls_and_messages_of_a_practice_that_has_none(practice_on_server: Path) -> None:
    for words in (("calls",), ("voicemail", "list")):
        answer = await secondline(*words, "--json", "--config", str(practice_on_server))
        assert (answer.status, json.loads(answer.out)) == (0, []), answer.err


async def test_status_without_a_server_says_what_to_do(practice: Path) -> None:
    answer = await secondline("status", "--json", "--config", str(practice))
    assert answer.status == 1
    assert answer.json["ready"] is False
    assert set(answer.json["components"]) == {"asterisk", "database", "controller", "transcriber"}


@pytest.mark.timeout(90)
async def test_a_process_brings_its_own_database_and_leaves_nothing_running(practice: Path) -> None:
    answer = await secondline_process("calls", "--json", "--config", str(practice))
    assert (answer.status, answer.json, answer.err) == (0, [], "")
    assert (practice.parent / "var" / "postgres" / "PG_VERSION").exists()
    assert not (practice.parent / "var" / "postgres" / "postmaster.pid").exists()
    assert os.access(practice.parent / "var", os.R_OK)


async def test_model_list_says_what_each_needs_and_install_what_to_write(practice: Path, tmp_path: Path) -> None:
    listed = (await secondline("model", "list", "--json", "--config", str(practice))).json
    here = {row["model"]: row["here"] for row in listed}
    assert (here["moonshine-tiny-en"], here["vosk-model-small-en-us-0.15"]) == ("yes", "no")
    assert {row["engine"] for row in listed} == {"moonshine", "vosk", "whisper"}
    packed = tmp_path / "vosk-model-en-us-0.22.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("vosk-model-en-us-0.22/am/final.mdl", b"")
    words = ("model", "install", "vosk-model-en-us-0.22", "--from", str(packed), "--config", str(practice))
    refused = await secondline(*words)
    assert (refused.status, "--sha256" in refused.err) == (1, True)
    done = await secondline(*words, "--trust-first")
    folder = tmp_path / "var" / "models" / "vosk-model-en-us-0.22"
    assert (done.status, f'vosk_model = "{folder}"' in done.out) == (0, True)
    assert (folder / "am" / "final.mdl").is_file()


async def test_model_check_tries_the_recogniser_of_the_file(practice: Path) -> None:
    answer = await secondline("model", "check", "--json", "--config", str(practice))
    assert answer.status == 0
    assert answer.json["good"]
    assert (answer.json["engine"], "refill" in answer.json["heard"]) == ("moonshine", True)
    missing = await secondline("model", "check", "--engine", "whisper", "--model", "nowhere", "--config", str(practice))
    assert (missing.status, missing.err.count("\n")) == (1, 1)
    assert "no whole Whisper model in nowhere: model.bin is missing" in missing.err


async def test_a_process_tells_a_mistake_in_one_sentence(practice: Path) -> None:
    answer = await secondline_process("explain", "--to", "nobody", "--config", str(practice))
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("secondline: ") and len(answer.err.splitlines()) == 1
