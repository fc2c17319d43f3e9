"""The server's own life: start, trouble, reload, stop, and what a crash leaves behind."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from pbx.demo.practice import DAY_LINE, EVENING_LINE, PHONE
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.network import until
from tests.kit.server import Office, open_office, secondline_process

pytestmark = pytest.mark.timeout(150)

TEST_OF_ITS_OWN = f"""
[[expect]]
call = "{DAY_LINE}"
at = "2026-11-23T03:00"
then = "greeting closed, voicemail rictor"

[server]
"""
_NUMBERS = itertools.count(200)
Words = Callable[[float], Awaitable[Path]]


@pytest.fixture(scope="module")
def shared_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
async def office(shared_office: Office) -> Office:
    """The office, up again whatever the test before did to it."""
    await shared_office.is_ready()
    return shared_office


@pytest.fixture
def number() -> str:
    """A patient's number that no other test here calls from."""
    return f"+1215555{next(_NUMBERS):04d}"


async def test_a_second_server_on_the_same_data_says_so(office: Office) -> None:
    files = ("--config", str(office.practice.file), "--data", str(office.practice.data))
    answer = await secondline_process("run", *files)
    assert answer.status == 1
    assert f"(process {office.server.pid}) already runs" in answer.err
    assert "Traceback" not in answer.err


async def test_status_health_readiness_and_metrics(office: Office) -> None:
    state = (await office.secondline("status", "--json")).json
    assert state["ready"] is True
    assert set(state["components"]) == {"asterisk", "database", "controller", "transcriber"}
    assert state["phones"] == {PHONE: False}
    base = f"http://127.0.0.1:{office.practice.web_port}"
    async with aiohttp.ClientSession() as session:
        for path, needle in (("/health", "alive"), ("/ready", "true"), ("/metrics", "secondline_part_up")):
            async with session.get(base + path) as answer:
                assert answer.status == 200
                assert needle in await answer.text()


async def test_sigterm_ends_every_process_and_leaves_a_folder_that_starts_again(office: Office) -> None:
    mine = psutil.Process(office.server.pid).children(recursive=True) + _asterisks(office)
    assert await office.server.stop() == 0
    _, left = psutil.wait_procs(mine, timeout=5)
    assert left == []
    await office.server.start()


async def test_a_call_in_progress_may_finish_before_the_server_stops(
    office: Office, number: str, a_patient: PatientMaker, words: Words
) -> None:
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.hears_beep(within=30)
    stopping = asyncio.ensure_future(office.server.stop())
    await patient.says(await words(3))
    await patient.call_ends(within=15)
    assert await stopping == 0
    call = await office.call_from(number)  # read without a server: the command starts the database for itself
    assert call["outcome"] == "message"


async def test_a_killed_controller_cuts_no_call_and_loses_no_message(
    office: Office, number: str, a_patient: PatientMaker, words: Words
) -> None:
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.hears_beep(within=30)
    before = _asterisks(office)
    await office.server.kill()
    await patient.says(await words(4))
    await patient.call_ends(within=20)
    await office.server.start()
    assert _asterisks(office) == before
    call = await office.call_from(number)
    assert call["outcome"] == "message"
    message = await office.message_of(call)
    assert message["seconds"] == pytest.approx(4, abs=0.7)


async def test_a_call_that_came_while_the_controller_was_down_is_in_the_log(
    office: Office, number: str, a_patient: PatientMaker, words: Words
) -> None:
    await office.server.kill()
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.hears_beep(within=30)
    await patient.says(await words(3))
    await patient.call_ends(within=15)
    await office.server.start()
    call = await office.call_from(number)
    assert (call["from"], call["to"], call["outcome"], call["reason"]) == (number, DAY_LINE, "message", "safe-mode")


async def test_asterisk_is_started_again_when_it_dies(office: Office, number: str, a_patient: PatientMaker) -> None:
    [asterisk] = _asterisks(office)
    before = (await office.secondline("status", "--json")).json["components"]["asterisk"]["detail"]
    os.kill(asterisk.pid, signal.SIGKILL)
    await until(lambda: bool(_asterisks(office)) and _asterisks(office) != [asterisk], 15, "Asterisk is back")
    async with asyncio.timeout(30):  # the server looks once a second: what it says first may be from before
        while (await office.secondline("status", "--json")).json["components"]["asterisk"]["detail"] == before:
            await asyncio.sleep(0.1)
    await office.is_ready()
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.is_answered(within=10)


