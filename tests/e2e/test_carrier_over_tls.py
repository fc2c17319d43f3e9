"""The carrier's line over TLS: it is checked who answers there, before a word is said."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pbx.asterisk.authority import Authority
from pbx.asterisk.ports import free_port
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.render import render
from pbx.config.settings import Transport, Trunk
from tests.kit.asterisk import a_practice, prepared
from tests.kit.network import TRUNK


@asynccontextmanager
async def carrier(folder: Path, port: int, authority: Authority) -> AsyncIterator[asyncio.Queue[str]]:
    """Listens as a carrier does, with a certificate of `authority`; the first lines of the requests that come."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    pem = folder / "carrier.pem"
    pem.write_text(authority.issue((TRUNK,), datetime.now(UTC)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Asterisk looks at the certificate after the handshake, and then leaves without a word.
        if line := (await reader.readline()).decode().strip():
            lines.put_nowait(line)
        writer.close()

    server = await asyncio.start_server(take, TRUNK, port, ssl=context)
    try:
        yield lines
    finally:
        server.close()


async def test_a_carrier_that_cannot_prove_who_it_is_hears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, other = (Authority.make((TRUNK,), datetime.now(UTC)) for _ in range(2))
    (tmp_path / "authorities.pem").write_text(trusted.certificate_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    pbx = await asyncio.to_thread(prepared, tmp_path / "data", a_practice())
    port = free_port(TRUNK)
    trunk = Trunk(TRUNK, port, Transport.TLS, (TRUNK,), register=True, username="practice", secret="x" * 20, srtp=True)
    network = dataclasses.replace(pbx.settings.network, plain=False)
    settings = dataclasses.replace(pbx.settings, trunk=trunk, network=network)
    render(pbx.policy, settings, pbx.machine)
    process = AsteriskProcess(pbx.layout, pbx.machine.program, network)
    try:
        async with carrier(tmp_path, port, other) as heard:
            await process.start()
            await process.console.run("pjsip send register _trunk")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(heard.get(), 2)
        async with carrier(tmp_path, port, trusted) as heard:
            await process.console.run("pjsip send register _trunk")
            assert await asyncio.wait_for(heard.get(), 10) == f"REGISTER sip:{TRUNK}:{port};transport=tls SIP/2.0"
        assert "0.0.0.0" not in (await process.console.run("pjsip show transports") or "")
        assert "udp" not in (await process.console.run("pjsip show transports") or "")
    finally:
        await process.stop(0)
