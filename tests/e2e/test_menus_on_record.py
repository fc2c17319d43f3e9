"""A phone tree on the whole server: the file is reloaded, a caller chooses, and the log says what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pbx.demo.hearing import seconds_of_sound
from tests.e2e.conftest import PatientMaker
from tests.kit.network import until
from tests.kit.server import Office, open_office

pytestmark = pytest.mark.timeout(120)

TREE_LINE = "+17175550105"
TREE = f"""
[people.nurse]
name = "Nurse Mills"

[numbers."{TREE_LINE}"]
label = "Main line"
open = [{{ menu = "main" }}]

[menus.main]
options.1 = {{ say = "For refills, press 1.", menu = "refills" }}
otherwise = [{{ voicemail = "rictor" }}]
timeout_seconds = 10

[menus.refills]
say = "For your heart tablets press 1."
options.1 = {{ voicemail = "nurse" }}
timeout_seconds = 10

[server]
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


async def test_what_a_caller_chose_is_on_record(office: Office, a_patient: PatientMaker, tmp_path: Path) -> None:
    office.edit("[server]", TREE)
    reloaded = await office.secondline("reload")
    assert reloaded.status == 0, reloaded.err
    patient = await a_patient("+12155550177")
    await patient.dial(office.practice.sip, TREE_LINE)
    await until(lambda: seconds_of_sound(patient.heard) > 1, 10, "the first menu")
    await patient.presses("1")
    await until(lambda: seconds_of_sound(patient.heard) > 2.5, 10, "the second menu")
    await patient.presses("1")
    await patient.hears_beep(30)
    await patient.hang_up()
    call = await office.call_from("+12155550177")
    assert call["choices"] == [
        {"menu": "main", "key": "1", "to": "refills"},
        {"menu": "refills", "key": "1", "to": "voicemail nurse"},
    ]
    assert "1 (refills), 1 (voicemail nurse)" in " ".join((await office.secondline("calls")).out.split())
    hung_up = await a_patient("+12155550178")
    await hung_up.dial(office.practice.sip, TREE_LINE)
    await hung_up.hears_sound(10)
    await hung_up.hang_up()
    call = await office.call_from("+12155550178")
    assert (call["outcome"], call["choices"]) == ("hung-up-in-menu", [])


async def test_the_tree_is_explained_in_words_and_json(office: Office) -> None:
    words = (await office.secondline("explain", "--to", TREE_LINE)).out
    assert "  Key 1: Go on to the menu 'refills'.\n    Play the menu 'refills' up to 3 times" in words
    steps = (await office.secondline("explain", "--to", TREE_LINE, "--json")).json["steps"]
    [key] = steps[0]["keys"]
    assert (steps[0]["kind"], key["key"], key["to"]) == ("menu", "1", "refills")
    assert steps[key["target"]]["menu"] == "refills"
