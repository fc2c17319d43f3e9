"""The inventory: what Asterisk's files say is taken from them, no secret is told, and the pictures hold every flow."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pbx.asterisk.conf import parse_conf
from pbx.asterisk.layout import Layout
from pbx.config.load import load
from pbx.inventory.facts import Inventory, Side
from pbx.inventory.flows import side_of
from pbx.inventory.gather import gather
from pbx.inventory.mermaid import mermaid
from pbx.inventory.sockets import processes
from pbx.inventory.svg import flows_svg

ROOT = Path(__file__).parents[3]
PJSIP = """\
[_tls] ; the phones
type = transport
protocol = tls
bind = 0.0.0.0:5061
cert_file = /data/tls/cert.pem

[_phone](!)
type = endpoint
media_encryption = sdes
transport = _tls

[front-desk-1](_phone)
aors = front-desk-1
[front-desk-1](_auth)
type = auth
password = never\\;told
"""


@pytest.fixture
def found(tmp_path: Path) -> Inventory:
    layout = Layout(tmp_path)
    layout.etc.mkdir(parents=True)
    (layout.etc / "pjsip.conf").write_text(PJSIP, "utf-8")
    layout.ports.write_text('{"ami": 15038, "agi": 14573}', "utf-8")
    layout.secrets.write_text('{"ami": "never-told", "phones": {}}', "utf-8")
    practice = load(ROOT / "docs" / "examples" / "care-team.toml")
    return gather(practice, layout, "22.10.1", datetime(2026, 11, 28, tzinfo=UTC))


def test_sections_have_the_values_of_their_templates() -> None:
    sections = parse_conf(PJSIP)
    assert [(one.name, one.type) for one in sections] == [
        ("_tls", "transport"),
        ("front-desk-1", "endpoint"),
        ("front-desk-1", "auth"),
    ]
    assert sections[1].values["transport"] == "_tls"
    assert sections[2].values["password"] == "never;told"


def test_what_listens_is_what_the_files_in_force_say(found: Inventory) -> None:
    sockets = {(one.protocol, one.first): one for one in found.sockets}
    assert sockets["tcp", 5061].encrypted and sockets["tcp", 5061].beyond
    assert not sockets["tcp", 15038].beyond and not sockets["tcp", 14573].beyond
    assert ("udp", 5060) not in sockets


def test_phones_are_as_asterisk_has_them(found: Inventory) -> None:
    [desk] = [one for one in found.devices if one.name == "front-desk-1"]
    assert (desk.transport, desk.voice) == ("tls", "SRTP")


def test_what_leaves_the_building_is_told_and_no_secret_is(found: Inventory) -> None:
    told = json.dumps(found.to_json())
    assert "never" not in told
    leaving = {
        flow.target if flow.target in ("carrier", "backups") else flow.source for flow in found.flows if flow.leaves
    }
    assert {"carrier", "backups"} <= leaving
    assert all(flow.leaves for flow in found.flows if "notify-mail" in (flow.source, flow.target))
    assert not any(flow.leaves for flow in found.flows if flow.target == "recogniser")


def test_every_flow_is_in_both_pictures(found: Inventory) -> None:
    text, root = mermaid(found), ElementTree.fromstring(flows_svg(found))
    assert text.startswith("flowchart LR\n")
    assert sum("==>" in line or "-.->" in line for line in text.splitlines()) == len(found.flows)
    name = "{http://www.w3.org/2000/svg}"
    drawn = root.findall(f".//{name}g[@class='flows']/{name}path")
    assert len({line.attrib["d"] for line in drawn}) == len(found.flows)
    titles = "".join(root.itertext())
    assert all(party.name in titles for party in found.parties)


def test_texts_with_patients_leave_the_building_and_a_first_start_is_told_from_the_file(tmp_path: Path) -> None:
    practice = load(ROOT / "docs" / "examples" / "texting.toml")
    told = gather(practice, Layout(tmp_path), None, datetime(2026, 11, 28, tzinfo=UTC))
    assert any(flow.leaves and flow.about_patients and flow.what.startswith("texts") for flow in told.flows)
    assert {(device.transport, device.voice) for device in told.devices} == {("tls", "SRTP")}
    assert any(one.first == practice.settings.network.tls_port and one.encrypted for one in told.sockets)


def test_programs_that_ask_and_those_that_are_told_have_their_place(tmp_path: Path) -> None:
    layout, file = Layout(tmp_path), tmp_path / "practice.toml"
    hook = '\n[webhooks.ehr]\nurl = "https://ehr.example.com/in"\ntrusted = true\nbecause = "Ours."\n'
    file.write_text((ROOT / "docs" / "examples" / "solo.toml").read_text("utf-8") + hook, "utf-8")
    layout.hook_secrets.write_text('{"ehr": "never-told"}', "utf-8")
    told = gather(load(file), layout, None, datetime(2026, 11, 28, tzinfo=UTC))
    flows = {(flow.source, flow.target): flow for flow in told.flows}
    asks, hears = flows["programs", "controller"], flows["controller", "webhook-ehr"]
    assert asks.about_patients and not asks.leaves, "the interface is on loopback"
    assert hears.about_patients and hears.leaves and hears.encrypted
    assert "webhook secrets" in {key.name for key in told.keys} and "never" not in json.dumps(told.to_json())


@pytest.mark.parametrize(
    ("host", "side"),
    [
        ("127.0.0.1", Side.MACHINE),
        ("localhost", Side.MACHINE),
        ("192.168.1.9", Side.PREMISES),
        ("203.0.114.9", Side.OUTSIDE),
        ("mail.example.com", Side.OUTSIDE),
    ],
)
def test_where_a_host_is(host: str, side: Side) -> None:
    assert side_of(host) is side


def test_a_pid_that_is_nobodys_any_more_is_no_process_of_ours(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    layout = Layout(tmp_path / "var")
    layout.make()
    layout.lock.write_text(f"{ended.pid}\n", encoding="utf-8")
    assert processes(layout) == []
