"""The drill: a practice at work is kept, its machine is lost, and another one goes on where it was.

And what the doctor and the inventory say of a server at work.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pbx.asterisk.layout import Layout
from pbx.config.load import load
from pbx.demo.practice import EVENING_LINE
from pbx.demo.server import ServerProcess
from pbx.inventory.sockets import open_sockets, unexpected, wanted
from tests.e2e.conftest import PatientMaker
from tests.kit.server import Office, open_office

pytestmark = pytest.mark.timeout(150)

Words = Callable[[float], Awaitable[Path]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


async def test_everything_that_listens_is_in_the_inventory(office: Office, a_patient: PatientMaker) -> None:
    patient = await a_patient("+12155550401")
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.is_answered(within=10)  # so that there is voice too
    told = (await office.secondline("inventory", "--json")).json
    layout, settings = Layout(office.practice.data), load(office.practice.file).settings
    seen = open_sockets(layout)
    meant = wanted(settings, layout)
    assert unexpected(meant, seen) == []
    assert {one["what"] for one in told["sockets"]} == {listener.what for listener in meant}
    rtp = (settings.network.rtp_first, settings.network.rtp_last)
    assert any(rtp[0] <= one.port <= rtp[1] for one in seen)
    await patient.hang_up()


async def test_the_doctor_finds_nothing_wrong_with_a_server_at_work(office: Office) -> None:
    answer = await office.secondline("doctor", "--json")
    found = {(one["subject"], one["name"]): one for one in answer.json["findings"]}
    problems = [one for one in found.values() if one["state"] == "problem"]
    assert (answer.status, problems) == (0, [])
    assert found["server", "asterisk"]["state"] == "ok"
    assert found["ports", "beyond this machine"]["state"] == "ok"
    assert found["versions", "PostgreSQL"]["detail"].startswith("18")
    assert all(one["remedy"] for one in found.values() if one["state"] != "ok")


async def test_a_lost_machine_is_replaced_by_another_one(
    office: Office, a_patient: PatientMaker, words: Words, tmp_path: Path
) -> None:
    talking = asyncio.ensure_future(_a_message(office, "+12155550403", a_patient, await words(8)))
    message = await _a_message(office, "+12155550402", a_patient, await words(2))
    key, file, masters = (str(tmp_path / name) for name in ("backup.key", "backup.age", "master-keys"))
    assert (await office.secondline("backup-key", "create", key)).status == 0
    kept = await office.secondline("backup", file, "--json")  # while somebody talks
    later = await talking
    assert kept.status == 0, kept.err
    copies = sorted((office.practice.data / "keys").glob("*.key"))
    Path(masters).write_text("".join(path.read_text("ascii") for path in copies), "ascii")
    restore = ("restore", file, "--key", key, "--json")
    tried = await office.secondline(*restore, "--verify", "--scratch", str(tmp_path))
    assert (tried.status, tried.json["problems"], tried.json["remarks"]) == (0, [], [])
    assert tried.json["audit_signed"] > 0 and tried.json["seconds_of_audio"] > 1
    noted = (await office.secondline("audit", "show", "--action", "backup-tried", "--json")).json
    assert len(noted) == 1
    known = (await office.secondline("status", "--json")).json["backup"]
    assert known["made_at"] and known["verified_at"] and known["old"] is False
    assert await office.server.stop() == 0
    shutil.rmtree(office.practice.data)
    office.practice.file.unlink()
    restored = await office.secondline(*restore, "--keys", masters)
    assert restored.status == 0, restored.err
    new = ServerProcess(office.practice.file, office.practice.data, office.practice.web_port)
    async with new:
        there = {one["id"]: one for one in await office.messages()}
        assert there[message["id"]]["from"] == "+12155550402"
        assert set(there) <= {message["id"], later["id"]}
        audit = (await office.secondline("audit", "verify", "--json")).json
        assert (audit["verdict"], audit["findings"]) == ("intact", [])
        heard = tmp_path / "heard.wav"
        assert (await office.secondline("voicemail", "export", message["id"], str(heard))).status == 0
        assert heard.stat().st_size == pytest.approx(2 * 16000, rel=0.4)
        patient = await a_patient("+12155550404")
        await patient.dial(office.practice.sip, EVENING_LINE)
        await patient.is_answered(within=10)


async def _a_message(office: Office, number: str, a_patient: PatientMaker, said: Path) -> dict[str, Any]:
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.hears_beep(within=30)
    await patient.says(said)
    await patient.call_ends(within=20)
    return await office.message_of(await office.call_from(number))
