"""How fast the audit takes rows, each in a transaction of its own, and how fast a whole chain is verified."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure
from bench.practice import BenchFailed
from pbx.asterisk.layout import Layout
from pbx.auditing.verify import Verdict
from pbx.config.settings import Audit
from pbx.domain.checkpoints import Cause
from pbx.store.audit import note
from pbx.store.chain import PgAudit
from pbx.store.database import POOL_SIZE, Database
from pbx.store.embedded import EmbeddedPostgres
from pbx.trail import audit_trail

APPENDED = 4_000
VERIFIED = 200_000
AT_ONCE = 2_000
DURABLE_WRITES = 500
APPEND_GOAL = 1_000.0
VERIFY_GOAL = 100_000.0


async def audit_figures(folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    """On a database of its own in `folder`, made durable as a practice's is. Raises BenchFailed."""
    cluster = EmbeddedPostgres(folder / "postgres")
    await cluster.start()
    try:
        async with Database.connect(cluster.addresses) as database:
            await database.migrate()
            appended, disk = await _append(database), await asyncio.to_thread(_durable_writes, folder / "page")
            tell(f"the audit takes {appended:.0f} rows a second, the disk {disk:.0f} durable writes")
            await _fill(database)
            verified = await _verify(database, Layout(folder / "data"))
            tell(f"{verified:.0f} rows of the audit are verified in a second")
    finally:
        await cluster.stop()
    return [
        Figure("audit_append_per_s", appended, "rows/s").beside(disk).at_least(APPEND_GOAL),
        Figure("audit_verify_per_s", verified, "rows/s").at_least(VERIFY_GOAL),
    ]


async def _append(database: Database) -> float:
    """Rows a second from as many connections as the server has, each row durable before the next of its connection."""
    book = PgAudit(database)

    async def work(rows: int) -> None:
        for n in range(rows):
            await book.note("person/rictor", "listened", f"message/{n}", by="person/rictor", how="phone")

    await work(100)
    began = time.perf_counter()
    await asyncio.gather(*(work(APPENDED // POOL_SIZE) for _ in range(POOL_SIZE)))
    return APPENDED / (time.perf_counter() - began)


def _durable_writes(file: Path) -> float:
    """The peer: pages of a database that the disk makes durable in a second, one after the other as a chain has to."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        began = time.perf_counter()
        for _ in range(DURABLE_WRITES):
            os.pwrite(handle, bytes(8192), 0)
            os.fdatasync(handle)
        return DURABLE_WRITES / (time.perf_counter() - began)
    finally:
        os.close(handle)


async def _fill(database: Database) -> None:
    for _ in range(VERIFIED // AT_ONCE):
        async with database.transaction() as connection:
            for n in range(AT_ONCE):
                await note(connection, "person/rictor", "listened", f"message/{n}", by="person/rictor", how="phone")


async def _verify(database: Database, layout: Layout) -> float:
    """Rows a second of a whole verification, reading them and checking checkpoints included."""
    trail = audit_trail(PgAudit(database), layout, Audit())
    await trail.checkpoint(Cause.COMMAND)
    began = time.perf_counter()
    report = await trail.verify()
    took = time.perf_counter() - began
    if report.verdict is not Verdict.INTACT or report.checked < VERIFIED:
        raise BenchFailed("The audit that was measured does not verify.")
    return report.checked / took
