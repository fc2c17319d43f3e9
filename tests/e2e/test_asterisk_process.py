"""Asterisk as a process: started, adopted with its calls, restarted, reloaded in mid-call, stopped, refused."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pbx.asterisk.ports import free_for_both
from pbx.asterisk.process import AsteriskFailed, AsteriskProcess
from pbx.asterisk.render import render
from pbx.asterisk.revival import Revival
from pbx.asterisk.running import find_running
from pbx.asterisk.secrets import Secrets
from pbx.demo.baresip import ClientFailed
from pbx.domain.actions import Voicemail
from pbx.domain.policy import Number, Phone, Policy
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.asterisk import DESK, DID, Pbx, a_practice, is_whole, prepared, running
from tests.kit.files import modes
from tests.kit.network import TRUNK, Request, raw_caller, until

Words = Callable[[float], Awaitable[Path]]

_CONTROLLER = """
import asyncio, os, sys
from pathlib import Path
from pbx.asterisk.layout import Layout
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.programs import find_asterisk
from pbx.config.settings import Network
network = Network("127.0.0.1", int(sys.argv[2]), tls_port=int(sys.argv[3]))
asterisk = AsteriskProcess(Layout(Path(sys.argv[1])), find_asterisk(), network)
asyncio.run(asterisk.start())
os.kill(os.getpid(), 9)
"""
"""A controller that starts Asterisk and is killed at once."""


@contextmanager
def a_pbx(data: Path) -> Iterator[Pbx]:
    """A PBX that is not started; whatever runs on its folder at the end is stopped."""
    pbx = prepared(data, a_practice())
    try:
        yield pbx
    finally:
        asyncio.run(pbx.process.stop(0))


@pytest.fixture
def pbx(tmp_path: Path) -> Iterator[Pbx]:
    with a_pbx(tmp_path / "data") as pbx:
        yield pbx


async def can_be_called(pbx: Pbx, number: str = DID) -> bool:
    async with raw_caller(TRUNK, pbx.server) as caller:
        if await caller.calls(Request(f"sip:{number}@127.0.0.1")) != 200:
            return False
        caller.hangs_up()
    return True


async def test_it_takes_calls_as_soon_as_it_is_started(pbx: Pbx) -> None:
    began = asyncio.get_running_loop().time()
    assert await pbx.process.start() is False
    assert asyncio.get_running_loop().time() - began < 5
    assert await can_be_called(pbx)


async def test_a_dead_controllers_asterisk_is_adopted_with_its_calls(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    arguments = (str(pbx.layout.data), str(pbx.server.port), str(pbx.server.tls_port))
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", _CONTROLLER, *arguments)
    assert await dead.wait() == -signal.SIGKILL
    orphan = find_running(pbx.layout)
    assert orphan is not None
    patient = await a_patient()
    await patient.dial(pbx.server, DID)
    await patient.hears_beep(10)
    await patient.says(await words(2.5))
    assert await pbx.process.start() is True
    assert pbx.process.pid == orphan.pid
    await patient.call_ends(10)
    call = await pbx.next_ended(set())
    assert is_whole(call.recordings[0], 2.5, SPOKEN)


async def test_an_asterisk_at_another_port_than_the_file_says_is_replaced(pbx: Pbx) -> None:
    await pbx.process.start()
    first = pbx.process.pid
    port = free_for_both()
    moved = dataclasses.replace(pbx.settings, network=dataclasses.replace(pbx.settings.network, port=port))
    render(pbx.policy, moved, pbx.machine)
    process = AsteriskProcess(pbx.layout, pbx.machine.program, moved.network)
    assert await process.start() is False
    assert process.pid != first
    assert await can_be_called(dataclasses.replace(pbx, settings=moved))
    await process.stop(0)


async def test_a_killed_asterisk_is_started_again(pbx: Pbx) -> None:
    await pbx.process.start()
    first = pbx.process.pid
    assert first is not None
    watcher = asyncio.create_task(pbx.process.watch())
    os.kill(first, signal.SIGKILL)
    await until(lambda: pbx.process.pid not in (None, first), 10, "another Asterisk")
    await pbx.process.wait_ready()
    assert await can_be_called(pbx)
    assert pbx.process.restarts == 1
    await pbx.process.stop(0)
    await asyncio.wait_for(watcher, 5)
    assert pbx.process.pid is None


async def test_one_that_died_is_brought_back_without_a_controller_and_adopted_by_the_next(
    pbx: Pbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.asterisk.revival.FIRST_PAUSE", 60.0)  # so that this machine's speed does not matter
    await pbx.process.start()
    dead = find_running(pbx.layout)
    assert dead is not None
    revival = Revival(pbx.layout)
    revival.look()
    assert pbx.process.pid == dead.pid, "it ran"
    os.kill(dead.pid, signal.SIGKILL)
    await dead.ended()
    assert pbx.process.pid is None
    revival.look()
    revived = find_running(pbx.layout)
    assert revived is not None and revived.pid != dead.pid
    revival.look()
    # While it still boots: it is waited for, not started a second time.
    assert await pbx.process.start() is True
    assert pbx.process.pid == revived.pid
    assert await can_be_called(pbx)
    os.kill(revived.pid, signal.SIGKILL)
    await revived.ended()
    revival.look()
    assert find_running(pbx.layout) is None, "not again at once"


@pytest.mark.parametrize("drain", [0.0, 5.0])
async def test_one_that_was_stopped_is_not_brought_back(drain: float, pbx: Pbx) -> None:
    await pbx.process.start()
    await pbx.process.stop(drain)
    Revival(pbx.layout).look()
    assert find_running(pbx.layout) is None


async def test_a_call_in_progress_is_waited_for_and_no_other_is_taken(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    await pbx.process.start()
    patient = await a_patient()
    await patient.dial(pbx.server, DID)
    await patient.hears_beep(10)
    await patient.says(await words(2.5))
    stopping = asyncio.create_task(pbx.process.stop(20))
    async with raw_caller(TRUNK, pbx.server) as late:
        await asyncio.sleep(0.3)  # the command is on its way
        assert await late.calls(Request(f"sip:{DID}@127.0.0.1"), within=1) not in (0, 200)
    assert await patient.call_ends(10) == "end of file"
    await asyncio.wait_for(stopping, 5)
    assert is_whole((await pbx.next_ended(set())).recordings[0], 2.5, SPOKEN)


async def test_a_call_that_lasts_too_long_does_not_hold_up_a_stop(pbx: Pbx, a_patient: PatientMaker) -> None:
    await pbx.process.start()
    patient = await a_patient()
    await patient.dial(pbx.server, DID)
    await patient.hears_beep(10)
    began = asyncio.get_running_loop().time()
    await pbx.process.stop(0.5)
    assert asyncio.get_running_loop().time() - began < 8
    assert pbx.process.pid is None
    assert (await pbx.next_ended(set())).recordings


async def test_a_reload_in_a_message_keeps_every_second_and_takes_the_new_file_in(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker, words: Words
) -> None:
    await pbx.process.start()
    patient = await a_patient()
    await patient.dial(pbx.server, DID)
    await patient.hears_beep(10)
    (message,) = pbx.calls()
    await patient.says(await words(3.5))
    machine = pbx.machine
    for number in ("+17175550190", "+17175550191"):
        policy = with_number(pbx.policy, number)
        secrets = Secrets.load_or_create(pbx.layout, [phone.name for phone in policy.phones])
        machine = dataclasses.replace(pbx.machine, secrets=secrets)
        assert render(policy, pbx.settings, machine)
        await pbx.process.reload()
    assert await can_be_called(pbx, "+17175550191")
    new = await a_phone("new-desk")
    await new.register(pbx.server, machine.secrets.phone("new-desk"))
    old = await a_phone(DESK)
    with pytest.raises(ClientFailed):
        await old.register(pbx.server, pbx.machine.secrets.phone(DESK))
    await patient.call_ends(10)
    call = await pbx.next_ended(set(pbx.calls()) - {message})
    assert is_whole(call.recordings[0], 3.5, SPOKEN)


def with_number(policy: Policy, number: str) -> Policy:
    """The practice with one more number, and other phones."""
    more = Number(number, "New", None, (Voicemail("rictor"),), (Voicemail("rictor"),))
    return dataclasses.replace(
        policy, numbers={**policy.numbers, number: more}, phones=(Phone("new-desk", "rictor", "Dr. Rictor"),)
    )


async def test_a_taken_sip_port_is_said_with_who_has_it_and_what_to_do(pbx: Pbx) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.bind(("127.0.0.1", pbx.server.port))
        with pytest.raises(AsteriskFailed) as failure:
            await pbx.process.start()
    assert f"port {pbx.server.port} (UDP)" in str(failure.value)
    assert f"(process {os.getpid()})" in str(failure.value)
    assert "[server]" in str(failure.value)


async def test_missing_modules_are_said_with_what_to_do(pbx: Pbx, tmp_path: Path) -> None:
    program = dataclasses.replace(pbx.machine.program, module_dir=tmp_path / "nowhere")
    process = AsteriskProcess(pbx.layout, program, pbx.settings.network)
    with pytest.raises(AsteriskFailed, match="make setup"):
        await process.start()


async def test_an_asterisk_that_cannot_start_shows_its_last_lines(pbx: Pbx) -> None:
    (pbx.layout.etc / "modules.conf").write_text("[modules]\nautoload = no\nrequire = no_such_module.so\n")
    with pytest.raises(AsteriskFailed, match="no_such_module"):
        await pbx.process.start()
    assert find_running(pbx.layout) is None


def test_a_data_folder_with_a_long_path_works(tmp_path: Path) -> None:
    with running(tmp_path / ("long-" * 16) / "data", a_practice()) as pbx:
        assert asyncio.run(can_be_called(pbx))


def test_it_runs_without_being_root(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("the other tests show it already")
    data = Path("/tmp") / f"secondline-test-{os.getpid()}"
    try:
        with a_pbx(data) as pbx:
            subprocess.run(["chown", "-R", "nobody", data], check=True)
            command = pbx.machine.program.command("-f", "-C", pbx.layout.asterisk_conf)
            child = subprocess.Popen(command, user="nobody", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                asyncio.run(asyncio.wait_for(ready(pbx), 10))
                assert asyncio.run(can_be_called(pbx))
            finally:
                child.kill()
                child.wait()
    finally:
        subprocess.run(["rm", "-rf", data], check=True)


async def ready(pbx: Pbx) -> None:
    while not await pbx.process.console.booted(5):
        await asyncio.sleep(0.05)


async def test_nothing_but_sip_listens_on_another_address_than_loopback(pbx: Pbx) -> None:
    await pbx.process.start()
    assert pbx.process.pid is not None
    lines = Path(f"/proc/{pbx.process.pid}/net/tcp").read_text()
    listening = {line.split()[1] for line in lines.splitlines()[1:] if line.split()[3] == "0A"}
    ours = {f"0100007F:{port:04X}" for port in (pbx.server.port, pbx.machine.ports.ami)}
    assert ours <= listening


async def test_its_files_are_nobody_elses_to_read(pbx: Pbx) -> None:
    await pbx.process.start()
    assert await can_be_called(pbx)
    await pbx.next_ended(set())
    found = modes(pbx.layout.data)
    assert [str(path) for path, mode in found if mode & 0o077 and path.suffix != ".wav"] == []
