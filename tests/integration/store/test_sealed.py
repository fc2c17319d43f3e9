"""What is about patients lies sealed in the database, opens again, and is gone with its key."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pbx.domain.call import FinishedCall
from pbx.domain.inbox import How, Who
from pbx.domain.keeping import BoxRule, Keeping
from pbx.domain.numbers import NumberKind
from pbx.domain.transcript import Transcript, TranscriptState, Word
from pbx.domain.urgent import UrgentRequest
from pbx.sealing.keys import KeyRing, KeysMissing
from pbx.sealing.vault import Vault
from pbx.services.inbox import Inbox
from pbx.store import key_book, sealing_up
from pbx.store.calls import PgCallLog, PgPastCalls
from pbx.store.data_keys import key_for
from pbx.store.database import Database
from pbx.store.errors import StoreError
from pbx.store.inbox import PgInbox
from pbx.store.keeping import PgKeeping
from pbx.store.key_book import KeyInUse, PgKeyBook
from pbx.store.messages import PgMessageBox
from pbx.store.urgent import PgUrgentBook
from tests.kit.asterisk import a_practice
from tests.kit.calls import MORNING, PATIENT, a_message_call, a_recording, a_start

PHRASE = "my canary will not sing"
WORDS = Transcript(TranscriptState.DONE, PHRASE, "moonshine", "tiny-en", None, (Word("canary", 0.1, 0.5, 0.9),))
CALLBACK = "2155550188"
NOTE = "Margaret Hale wants a refill"
WHO = Who("mia", "root", How.COMMAND)


@pytest.fixture
async def sealed(dsn: str, tmp_path: Path) -> AsyncIterator[Database]:
    """The database with keys of this test's own."""
    ring = KeyRing(tmp_path / "keys")
    ring.make_first()
    async with Database.connect(dsn, Vault(ring)) as database:
        yield database


def an_urgent_call() -> FinishedCall:
    call = a_message_call(a_start())
    request = UrgentRequest(call.start.id, "doctors", "rictor", 2, 120, 25, opened=MORNING, callback=CALLBACK)
    return replace(call, urgent=request)


async def everything(database: Database) -> tuple[FinishedCall, UUID]:
    """A call with all that can be known of a patient."""
    call = an_urgent_call()
    await PgCallLog(database).finish_call(call)
    message = call.recordings[0].id
    await PgMessageBox(database).keep_transcript(message, WORDS)
    await Inbox(PgInbox(database), a_practice).note(message, WHO, NOTE)
    return call, message


async def must_be_readable(database: Database, call: FinishedCall, message: UUID) -> None:
    [logged] = await PgCallLog(database).calls(None, PATIENT, 10)
    assert (logged.id, logged.caller) == (call.start.id, call.start.caller)
    found = await PgMessageBox(database).message(message)
    assert found is not None and (found.transcript, found.caller) == (WORDS, call.start.caller)
    case = await PgUrgentBook(database).of_call(call.start.id)
    assert case is not None and (case.request.callback, case.message) == (CALLBACK, message)
    assert [event.text for event in await PgInbox(database).history(message)] == [NOTE]
    assert await PgPastCalls(database).callers_since(MORNING, 10) == [(PATIENT, call.start.at)]


async def dump(database: Database) -> str:
    """Every value of every table, as text."""
    async with database.session() as connection:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        rows = [await connection.fetch(f"SELECT t::text AS row FROM {table['name']} AS t") for table in tables]
    return "\n".join(row["row"] for table in rows for row in table)


def must_be_nowhere(text: str) -> None:
    for canary in (PHRASE, "canary", PATIENT, PATIENT[1:], CALLBACK, "Margaret"):
        assert canary not in text, "patient data lie plain"
        assert canary.encode().hex() not in text, "patient data lie plain, in hexadecimal"


async def test_everything_is_sealed_and_opens_again(sealed: Database) -> None:
    call, message = await everything(sealed)
    await must_be_readable(sealed, call, message)
    must_be_nowhere(await dump(sealed))


async def test_calls_of_a_number_are_found_and_no_others(sealed: Database) -> None:
    log = PgCallLog(sealed)
    for caller in (PATIENT, "+17175550199", PATIENT):
        await log.finish_call(a_message_call(a_start(caller=caller)))
    found = await log.calls(None, PATIENT, 10)
    assert [call.caller.number for call in found] == [PATIENT, PATIENT]


async def test_the_database_itself_refuses_plain_values(sealed: Database) -> None:
    call, message = await everything(sealed)
    for statement in (
        f"UPDATE call SET caller_number = '1' WHERE id = '{call.start.id}'",
        f"UPDATE transcript SET text = '1' WHERE message_id = '{message}'",
        f"UPDATE urgent_request SET callback = '1' WHERE call_id = '{call.start.id}'",
        "INSERT INTO inbox_event (message_id, at, by_whom, how, deed, text, about) "
        f"VALUES ('{message}', now(), 'x', 'command', 'noted', 'x', '{{}}')",
    ):
        with pytest.raises(StoreError, match="sealed"):
            async with sealed.session() as connection:
                await connection.execute(statement)


