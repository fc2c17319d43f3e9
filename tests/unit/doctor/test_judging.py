"""What each look makes of what it sees: every warning and problem has a remedy, and the limits are where they are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbx.backup.record import Kept
from pbx.config.settings import Engine, Transport, Trunk
from pbx.disk import LOW_BYTES
from pbx.doctor import backups, certificates, clock, disk, keys, machine, model, phones, ports, server, spool, trunk
from pbx.doctor import versions as of
from pbx.doctor.finding import Finding, State
from pbx.doctor.looks import LOOKS
from pbx.inventory.sockets import Listener, Seen, unexpected

OK, WARNING, PROBLEM = State.OK, State.WARNING, State.PROBLEM
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HERE = Path("/data")
SIP = Listener("udp", "0.0.0.0", 5060, 5060, "SIP", "carrier", False)
LOOKUPS = Listener("udp", "0.0.0.0", 32768, 60999, "DNS", "name servers", False, 2)

CASES: list[tuple[Callable[[], Finding], State]] = [
    (lambda: machine.judge_cores(1), WARNING),
    (lambda: machine.judge_cores(2), OK),
    (lambda: machine.judge_memory(3000, 3000), WARNING),
    (lambda: machine.judge_memory(4000, 3000), OK),
    (lambda: machine.judge_file_system("ext4"), OK),
    (lambda: machine.judge_file_system("tmpfs"), WARNING),
    (lambda: machine.judge_file_system("vfat"), PROBLEM),
    (lambda: machine.judge_file_system("nfs4"), PROBLEM),
    (lambda: of.judge_python((3, 10)), PROBLEM),
    (lambda: of.judge_python((3, 11)), OK),
    (lambda: of.judge_python((3, 14)), PROBLEM),
    (lambda: of.judge_asterisk(None, "asterisk is not installed"), PROBLEM),
    (lambda: of.judge_asterisk("22.10.0", ""), PROBLEM),
    (lambda: of.judge_asterisk("22.10.1+dfsg", ""), OK),
    (lambda: of.judge_asterisk("23.0.0", ""), OK),
    (lambda: of.judge_postgres("14.9"), PROBLEM),
    (lambda: of.judge_postgres("18.4"), OK),
    (lambda: of.judge_postgres(None), OK),
    (lambda: of.judge_packages(["panoramisk 1.3"]), PROBLEM),
    (lambda: of.judge_packages([]), OK),
    (lambda: clock.judge_time(NOW), OK),
    (lambda: clock.judge_time(datetime(1970, 1, 1, tzinfo=UTC)), PROBLEM),
    (lambda: clock.judge_synchronised(None), WARNING),
    (lambda: clock.judge_synchronised(False), WARNING),
    (lambda: clock.judge_synchronised(True), OK),
    (lambda: clock.judge_zone("America/New_York"), OK),
    (lambda: clock.judge_zone("America/Scotland"), PROBLEM),
    (lambda: disk.judge_room(HERE, LOW_BYTES - 1), PROBLEM),
    (lambda: disk.judge_room(HERE, LOW_BYTES), WARNING),
    (lambda: disk.judge_room(HERE, 5 * LOW_BYTES), OK),
    (lambda: disk.judge_inodes(HERE, 4, 100), PROBLEM),
    (lambda: disk.judge_inodes(HERE, 5, 100), OK),
    (lambda: disk.judge_inodes(HERE, 0, 0), OK),
    (lambda: spool.judge_marker(HERE, False), PROBLEM),
    (lambda: spool.judge_marker(HERE, True), OK),
    (lambda: spool.judge_quarantine(HERE, 1), WARNING),
    (lambda: spool.judge_quarantine(HERE, 0), OK),
    (lambda: spool.judge_waiting([901.0], True), WARNING),
    (lambda: spool.judge_waiting([10.0], True), OK),
    (lambda: spool.judge_waiting([10.0], False), WARNING),
    (lambda: spool.judge_waiting([], False), OK),
    (lambda: ports.judge_port(SIP, True, True, ""), OK),
    (lambda: ports.judge_port(SIP, False, True, ""), OK),
    (lambda: ports.judge_port(SIP, False, False, "other (process 7)"), PROBLEM),
    (lambda: ports.judge_beyond([SIP], [Seen("udp", "0.0.0.0", 5060, "asterisk", 1)]), OK),
    (lambda: ports.judge_beyond([SIP], [Seen("tcp", "0.0.0.0", 5060, "asterisk", 1)]), PROBLEM),
    (lambda: ports.judge_beyond([SIP], [Seen("tcp", "127.0.0.1", 9999, "asterisk", 1)]), OK),
    (lambda: trunk.judge_name("sip.example.com", None), PROBLEM),
    (lambda: trunk.judge_name("sip.example.com", "192.0.2.1"), OK),
    (lambda: trunk.judge_registration(None), OK),
    (lambda: trunk.judge_registration("Rejected"), PROBLEM),
    (lambda: trunk.judge_registration("Registered"), OK),
    (lambda: trunk.judge_answer(None), WARNING),
    (lambda: trunk.judge_answer(0.02), OK),
    (lambda: phones.judge_phone("desk", None), OK),
    (lambda: phones.judge_phone("desk", False), WARNING),
    (lambda: phones.judge_phone("desk", True), OK),
    (lambda: model.judge_library(Engine.WHISPER, False), PROBLEM),
    (lambda: model.judge_library(Engine.MOONSHINE, True), OK),
    (lambda: model.judge_model(Path("/nonexistent")), PROBLEM),
    (lambda: model.judge_model(None), OK),
    (lambda: model.judge_worker(False, "it died"), PROBLEM),
    (lambda: model.judge_worker(True, "moonshine"), OK),
    (lambda: certificates.judge_expiry("c", NOW, NOW), PROBLEM),
    (lambda: certificates.judge_expiry("c", NOW + timedelta(days=7), NOW), PROBLEM),
    (lambda: certificates.judge_expiry("c", NOW + timedelta(days=30), NOW), WARNING),
    (lambda: certificates.judge_expiry("c", NOW + timedelta(days=31), NOW), OK),
    (lambda: keys.judge_folder(HERE, 0o750), PROBLEM),
    (lambda: keys.judge_folder(HERE, 0o700), OK),
    (lambda: keys.judge_file(HERE, 0o640), PROBLEM),
    (lambda: keys.judge_file(HERE, 0o600), OK),
    (lambda: keys.judge_master_keys((), True, ""), PROBLEM),
    (lambda: keys.judge_master_keys((), False, ""), OK),
    (lambda: keys.judge_master_keys((), False, "it can be read by others"), PROBLEM),
    (lambda: keys.judge_master_keys(("a",), True, ""), OK),
    (lambda: backups.judge_key(False), WARNING),
    (lambda: backups.judge_key(True), OK),
    (lambda: backups.judge_age(Kept(), NOW), WARNING),
    (lambda: backups.judge_age(Kept(NOW - timedelta(days=3)), NOW), WARNING),
    (lambda: backups.judge_age(Kept(NOW - timedelta(days=1)), NOW), OK),
    (lambda: backups.judge_trial(None, NOW), WARNING),
    (lambda: backups.judge_trial(NOW - timedelta(days=93), NOW), WARNING),
    (lambda: backups.judge_trial(NOW - timedelta(days=30), NOW), OK),
    (lambda: server.judge_file(["practice.toml:1: x: is wrong (fix it)"]), PROBLEM),
    (lambda: server.judge_file([]), OK),
    (lambda: server.judge_part("database", False, "is away"), PROBLEM),
    (lambda: server.judge_part("database", True, "PostgreSQL 18.4"), OK),
]


@pytest.mark.parametrize(("look", "state"), CASES)
def test_the_limits(look: Callable[[], Finding], state: State) -> None:
    found = look()
    assert found.state is state
    assert bool(found.remedy) is (state is not OK)
    assert found.remedy.endswith((".", "FILE", "FOLDER", ")")) or not found.remedy or ": " in found.remedy
    assert found.subject in LOOKS


def test_of_name_look_ups_there_are_two_and_no_more() -> None:
    seen = [Seen("udp", address, 40000 + n, "asterisk", 1) for n, address in enumerate(("0.0.0.0", "::", "0.0.0.0"))]
    assert unexpected([SIP, LOOKUPS], seen[:2]) == []
    assert unexpected([SIP, LOOKUPS], seen) == seen[2:]
    assert unexpected([SIP, LOOKUPS], [Seen("tcp", "0.0.0.0", 40000, "asterisk", 1)]) != []


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
def test_a_carrier_that_answers_is_heard(transport: Transport) -> None:
    kind = socket.SOCK_DGRAM if transport is Transport.UDP else socket.SOCK_STREAM
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, kind) as carrier:
        carrier.bind(("127.0.0.2", 0))
        carrier.settimeout(5)
        if transport is Transport.TCP:
            carrier.listen()

        def answer() -> None:
            if transport is Transport.UDP:
                data, peer = carrier.recvfrom(4096)
                carrier.sendto(b"SIP/2.0 200 OK\r\n\r\n", peer)
            else:
                line, _ = carrier.accept()
                with line:
                    data = line.recv(4096)
                    line.send(b"SIP/2.0 403 Forbidden\r\n\r\n")
            asked.append(data)

        thread = threading.Thread(target=answer)
        thread.start()
        line = Trunk("127.0.0.2", carrier.getsockname()[1], transport, ("127.0.0.2",))
        assert trunk.ask_options(line, "127.0.0.2", within=5) is not None
        thread.join()
    assert asked[0].startswith(b"OPTIONS sip:127.0.0.2:")
    assert asked[0].endswith(b"Content-Length: 0\r\n\r\n")


def test_a_carrier_that_says_nothing_is_not_waited_for_for_long() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.2", 0))
        line = Trunk("127.0.0.2", silent.getsockname()[1], Transport.UDP, ("127.0.0.2",))
        assert trunk.ask_options(line, "127.0.0.2", within=0.1) is None
