"""Rows of texts, of who is told of them, and of what numbers said about texts: read and written in a transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.texting import Cause, Consent, ConsentHow, ConsentRecord, Conversation, State, TextRecord
from pbx.domain.texting_rules import ConsentChange
from pbx.services.text_ports import BY_ITSELF, Said, Telling
from pbx.store.audit import note
from pbx.store.queries import sql
from pbx.store.text_veil import Veil

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.store.session import Session


async def add_tellings(connection: Session, text: UUID, tellings: Sequence[Telling]) -> None:
    """Write down who is to be told of a text; what was written down before stays as it is."""
    rows = [
        {
            "id": one.id,
            "text_id": text,
            "kind": one.kind.value,
            "channel": one.channel,
            "person": one.person,
            "phone": one.phone,
            "showing": one.showing.value,
            "note": one.note,
            "event": one.event,
        }
        for one in tellings
    ]
    if rows:
        await sql.add_delivery(connection, rows)


@dataclass(frozen=True, slots=True)
class Look:
    """Which texts are asked for; what is None does not matter."""

    text: UUID | None = None
    line: str | None = None
    patient_index: bytes | None = None
    limit: int = 1
    lines: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, UUID] | None = None


async def read_texts(connection: Session, veil: Veil, look: Look) -> list[TextRecord]:
    """Texts as they are kept, the newest first."""
    found = sql.texts(
        connection,
        id=look.text,
        line=look.line,
        patient_index=look.patient_index,
        limit=look.limit,
        lines=None if look.lines is None else list(look.lines),
        since=look.since,
        until=look.until,
        after_at=look.after and look.after[0],
        after_id=look.after and look.after[1],
    )
    rows = [row async for row in found]
    opener = await veil.opener(connection, [row["id"] for row in rows])
    return [
        TextRecord(
            id=row["id"],
            line=row["line"],
            patient=opener.patient(row["id"], row["patient"]),
            body=opener.body(row["id"], row["body"]),
            cause=Cause(row["cause"]),
            state=State(row["state"]),
            at=row["at"],
            person=row["person"],
            phone=row["phone"],
            account=row["account"],
            failure=row["failure"],
            reason=row["reason"],
            why=tuple(json.loads(row["why"])),
            pictures=row["pictures"],
            settled_at=row["settled_at"],
            delivered_to=tuple(row["delivered_to"]),
        )
        for row in rows
    ]


async def revoke(connection: Session, patient_index: bytes, line: str) -> None:
    """The carrier says that the patient told it STOP."""
    row = await sql.conversation(connection, patient_index=patient_index, line=line, now=datetime.now(UTC))
    if row["consent"] != Consent.REVOKED.value:
        await keep_consent(connection, patient_index, line, ConsentChange(Consent.REVOKED, ConsentHow.CARRIER))


async def conversation_of(connection: Session, index: bytes, line: str, now: datetime) -> Conversation:
    """What is known of a conversation at `now`."""
    row = await sql.conversation(connection, patient_index=index, line=line, now=now)
    return Conversation(
        consent=Consent(row["consent"] or Consent.NONE),
        last_automatic=row["last_automatic"],
        last_staff=row["last_staff"],
        automatic_today=row["automatic_today"],
    )


async def keep_consent(
    connection: Session, index: bytes, line: str, change: ConsentChange | None, said: Said = BY_ITSELF
) -> None:
    """Write down what a number said of texts (None: nothing)."""
    if change is None:
        return
    row = {"consent": change.consent.value, "how": change.how.value, "line": line, "by_whom": said.by}
    await sql.add_consent(connection, patient_index=index, note=said.note, **row)
    action = "texts-stopped" if change.consent is Consent.REVOKED else "texts-agreed"
    await note(connection, said.account, action, "texts", line=line, how=change.how.value, by=said.by)


def consent_record(row: Record) -> ConsentRecord:
    """A row of the record."""
    return ConsentRecord(
        at=row["at"],
        consent=Consent(row["consent"]),
        how=ConsentHow(row["how"]),
        line=row["line"],
        by=row["by_whom"],
        note=row["note"],
    )
