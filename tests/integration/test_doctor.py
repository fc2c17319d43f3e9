"""`secondline doctor` and `inventory` without a server, as somebody runs them who wonders why nothing starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pbx.asterisk.ports import free_port
from tests.kit.server import Answer, secondline

ROOT = Path(__file__).parents[2]
SOLO = ROOT / "docs" / "examples" / "solo.toml"


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    """Its carrier is an address of this machine, so that nothing is looked up."""
    text = SOLO.read_text("utf-8").replace("sip.carrier.example", "127.0.0.2")
    file = tmp_path / "practice.toml"
    server = f"\n[server]\nsip_address = '127.0.0.1'\nsip_port = {free_port()}\nweb_port = {free_port()}\n"
    assert "[server]" not in text
    file.write_text(text + server, "utf-8")
    return file


async def run(practice: Path, *words: str) -> Answer:
    return await secondline(*words, "--config", str(practice), "--data", str(practice.parent / "var"))


def found(answer: Answer) -> dict[str, dict[str, Any]]:
    return {f"{one['subject']}: {one['name']}": one for one in answer.json["findings"]}


async def test_with_the_server_down_it_says_so_and_nothing_else_is_wrong(practice: Path) -> None:
    answer = await run(practice, "doctor", "--json")
    problems = [one for one in found(answer).values() if one["state"] == "problem"]
    assert (answer.status, problems, answer.json["ok"]) == (0, [], True)
    assert found(answer)["server: running"]["state"] == "warning"
    assert found(answer)["backups: key"]["remedy"].endswith("secondline backup-key create FILE")
    assert not (practice.parent / "var").exists()  # it changes nothing


async def test_a_file_with_a_problem_and_a_secret_that_all_can_read_are_told(practice: Path) -> None:
    assert (await run(practice, "phones")).status == 0  # makes the secrets
    (practice.parent / "var" / "secrets.json").chmod(0o644)
    practice.write_text(practice.read_text("utf-8").replace('ring = "rictor"', 'ring = "ricter"'), "utf-8")
    answer = await run(practice, "doctor")
    assert answer.status == 1
    assert "Run: secondline check" in answer.out
    assert f"Run: chmod 600 {practice.parent / 'var' / 'secrets.json'}" in " ".join(answer.out.split())
    assert "Traceback" not in answer.err


async def test_the_inventory_is_drawn_as_its_name_says(practice: Path, tmp_path: Path) -> None:
    for name in ("flows.svg", "flows.mmd", "flows.md"):
        assert (await run(practice, "inventory", "--diagram", str(tmp_path / name))).status == 0
    assert ElementTree.parse(tmp_path / "flows.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "flows.mmd").read_text("utf-8").startswith("flowchart")
    assert (tmp_path / "flows.md").read_text("utf-8").startswith("```mermaid\nflowchart")
    answer = await run(practice, "inventory", "--diagram", "flows.png")
    assert answer.status == 1
    assert ".svg" in answer.err
