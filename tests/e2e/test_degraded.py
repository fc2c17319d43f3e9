"""What does not work is told: by status, by /ready and to the people of the practice. And calls go on meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import free_port
from pbx.asterisk.running import find_running
from pbx.demo.practice import DAY_LINE, EVENING_LINE
from pbx.demo.softphone import SipServer
from tests.e2e.conftest import PatientMaker
from tests.kit.hooks import SECRET, receiver
from tests.kit.network import TRUNK, Request, raw_caller
from tests.kit.server import Office, controller_of, open_office

pytestmark = pytest.mark.timeout(120)

Words = Callable[[float], Awaitable[Path]]
HOOK_PORT = free_port("127.0.0.1")
HUNG, AWAY = "+12155550811", "+12155550812"
GREETING_WITHIN = 3.5
SERVED_WITHIN = 5.0

_WATCH = """
[notify.hook]
kind = "webhook"
url = "http://127.0.0.1:{port}/secondline"
secret_file = "{secret}"

[watch]
by = "hook"
tell = "rictor"

[server]
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    secret = folder / "secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    with open_office(folder, changes=(("[server]\n", _WATCH.format(port=HOOK_PORT, secret=secret)),)) as office:
        yield office


async def test_a_call_through_the_practices_own_number_hears_whether_its_greeting_is_the_right_one(
    office: Office,
) -> None:
    heard = await office.secondline("heartbeat", EVENING_LINE)
    assert (heard.status, heard.out) == (0, f"{EVENING_LINE}: the right greeting was heard.\n"), heard.err
    greetings = Layout(office.practice.data).greetings
    right, kept = greetings / "closed.wav", greetings / "closed.away"
    right.rename(kept)
    try:
        wrong = (await office.secondline("heartbeat", EVENING_LINE, "--json")).json
        assert wrong["problem"] == "a call to 'Evening clinic' did not hear 'closed'"
        state = await ready(office)
        assert state["ready"] is True
        assert [trouble["what"] for trouble in state["degraded"]] == ["heartbeat"]
        assert "Call the number yourself" in (await office.secondline("status")).out
    finally:
        kept.replace(right)
    assert (await office.secondline("heartbeat", EVENING_LINE)).status == 0
    assert (await ready(office))["degraded"] == []
    assert (await office.secondline("calls", "--json")).json == []


async def test_a_controller_that_hangs_is_killed_and_people_are_told_while_a_patient_is_greeted(
    office: Office, a_patient: PatientMaker
) -> None:
    hung = controller(office)
    async with receiver(port=HOOK_PORT) as hook:
        os.kill(hung, signal.SIGSTOP)
        patient = await a_patient(HUNG)
        await patient.dial(office.practice.sip, EVENING_LINE)
        await patient.is_answered(GREETING_WITHIN)
        await patient.hears_sound(1.0)
        await patient.hears_beep(15)
        await patient.hang_up()
        async with asyncio.timeout(30):
            while not hook.taken:
                await asyncio.sleep(0.1)
        told = json.loads(hook.taken[0])
    assert controller(office) != hung
    assert told["type"] == "secondline.restarted"
    assert "hung for 8 seconds and was killed" in told["data"]["text"]
    await office.is_ready()
    assert "started again 1 times" in (await office.secondline("status")).out
    assert (await office.call_from(HUNG))["reason"] == "safe-mode"


async def test_asterisk_and_controller_killed_together_leave_nobody_waiting_for_more_than_five_seconds(
    office: Office,
) -> None:
    before = controller(office)
    asterisk = find_running(Layout(office.practice.data))
    assert asterisk is not None
    os.kill(before, signal.SIGKILL)
    os.kill(asterisk.pid, signal.SIGKILL)
    async with asyncio.timeout(SERVED_WITHIN):
        while not await is_answered(office.practice.sip, EVENING_LINE):
            await asyncio.sleep(0.1)
    await office.is_ready()
    assert controller(office) not in (0, before)


async def is_answered(server: SipServer, number: str) -> bool:
    async with raw_caller(TRUNK, server) as caller:
        if await caller.calls(Request(f"sip:{number}@{server.host}"), within=1) != 200:
            return False
        caller.hangs_up()
    return True


async def test_without_its_database_a_controller_that_starts_anew_follows_what_it_knew_last(
    office: Office, a_patient: PatientMaker, words: Words
) -> None:
    closed = await office.secondline("override", "closed", "--number", DAY_LINE, "--until", "+1h")
    assert "The server follows it." in closed.out, closed.err
    postgres = office.practice.data / "postgres"
    version = (postgres / "PG_VERSION").read_text()
    (postgres / "PG_VERSION").write_text("99\n")  # a database of another program: it cannot be started
    os.kill(int((postgres / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    before = controller(office)
    os.kill(before, signal.SIGKILL)
    async with asyncio.timeout(30):
        while controller(office) in (0, before) or not (await ready(office)).get("components", {}).get("controller"):
            await asyncio.sleep(0.1)
    state = await ready(office)
    [trouble] = [trouble for trouble in state["degraded"] if trouble["what"] == "database"]
    assert state["ready"] is False
    assert "was made by PostgreSQL 99" in trouble["detail"]
    assert trouble["remedy"] and trouble["callers"] and trouble["since"]
    patient = await a_patient(AWAY)
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.hears_beep(15)
    await patient.says(await words(2))
    await patient.call_ends(15)
    (postgres / "PG_VERSION").write_text(version)
    call = await office.call_from(AWAY)
    assert (call["outcome"], call["reason"]) == ("message", "override")


def controller(office: Office) -> int:
    """The process that the server's own watches; 0 between two of them."""
    return controller_of(office.server.pid)


async def ready(office: Office) -> dict[str, Any]:
    """What /ready says; nothing where nobody answers."""
    url = f"http://127.0.0.1:{office.practice.web_port}/ready"
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            found: dict[str, Any] = await answer.json()
    except aiohttp.ClientError:
        return {}
    return found