async def test_two_who_ask_at_once_get_the_same_key(sealed: Database) -> None:
    subject = uuid4()

    async def asked() -> bytes:
        async with sealed.transaction() as connection:
            return (await key_for(connection, sealed.vault, subject)).secret

    assert len(set(await asyncio.gather(*(asked() for _ in range(6))))) == 1


@pytest.mark.parametrize(
    ("table", "column", "of"),
    [
        ("call", "caller_sealed", "call"),
        ("transcript", "sealed", "message"),
        ("inbox_event", "sealed", "message"),
        ("urgent_request", "callback_sealed", "call"),
        ("data_key", "wrapped", "message"),
    ],
)
async def test_a_flipped_bit_is_found_and_told_and_hides_nothing_else(
    sealed: Database, table: str, column: str, of: str, caplog: pytest.LogCaptureFixture
) -> None:
    call, message = await everything(sealed)
    other, _ = await everything(sealed)
    where = {"call": "id", "transcript": "message_id", "inbox_event": "message_id", "data_key": "subject"}
    subject = call.start.id if of == "call" else message
    async with sealed.session() as connection:
        await connection.execute(
            f"UPDATE {table} SET {column} = set_bit({column}, 200, 1 - get_bit({column}, 200)) "
            f"WHERE {where.get(table, 'call_id')} = $1"
            if table != "inbox_event"
            else "SELECT $1::uuid",
            subject,
        )
        if table == "inbox_event":
            await connection.execute("ALTER TABLE inbox_event DISABLE TRIGGER inbox_event_stays")
            await connection.execute(
                "UPDATE inbox_event SET sealed = set_bit(sealed, 200, 1 - get_bit(sealed, 200)) WHERE message_id = $1",
                subject,
            )
    calls = {found.id: found for found in await PgCallLog(sealed).calls(None, None, 10)}
    found = await PgMessageBox(sealed).message(message)
    history = await PgInbox(sealed).history(message)
    case = await PgUrgentBook(sealed).of_call(call.start.id)
    assert found is not None and case is not None
    changed = {
        "call": calls[call.start.id].caller.kind is NumberKind.UNUSABLE,
        "transcript": found.transcript is None and "changed" in (found.failure or ""),
        "inbox_event": "changed" in history[0].text,
        "urgent_request": case.request.callback is None,
        "data_key": found.transcript is None and "changed" in history[0].text,
    }
    assert changed[table]
    assert calls[other.start.id].caller.number == PATIENT
    assert "cannot be read" in caplog.text
    must_be_nowhere(caplog.text)


async def test_a_message_that_is_erased_takes_its_key_along(sealed: Database) -> None:
    call, message = await everything(sealed)
    async with sealed.session() as connection:
        row = await connection.fetchrow("SELECT * FROM data_key WHERE subject = $1", message)
        await connection.execute("UPDATE message SET read_at = now()")
        assert row is not None
        file = await connection.fetchval("SELECT pg_relation_filepath('data_key')")
    await PgKeeping(sealed).erase_due(Keeping(BoxRule(30, None)), MORNING + timedelta(days=31))
    await PgKeeping(sealed).forget_keys()
    async with sealed.session() as connection:
        assert await connection.fetchval("SELECT count(*) FROM data_key WHERE subject = $1", message) == 0
        detail = await connection.fetchval("SELECT detail FROM audit WHERE action = 'erased'")
        assert await connection.fetchval("SELECT pg_relation_filepath('data_key')") != file
        folder = Path(await connection.fetchval("SHOW data_directory"))
        await connection.execute("CHECKPOINT")
        written = folder / await connection.fetchval("SELECT pg_relation_filepath('data_key')")
    assert f'"key": "{row["fingerprint"]}"' in detail
    assert row["wrapped"] not in written.read_bytes()
    [logged] = await PgCallLog(sealed).calls(None, None, 10)
    assert logged.caller == call.start.caller  # the call stays in the log, with its own key


async def test_a_rotation_leaves_nothing_under_the_old_key_which_then_can_go(
    sealed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_book, "AT_ONCE", 2)
    made = [await everything(sealed) for _ in range(2)]
    book, ring = PgKeyBook(sealed), sealed.vault.ring
    old = ring.current().id
    new = ring.add().id
    with pytest.raises(KeyInUse, match="rotate"):
        await book.destroy(old, "root")
    batches: list[int] = []
    assert await book.rewrap(batches.append) == key_book.Rewrapped(4)
    assert batches == [2, 4]
    assert await book.counts() == {new: 4}
    await book.destroy(old, "root")
    assert ring.ids() == (new,)
    for call, message in made:
        found = await PgMessageBox(sealed).message(message)
        assert found is not None and (found.transcript, found.caller) == (WORDS, call.start.caller)
    assert await book.rewrap() == key_book.Rewrapped()


