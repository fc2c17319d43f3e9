"""What is to be sent to patients and told to the practice, in PostgreSQL: each once, and kept until it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.texting import State, TextRecord
from pbx.domain.texting_words import Showing
from pbx.sealing.vault import Unopenable
from pbx.services.text_carriers import Posted, PostFate, Report
from pbx.services.text_ports import Delivery, DeliveryKind, Telling
from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database
from pbx.store.queries import sql
from pbx.store.text_rows import Look, add_tellings, read_texts, revoke
from pbx.store.text_veil import Veil

if TYPE_CHECKING:
    from pbx.store.session import Session

TAKEN_SECONDS = 60.0
"""How long a telling that was taken is left alone: longer than any attempt may last."""


class DeliveryState(StrEnum):
    """What became of a telling."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


_STATES = {
    PostFate.SENT: State.SENT,
    PostFate.TEMPORARY: State.WAITING,
    PostFate.PERMANENT: State.FAILED,
    PostFate.UNSURE: State.UNSURE,
}
_MAY_BECOME = {
    State.SENDING: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.WAITING: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.UNSURE: frozenset({State.SENT, State.DELIVERED, State.FAILED}),
    State.SENT: frozenset({State.DELIVERED, State.FAILED}),
    State.FAILED: frozenset({State.DELIVERED}),
}
"""What a carrier may say of a text that stands there: reports come in any order, and a delivery is the last word."""


