"""Texts with patients, in PostgreSQL: what came, what is to go, and what numbers said about texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from pbx.domain.texting import (
    Arrived,
    Cause,
    ConsentRecord,
    Conversation,
    State,
    TextRecord,
)
from pbx.domain.texting_rules import ConsentChange, NotSent, Reply, TextDecision
from pbx.services.program_ports import TextsWanted
from pbx.services.text_ports import NewText, Said, Telling
from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database
from pbx.store.queries import sql
from pbx.store.text_rows import Look, add_tellings, consent_record, conversation_of, keep_consent, read_texts
from pbx.store.text_veil import Veil

if TYPE_CHECKING:
    from pbx.store.session import Session

REPLY = "reply"
"""What the id of an answer is made of, with that of the text that it answers: it is written once."""


class PgTextBook:
    """`pbx.services.text_ports.TextBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._veil = Veil(database)

    async def take(
        self,
        text: Arrived,
        judge: Callable[[Conversation], TextDecision],
        tell: Callable[[TextRecord, TextDecision], Sequence[Telling]],
    ) -> TextDecision | None:
        """Write a patient's text down with what follows from it, in one transaction; None if it was taken before."""
        index = self._veil.index(text.patient)
        async with self._database.transaction() as connection:
            await sql.one_patient_at_a_time(connection, patient_index=index)
            if await sql.known_text(connection, id=text.id, ref=text.ref) is not None:
                return None
            decision = judge(await conversation_of(connection, index, text.line, text.at))
            record = _arrived(text, decision)
            await self._add(connection, record, ref=text.ref)
            await keep_consent(connection, index, text.line, decision.consent)
            if decision.reply is not None:
                await self._reply(connection, text.id, record, decision.reply)
            await add_tellings(connection, text.id, tell(record, decision))
            detail = {"line": text.line, "reason": decision.reason.value, "people": list(decision.people)}
            await note(connection, SYSTEM, "text-received", f"text/{text.id}", **detail)
        return decision

    async def compose(
        self,
        text: NewText,
        judge: Callable[[Conversation], None],
        tell: Callable[[TextRecord], Sequence[Telling]],
    ) -> TextRecord | None:
        """Write a text of the staff down, to be sent; one that `judge` raises NotSent for is kept as refused.

        None if it was written down before.
        """
        index = self._veil.index(text.patient)
        async with self._database.transaction() as connection:
            await sql.one_patient_at_a_time(connection, patient_index=index)
            state, failure = State.WAITING, ""
            try:
                judge(await conversation_of(connection, index, text.line, text.at))
            except NotSent as refused:
                state, failure = State.REFUSED, str(refused)
            record = _composed(text, state, failure)
            if not await self._add(connection, record, code_hash=text.code_hash):
                return None
            await add_tellings(connection, text.id, tell(record))
            action = "text-written" if state is State.WAITING else "text-refused"
            detail = {"line": text.line, "person": text.person, "phone": text.phone}
            await note(connection, text.account or f"person/{text.person}", action, f"text/{text.id}", **detail)
        return record

    async def answer_call(
        self, call: UUID, line: str, patient: str, at: datetime, judge: Callable[[Conversation], TextDecision]
    ) -> bool:
        """Write the text for a missed call down, once a call. False if there is none to be sent."""
        index, id_ = self._veil.index(patient), uuid5(call, REPLY)
        async with self._database.transaction() as connection:
            await sql.one_patient_at_a_time(connection, patient_index=index)
            if await sql.known_text(connection, id=id_, ref=None) is not None:
                return False
            decision = judge(await conversation_of(connection, index, line, at))
            if decision.reply is None:
                return False
            record = TextRecord(
                id_,
                line,
                patient,
                decision.reply.body,
                decision.reply.cause,
                State.WAITING,
                at,
                reason=decision.reason.value,
                why=decision.why,
            )
            await self._add(connection, record)
            await keep_consent(connection, index, line, decision.consent)
            await note(connection, SYSTEM, "text-written", f"text/{id_}", line=line, call=str(call))
        return True

    async def line_with(self, patient: str, lines: Sequence[str]) -> str | None:
        """Of `lines`, the one that last had a text to or from a patient."""
        async with self._database.session() as connection:
            found: str | None = await sql.line_with(
                connection, patient_index=self._veil.index(patient), lines=list(lines)
            )
        return found

    async def texts(
        self, *, line: str | None = None, patient: str | None = None, limit: int = 100
    ) -> Sequence[TextRecord]:
        """The newest first."""
        index = None if patient is None else self._veil.index(patient)
        async with self._database.session() as connection:
            return await read_texts(connection, self._veil, Look(None, line, index, limit))

    async def page(self, wanted: TextsWanted) -> Sequence[TextRecord]:
        """The newest first, as programs leaf through them."""
        index = None if wanted.patient is None else self._veil.index(wanted.patient)
        look = Look(
            line=wanted.line,
            patient_index=index,
            limit=wanted.limit,
            lines=wanted.lines,
            since=wanted.since,
            until=wanted.until,
            after=wanted.after,
        )
        async with self._database.session() as connection:
            return await read_texts(connection, self._veil, look)

    async def text(self, text: UUID) -> TextRecord | None:
        """One text, or None if there is no such text."""
        async with self._database.session() as connection:
            found = await read_texts(connection, self._veil, Look(text))
        return found[0] if found else None

    async def conversation(self, line: str, patient: str) -> Conversation:
        """What is known of a conversation now."""
        async with self._database.session() as connection:
            return await conversation_of(connection, self._veil.index(patient), line, datetime.now(UTC))

    async def consents(self, patient: str) -> Sequence[ConsentRecord]:
        """The record of a number, the oldest first."""
        async with self._database.session() as connection:
            rows = sql.consents(connection, patient_index=self._veil.index(patient))
            return [consent_record(row) async for row in rows]

    async def set_consent(self, patient: str, change: ConsentChange, said: Said) -> None:
        """Write down what somebody said about texts."""
        async with self._database.transaction() as connection:
            await keep_consent(connection, self._veil.index(patient), "", change, said)

    async def listed(self, texts: Sequence[UUID], by: str, account: str) -> None:
        """Note in the audit that somebody was shown these texts: one row."""
        ids = [str(text) for text in texts]
        async with self._database.transaction() as connection:
            await note(connection, account, "texts-shown", "texts", by=by, texts=ids)

    async def _add(self, connection: Session, record: TextRecord, ref: str | None = None, code_hash: str = "") -> bool:
        patient, body = await self._veil.seal(connection, record.id, record.patient, record.body)
        added = await sql.add_text(
            connection,
            id=record.id,
            line=record.line,
            patient=patient,
            patient_index=self._veil.index(record.patient),
            body=body,
            cause=record.cause.value,
            state=record.state.value,
            at=record.at,
            person=record.person,
            phone=record.phone,
            account=record.account,
            code_hash=code_hash,
            ref=ref,
            pictures=record.pictures,
            reason=record.reason,
            why=json.dumps(record.why),
            failure=record.failure,
        )
        return added is not None

    async def _reply(self, connection: Session, text: UUID, asked: TextRecord, reply: Reply) -> None:
        id_ = uuid5(text, REPLY)
        record = TextRecord(id_, asked.line, asked.patient, reply.body, reply.cause, State.WAITING, asked.at)
        await self._add(connection, record)
        await note(connection, SYSTEM, "text-written", f"text/{id_}", line=asked.line, answers=str(text))


def _arrived(text: Arrived, decision: TextDecision) -> TextRecord:
    return TextRecord(
        id=text.id,
        line=text.line,
        patient=text.patient,
        body=text.body,
        cause=Cause.PATIENT,
        state=State.RECEIVED,
        at=text.at,
        reason=decision.reason.value,
        why=decision.why,
        pictures=text.pictures,
    )


def _composed(text: NewText, state: State, failure: str) -> TextRecord:
    return TextRecord(
        id=text.id,
        line=text.line,
        patient=text.patient,
        body=text.body,
        cause=Cause.LINK if text.code_hash else Cause.STAFF,
        state=state,
        at=text.at,
        person=text.person,
        phone=text.phone,
        account=text.account,
        failure=failure,
    )
