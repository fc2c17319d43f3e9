"""A bare Asterisk of its own, with just what the FastAGI edge and the AMI client need: started in about a second."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / ".tools" / "asterisk"
READY_WITHIN = 20.0
AMI_USER = "edge"
AMI_SECRET = "edge-secret"

_MODULES = """[modules]
autoload=no
load=res_speech.so
load=res_agi.so
load=res_manager_devicestate.so
load=pbx_config.so
load=app_userevent.so
load=app_verbose.so
load=func_global.so
load=func_uuid.so
load=func_strings.so
load=func_callerid.so
load=func_timeout.so
load=func_channel.so
load=bridge_simple.so
load=codec_ulaw.so
load=res_rtp_asterisk.so
load=res_sorcery_config.so
load=res_sorcery_memory.so
load=res_sorcery_astdb.so
load=res_pjproject.so
load=res_pjsip.so
load=res_pjsip_pubsub.so
load=res_pjsip_session.so
load=res_clioriginate.so
load=res_pjsip_registrar.so
load=res_pjsip_endpoint_identifier_user.so
load=chan_pjsip.so
"""

_PJSIP = """[udp]
type=transport
protocol=udp
bind=127.0.0.1:{sip}

[desk]
type=endpoint
aors=desk
context=default
disallow=all
allow=ulaw

[desk]
type=aor
max_contacts=1

[shelf]
type=endpoint
aors=shelf
context=default
disallow=all
allow=ulaw

[shelf]
type=aor
max_contacts=1
"""

_MANAGER = """[general]
enabled=yes
webenabled=no
port={ami}
bindaddr=127.0.0.1

[{user}]
secret={secret}
deny=0.0.0.0/0.0.0.0
permit=127.0.0.1/255.255.255.255
read=user
write=reporting
"""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A loopback port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class BareAsterisk:
    """A running Asterisk: `cli` runs one console command, `ami_port` and `sip_port` are on 127.0.0.1."""

    folder: Path
    ami_port: int
    sip_port: int
    process: asyncio.subprocess.Process

    async def cli(self, command: str) -> str:
        """What the console prints for `command`."""
        console = await asyncio.create_subprocess_exec(
            *_program(), "-C", str(self.folder / "asterisk.conf"), "-rx", command,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        out, _ = await console.communicate()
        return out.decode(errors="replace")

    async def call(self, extension: str) -> None:
        """Put one channel through `extension` of the context `default`; the other half waits up to a minute."""
        await self.cli(f"channel originate Local/{extension}@default/n application Wait 60")

    async def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    async def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def bare_asterisk(folder: Path, dialplan: str) -> AsyncIterator[BareAsterisk]:
    """Run an Asterisk with `dialplan` as its extensions.conf; all its files are in `folder`."""
    ami, sip = free_port(), free_port(socket.SOCK_DGRAM)
    _write_files(folder, dialplan, ami, sip)
    process = await asyncio.create_subprocess_exec(
        *_program(), "-f", "-n", "-C", str(folder / "asterisk.conf"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    asterisk = BareAsterisk(folder, ami, sip, process)
    try:
        await _wait_until_booted(asterisk)
        yield asterisk
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _wait_until_booted(asterisk: BareAsterisk) -> None:
    for _ in range(int(READY_WITHIN / 0.05)):
        if "fully booted" in await asterisk.cli("core waitfullybooted"):
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("Asterisk did not boot")


def _write_files(folder: Path, dialplan: str, ami: int, sip: int) -> None:
    folders = {
        "astetcdir": folder,
        "astmoddir": ROOT / "usr/lib/x86_64-linux-gnu/asterisk/modules",
        "astvarlibdir": ROOT / "var/lib/asterisk",
        "astdatadir": ROOT / "usr/share/asterisk",
        "astdbdir": folder / "db",
        "astspooldir": folder / "spool",
        "astrundir": folder / "run",
        "astlogdir": folder / "log",
        "astcachedir": folder / "cache",
    }
    for path in folders.values():
        path.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} => {path}" for name, path in folders.items()]
    files = {
        "asterisk.conf": "[directories]\n" + "\n".join(lines) + "\n",
        "modules.conf": _MODULES,
        "manager.conf": _MANAGER.format(ami=ami, user=AMI_USER, secret=AMI_SECRET),
        "pjsip.conf": _PJSIP.format(sip=sip),
        "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error,verbose\n",
        "extensions.conf": dialplan,
    }
    for name, text in files.items():
        (folder / name).write_text(text)


def _program() -> list[str]:
    return [
        str(ROOT / "usr/lib64/ld-linux-x86-64.so.2"),
        "--library-path",
        str(ROOT / "usr/lib/x86_64-linux-gnu"),
        str(ROOT / "usr/sbin/asterisk"),
    ]
