"""How long a patient waits for an answer while a stranger floods the SIP port."""

from __future__ import annotations

import asyncio
import socket
import time
from uuid import uuid4

from bench.figures import Figure, percentile
from bench.practice import ROUTED, BenchFailed, Measured
from bench.traffic import Load, burst
from pbx.demo.softphone import SipServer

STRANGER = "127.0.0.3"
FLOOD_RATE = 500
FLOOD_SECONDS = 10
CALL_RATE = 10
GOAL_MS = 1000.0


async def flood_figures(measured: Measured) -> list[Figure]:
    """The 99th percentile from INVITE to 200 OK at 10 calls a second, in 500 INVITEs a second of a stranger."""
    server, carrier = measured.practice.sip, measured.practice.trunk
    flooding = asyncio.create_task(_flood(server))
    result = await burst(Load(ROUTED, CALL_RATE, CALL_RATE * (FLOOD_SECONDS - 1)), server, carrier)
    sent = await flooding
    await measured.taken_in()
    if not result.answers_ms:
        raise BenchFailed("No call was answered in the flood.")
    measured.tell(
        f"flood: {sent} INVITEs of a stranger, {len(result.answers_ms)} of {result.load.calls} calls answered"
    )
    answered = Figure("flood_calls_answered", len(result.answers_ms) / result.load.calls, "ratio").at_least(1.0)
    return [Figure("flood_answer_p99_ms", percentile(result.answers_ms, 99), "ms").at_most(GOAL_MS), answered]


async def _flood(server: SipServer) -> int:
    sent, began = 0, time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind((STRANGER, 0))
        while (gone := time.monotonic() - began) < FLOOD_SECONDS:
            for _ in range(int(gone * FLOOD_RATE) - sent):
                sending.sendto(_invite(server), (server.host, server.port))
                sent += 1
            await asyncio.sleep(0.005)
    return sent


def _invite(server: SipServer) -> bytes:
    unique = uuid4().hex
    lines = (
        f"INVITE {server.uri(ROUTED)} SIP/2.0",
        f"Via: SIP/2.0/UDP {STRANGER}:5062;rport;branch=z9hG4bK{unique}",
        "Max-Forwards: 70",
        f"From: <sip:stranger@{STRANGER}>;tag={unique[:8]}",
        f"To: <{server.uri(ROUTED)}>",
        f"Call-ID: {unique}",
        "CSeq: 1 INVITE",
        f"Contact: <sip:stranger@{STRANGER}:5062>",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