async def test_calls_go_on_while_the_database_is_away_and_are_logged_when_it_is_back(
    office: Office, number: str, a_patient: PatientMaker, words: Words
) -> None:
    postgres = int((office.practice.data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postgres, signal.SIGKILL)
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.hears_beep(within=30)
    await patient.says(await words(3))
    await patient.call_ends(within=15)
    await office.is_ready()
    call = await office.call_from(number)
    assert (call["outcome"], call["reason"]) == ("message", "outside-hours")


async def test_a_good_file_is_taken_and_a_bad_one_refused_while_calls_go_on(
    office: Office, number: str, a_phone: PhoneMaker, a_patient: PatientMaker
) -> None:
    phone, patient = await a_phone(PHONE), await a_patient(number)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))
    await patient.dial(office.practice.sip, DAY_LINE)
    await phone.rings(within=10)
    await phone.answer()
    await patient.is_answered(within=10)
    office.edit('daily = "09:00-17:00"', 'daily = "09:00-25:00"')
    refused = await office.secondline("reload")
    assert refused.status == 1
    assert "25:00" in refused.out
    office.edit("[server]\n", TEST_OF_ITS_OWN)
    office.edit('daily = "09:00-25:00"', 'daily = "02:00-08:00"')
    refused = await office.secondline("reload")
    assert refused.status == 1
    assert 'instead of "greeting closed, voicemail rictor"' in refused.out  # a test in the file fails
    office.edit('daily = "02:00-08:00"', 'daily = "07:00-08:00"')
    taken = await office.secondline("reload", "--json")
    assert taken.json["ok"] is True
    assert "new calls follow the new file" in taken.json["changed"]
    await patient.hang_up()
    call = await office.call_from(number)
    assert call["outcome"] == "answered"
    later = await a_patient("+12155559999")
    await later.dial(office.practice.sip, DAY_LINE)
    await later.is_answered(within=10)
    await later.hang_up()
    assert (await office.call_from("+12155559999"))["reason"] == "outside-hours"
    office.edit('daily = "07:00-08:00"', 'daily = "09:00-17:00"')
    assert (await office.secondline("reload")).status == 0


async def test_the_audit_of_all_this_is_whole_signed_and_out_of_the_programs_reach(office: Office) -> None:
    verified = (await office.secondline("audit", "verify", "--json")).json
    assert (verified["verdict"], verified["append_only"], verified["restores"]) == ("intact", True, [])
    assert verified["last_anchored_seq"] is not None
    rows = (await office.secondline("audit", "show", "--limit", "10000", "--json")).json
    assert {"config-loaded", "config-reloaded", "config-refused", "stopped", "finished", "kept"} <= {
        row["action"] for row in rows
    }
    files = office.practice.data / "audit"
    assert all(file.stat().st_mode & 0o077 == 0 for file in (files, *files.iterdir()))
    state = (await office.secondline("status", "--json")).json["audit"]
    assert (state["ok"], state["problem"]) == (True, None)


async def test_what_a_patient_is_never_reaches_a_log_a_metric_or_a_file_name(
    office: Office, number: str, a_patient: PatientMaker, words: Words
) -> None:
    canary = number.removeprefix("+1")
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.hears_beep(within=30)
    await patient.says(await words(2))
    await patient.call_ends(within=15)
    call = await office.call_from(number)
    await office.transcribed(call["message_id"])
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{office.practice.web_port}/metrics") as answer,
    ):
        assert canary not in await answer.text()
    folder = office.practice.data
    logs = [office.server.log, folder / "postgres" / "server.log", *(folder / "asterisk" / "log").rglob("*")]
    told = [path for path in logs if path.is_file() and canary in path.read_text(errors="replace")]
    assert told == []
    assert [path for path in folder.rglob("*") if canary in path.name] == []


def _asterisks(office: Office) -> list[psutil.Process]:
    conf = str(office.practice.data / "asterisk" / "etc" / "asterisk.conf")
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if conf in words and "-f" in words and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found