async def test_a_key_that_is_destroyed_while_somebody_seals_is_not_used(
    sealed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, subject = sealed.vault, uuid4()
    old = vault.wrap(vault.new_key(subject))
    vault.ring.add()
    await PgKeyBook(sealed).destroy(old.kek, "root")
    monkeypatch.setattr(vault, "wrap", lambda _: old)  # as one who wrapped just before
    with pytest.raises(KeysMissing):
        async with sealed.transaction() as connection:
            await key_for(connection, vault, subject)
    assert await PgKeyBook(sealed).counts() == {}


KILLED = """
import asyncio, sys
from pathlib import Path
from pbx.sealing.keys import KeyRing
from pbx.sealing.vault import Vault
from pbx.store import key_book
from pbx.store.database import Database
key_book.AT_ONCE = 20

async def main():
    async with Database.connect(sys.argv[1], Vault(KeyRing(Path(sys.argv[2])))) as database:
        await key_book.PgKeyBook(database).rewrap(lambda count: print(count, flush=True))

asyncio.run(main())
"""


async def test_a_rotation_that_is_killed_leaves_all_readable_and_goes_on(sealed: Database) -> None:
    starts = [a_start(MORNING + timedelta(minutes=minute)) for minute in range(300)]
    async with sealed.transaction() as connection:
        for start in starts:
            await key_for(connection, sealed.vault, start.id)
    for start in starts[:20]:
        await PgCallLog(sealed).finish_call(a_message_call(start))
    ring = sealed.vault.ring
    old, new = ring.current().id, ring.add().id
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, sealed.dsn, str(ring.folder)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    await process.stdout.readline()
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    await process.wait()
    half = await PgKeyBook(sealed).counts()
    assert half[new] >= 40 and half[old] > 0, "it was killed in the middle"
    assert {call.caller.number for call in await PgCallLog(sealed).calls(None, None, 100)} == {PATIENT}
    async with sealed.transaction() as connection:
        for start in starts:
            await key_for(connection, sealed.vault, start.id)  # opens each, under whichever key it is
    assert (await PgKeyBook(sealed).rewrap()).keys == half[old]
    assert await PgKeyBook(sealed).counts() == {new: 320}


async def test_rows_of_before_are_sealed_at_the_start_and_a_start_that_is_cut_short_goes_on(
    sealed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, message = await everything(sealed)
    await _as_before(sealed, call, message)
    await must_be_readable(sealed, call, message)
    monkeypatch.setattr(sealing_up, "AT_ONCE", 1)

    async def power_cut(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr(sealing_up, "_callbacks", power_cut)
        await sealed.migrate()
    await must_be_readable(sealed, call, message)
    await sealed.migrate()
    await must_be_readable(sealed, call, message)
    must_be_nowhere(await dump(sealed))
    async with sealed.session() as connection:
        await connection.execute("CHECKPOINT")
        folder = Path(await connection.fetchval("SHOW data_directory"))
        names = [
            await connection.fetchval("SELECT pg_relation_filepath($1::text)", table)
            for table in ("call", "transcript", "urgent_request", "inbox_event")
        ]
    for name in names:
        must_be_nowhere((folder / name).read_bytes().decode("latin-1"))


async def _as_before(database: Database, call: FinishedCall, message: UUID) -> None:
    """As the version before the keys would have written it."""
    rules = []
    async with database.transaction() as connection:
        for table, name in (
            ("call", "call_caller_is_sealed"),
            ("transcript", "transcript_is_sealed"),
            ("urgent_request", "urgent_request_callback_is_sealed"),
            ("inbox_event", "inbox_event_is_sealed"),
        ):
            rule = await connection.fetchval(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", name
            )
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            rules.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule}")
        await connection.execute("ALTER TABLE inbox_event DISABLE TRIGGER inbox_event_stays")
        await connection.execute(
            "UPDATE call SET caller_number = $1, caller_sealed = NULL, caller_index = NULL", PATIENT
        )
        words = '[{"text": "canary", "start": 0.1, "end": 0.5, "confidence": 0.9}]'
        await connection.execute("UPDATE transcript SET text = $1, words = $2, sealed = NULL", PHRASE, words)
        await connection.execute("UPDATE urgent_request SET callback = $1, callback_sealed = NULL", CALLBACK)
        await connection.execute("UPDATE inbox_event SET text = $1, sealed = NULL", NOTE)
        await connection.execute("DELETE FROM data_key")
        await connection.execute("ALTER TABLE inbox_event ENABLE TRIGGER inbox_event_stays")
        for rule in rules:
            await connection.execute(rule)


async def test_audio_with_another_key_than_the_databases_is_never_taken_for_kept(sealed: Database) -> None:
    vault, start = sealed.vault, a_start()
    recording = a_recording(start.id)
    first = replace(recording, key=vault.wrap(vault.new_key(recording.id)))
    await PgCallLog(sealed).finish_call(a_message_call(start, first))
    await PgCallLog(sealed).finish_call(a_message_call(start, first))  # the answer to COMMIT was lost
    other = replace(recording, key=vault.wrap(vault.new_key(recording.id)))
    with pytest.raises(StoreError, match="another key"):
        await PgCallLog(sealed).finish_call(a_message_call(start, other))