class PgTextOutbox:
    """`pbx.services.text_ports.TextOutbox` on PostgreSQL."""

    def __init__(self, database: Database, taken_seconds: float = TAKEN_SECONDS) -> None:
        self._database = database
        self._veil = Veil(database)
        self._taken_seconds = taken_seconds

    async def next_text(self) -> TextRecord | None:
        """A text to be sent now, marked as being sent: it is never given twice."""
        async with self._database.transaction() as connection:
            id_ = await sql.next_text(connection)
            if id_ is None:
                return None
            try:
                [record] = await read_texts(connection, self._veil, Look(id_))
            except Unopenable as error:  # its key is gone; what waits behind it must not wait for ever
                values = {"state": State.FAILED.value, "failure": str(error), "seconds": 0.0}
                await sql.settle_text(connection, id=id_, ref=None, **values)
                return None
        return record

    async def attempts(self, text: UUID) -> int:
        """How often a text was handed over."""
        async with self._database.session() as connection:
            return int(await sql.attempts_of_text(connection, id=text) or 0)

    async def settle(self, text: UUID, posted: Posted, again: timedelta, tell: Sequence[Telling]) -> None:
        """Write down what became of handing it over; `tell` where it was not reported otherwise meanwhile."""
        state = _STATES[posted.fate]
        async with self._database.transaction() as connection:
            values = {"state": state.value, "failure": posted.why, "seconds": again.total_seconds()}
            settled = await sql.settle_text(connection, id=text, ref=posted.ref or None, **values)
            if settled is None:
                if posted.ref:
                    await sql.keep_ref(connection, id=text, ref=posted.ref)
                return
            await add_tellings(connection, text, tell)
            if posted.opted_out:
                row = await sql.conversation_of_text(connection, id=text)
                await revoke(connection, row["patient_index"], row["line"])
            if state is not State.WAITING:
                await note(connection, SYSTEM, f"text-{state}", f"text/{text}")

    async def report(self, report: Report, tell: Callable[[TextRecord], Sequence[Telling]]) -> TextRecord | None:
        """Write down what a carrier says; None where it changes nothing."""
        async with self._database.transaction() as connection:
            row = await sql.reported_text(connection, id=report.id, ref=report.ref)
            if row is None or report.state not in _MAY_BECOME.get(State(row["state"]), frozenset()):
                return None
            values = {"state": report.state.value, "failure": report.why, "ref": report.ref}
            await sql.keep_report(connection, id=row["id"], **values)
            if report.opted_out:
                await revoke(connection, row["patient_index"], row["line"])
            [record] = await read_texts(connection, self._veil, Look(row["id"]))
            await add_tellings(connection, record.id, tell(record))
            await note(connection, SYSTEM, f"text-{report.state}", f"text/{record.id}")
        return record

    async def let_go(self) -> None:
        """Whoever was sending is gone: what was being sent is unsure now, what was being told is due at once."""
        async with self._database.transaction() as connection:
            for row in [row async for row in sql.doubt_texts(connection)]:
                await note(connection, SYSTEM, "text-unsure", f"text/{row['id']}")
            await sql.let_deliveries_go(connection)

    async def doubtful(self, before: datetime, besides: Collection[UUID] = ()) -> Sequence[TextRecord]:
        """The staff's texts that are unsure since before `before`, and nobody was told."""
        async with self._database.session() as connection:
            rows = sql.doubtful_texts(connection, before=before, besides=list(besides))
            ids = [row["id"] async for row in rows]
            return [one for id_ in ids for one in await read_texts(connection, self._veil, Look(id_))]

    async def unseen(self, before: datetime, besides: Collection[UUID] = ()) -> Sequence[TextRecord]:
        """Patients' texts from before `before` that no phone has shown, and of which nobody was told otherwise."""
        async with self._database.session() as connection:
            rows = sql.unseen_texts(connection, before=before, besides=list(besides))
            ids = [row["id"] async for row in rows]
            return [one for id_ in ids for one in await read_texts(connection, self._veil, Look(id_))]

    async def tell(self, text: UUID, tellings: Sequence[Telling]) -> None:
        """Write more tellings down; those that were written before stay as they are."""
        async with self._database.transaction() as connection:
            await add_tellings(connection, text, tellings)

    async def next_delivery(self, kind: DeliveryKind) -> Delivery | None:
        """One that is due, in the order in which they were made. Nobody else is given it for a while."""
        async with self._database.transaction() as connection:
            row = await sql.next_delivery(connection, kind=kind.value, seconds=self._taken_seconds)
            if row is None:
                return None
            try:
                [record] = await read_texts(connection, self._veil, Look(row["text_id"]))
            except Unopenable as error:
                await self._settle(connection, row["id"], DeliveryState.FAILED, str(error))
                return None
        return Delivery(
            id=row["id"],
            text=record,
            kind=DeliveryKind(row["kind"]),
            channel=row["channel"],
            person=row["person"],
            phone=row["phone"],
            showing=Showing(row["showing"]),
            note=row["note"],
            event=row["event"],
            attempts=row["attempts"],
            made_at=row["made_at"],
        )

    async def delivered(self, delivery: UUID, *, sent: bool) -> None:
        """It is told, or will not be: for good, with a row in the audit."""
        async with self._database.transaction() as connection:
            await self._settle(connection, delivery, DeliveryState.SENT if sent else DeliveryState.FAILED, "")

    async def not_delivered(self, delivery: UUID, why: str, again: timedelta | None, *, counts: bool = True) -> None:
        """It was not told: it is due `again` (None: never), and the attempt `counts` or was none."""
        async with self._database.transaction() as connection:
            if again is None:
                await self._settle(connection, delivery, DeliveryState.FAILED, why)
                return
            values = {"seconds": again.total_seconds(), "failure": why, "counts": counts}
            await sql.put_delivery_back(connection, id=delivery, **values)

    async def told_alike(self, delivery: Delivery) -> None:
        """What waits for the same reader over the same channel says the same: it is told too."""
        async with self._database.transaction() as connection:
            rows = sql.alike_deliveries(
                connection, kind=delivery.kind.value, channel=delivery.channel, person=delivery.person
            )
            for row in [row async for row in rows]:
                await self._settle(connection, row["id"], DeliveryState.SENT, "")

    async def erase(self, before: datetime, limit: int = 500) -> int:
        """Erase texts from before `before` with their keys, at most `limit`; how many there were."""
        async with self._database.transaction() as connection:
            rows = [row async for row in sql.erase_texts(connection, before=before, limit=limit)]
            for row in rows:
                await note(connection, SYSTEM, "text-erased", f"text/{row['id']}", key=row["fingerprint"] or "")
        return len(rows)

    async def forget_keys(self) -> None:
        """Write the table of keys anew, so that those of erased texts are gone from its file too."""
        async with self._database.dedicated() as connection:
            await sql.rewrite_data_key(connection)

    async def waiting(self) -> Mapping[str, int]:
        """How many texts wait to be sent, and how many failed within a week."""
        async with self._database.session() as connection:
            row = await sql.texts_waiting(connection)
        return {"waiting": row["waiting"], "failed": row["failed"]}

    async def _settle(self, connection: Session, delivery: UUID, state: DeliveryState, why: str) -> None:
        row = await sql.settle_delivery(connection, id=delivery, state=state.value, failure=why)
        if row is None:
            return
        detail = {name: row[name] for name in ("kind", "channel", "person", "phone", "event") if row[name]}
        action = "text-told" if state is DeliveryState.SENT else "text-not-told"
        await note(connection, SYSTEM, action, f"text/{row['text_id']}", **detail)
