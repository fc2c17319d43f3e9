"""All looks, in the order in which they are told. None of them changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from pbx.doctor import (
    backups,
    certificates,
    clock,
    disk,
    keys,
    machine,
    model,
    phones,
    ports,
    server,
    spool,
    trunk,
    versions,
)
from pbx.doctor.finding import Finding, problem
from pbx.doctor.place import Place

Look = Callable[[Place], Awaitable[list[Finding]]]

LOOKS: dict[str, Look] = {
    module.SUBJECT: module.look
    for module in (
        server, machine, versions, clock, disk, spool, ports, trunk, phones, model, certificates, keys, backups,
    )
}  # fmt: skip


async def look_at_all(place: Place) -> Sequence[Finding]:
    """Everything that was found. A look that fails is a finding too."""
    found = await asyncio.gather(*(_one(subject, look, place) for subject, look in LOOKS.items()))
    return [finding for findings in found for finding in findings]


async def _one(subject: str, look: Look, place: Place) -> list[Finding]:
    try:
        return await look(place)
    except OSError as error:
        remedy = "Run it as the account that runs Secondline."
        return [problem(subject, "look", f"{error.filename or 'the system'}: {error.strerror}", remedy)]
