"""Callers' numbers as they are stored: sealed, and found by their index."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.numbers import Caller, NumberKind
from pbx.sealing.vault import Unopenable
from pbx.store.data_keys import CALLER, Keys, key_for

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.sealing.vault import Vault
    from pbx.store.session import Session

log = logging.getLogger(__name__)


async def sealed_caller(
    connection: Session, vault: Vault, call: UUID, caller: Caller
) -> tuple[bytes | None, bytes | None]:
    """The caller's number under the key of the call, and its index; None for one without a number."""
    if caller.number is None:
        return None, None
    key = await key_for(connection, vault, call)
    return key.seal_text(CALLER, caller.number), vault.index(caller.number)


def caller_of(row: Record, keys: Keys, call: UUID) -> Caller:
    """The caller of a row with `caller_kind`, `caller_sealed` and (of before numbers were sealed) `caller_number`.

    One whose number does not open any more is one with an unusable number. Raises KeysMissing.
    """
    if row["caller_sealed"] is None:
        return Caller(NumberKind(row["caller_kind"]), row["caller_number"])
    try:
        return Caller(NumberKind(row["caller_kind"]), keys.text(call, CALLER, row["caller_sealed"]))
    except Unopenable as problem:
        log.error("the caller of call %s cannot be read: %s", call, problem)
        return Caller(NumberKind.UNUSABLE, None)
