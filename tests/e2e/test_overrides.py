"""A real call goes elsewhere after an override by command and over HTTP, and back when it ends, without a restart."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from pbx.demo.practice import DAY_LINE, PHONE
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.server import Office, open_office

pytestmark = pytest.mark.timeout(150)

_NUMBERS = itertools.count(700)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
async def api(office: Office) -> AsyncIterator[aiohttp.ClientSession]:
    made = await office.secondline("token", "create", "desk", "--scope", "overrides", "--json")
    headers = {"Authorization": f"Bearer {made.json['token']}"}
    base = f"http://127.0.0.1:{office.practice.web_port}"
    async with aiohttp.ClientSession(base, headers=headers) as session:
        yield session


async def test_calls_follow_an_override_at_once_and_the_schedule_after_it(
    office: Office, api: aiohttp.ClientSession, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    phone = await a_phone(PHONE)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))

    async def rings() -> None:
        caller = f"+1215555{next(_NUMBERS):04d}"
        patient = await a_patient(caller)
        await patient.dial(office.practice.sip, DAY_LINE)
        assert caller in await phone.rings(within=10)
        await phone.answer()
        await patient.is_answered(within=10)
        await patient.hang_up()

    async def is_greeted() -> None:
        caller = f"+1215555{next(_NUMBERS):04d}"
        patient = await a_patient(caller)
        await patient.dial(office.practice.sip, DAY_LINE)
        await patient.is_answered(within=10)
        await patient.hang_up()
        call = await office.call_from(caller)
        assert (call["outcome"], call["reason"]) == ("hung-up-during-greeting", "override")
        assert "set by " in call["why"][0]

    await rings()
    closed = await office.secondline("override", "closed", "--number", DAY_LINE, "--until", "+1h")
    assert "The server follows it." in closed.out, closed.err
    [held] = (await office.secondline("status", "--json")).json["overrides"]
    assert (held["mode"], held["target"]) == ("closed", DAY_LINE)
    await is_greeted()
    ended = await office.secondline("override", "end", str(held["id"]))
    assert "The server follows it." in ended.out, ended.err
    await rings()

    async with api.post("/api/overrides", json={"mode": "voicemail", "person": "rictor", "until": "+1h"}) as answer:
        assert answer.status == 201
        made = await answer.json()
    await is_greeted()
    async with api.delete(f"/api/overrides/{made['id']}") as answer:
        assert answer.status == 200
    await rings()
