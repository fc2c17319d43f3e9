"""The audit on a real server: a chain without gaps that the program can only append to, and that tells of tampering."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx.asterisk.layout import Layout
from pbx.auditing import trail as trail_module
from pbx.auditing.trail import AuditDamaged, AuditTrail
from pbx.auditing.verify import Verdict
from pbx.config.settings import Audit
from pbx.domain.audit import START, Link, Row
from pbx.domain.checkpoints import Cause
from pbx.domain.override import Mode, Override, Scope
from pbx.services.ports import StoreUnavailable
from pbx.store.audit import note
from pbx.store.chain import PgAudit, Sought
from pbx.store.database import Addresses, Database
from pbx.store.errors import StoreError
from pbx.store.migrate import SchemaRefused, migrate, migrations
from pbx.store.overrides import PgOverrideBook
from pbx.trail import audit_trail
from tests.kit.chains import linked
from tests.kit.database import DatabaseServer
from tests.kit.wait import until

NOW = datetime.now(UTC)
AN_OVERRIDE = Override(None, Scope.PRACTICE, "", Mode.CLOSED, NOW, NOW + timedelta(hours=1), "Mia", "training")


@pytest.fixture
def book(database: Database) -> PgAudit:
    return PgAudit(database)


@pytest.fixture
def trail(book: PgAudit, tmp_path: Path) -> AuditTrail:
    return audit_trail(book, Layout(tmp_path / "data"), Audit())


async def some(book: PgAudit, many: int) -> None:
    for n in range(many):
        await book.note("mia", "read", f"message/{n}", n=n)


async def rows(database: Database) -> list[Row]:
    async with PgAudit(database).snapshot() as chain:
        return [Row(*values) async for portion in chain.after(0) for values in portion]


async def as_owner(database: Database, *statements: str) -> None:
    """What the owner of the database can do, with the triggers out of the way."""
    async with database.owned() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)


# What goes in.


async def test_rows_at_once_get_numbers_without_gaps_whatever_is_rolled_back(book: PgAudit, trail: AuditTrail) -> None:
    database = book._database

    async def work(n: int) -> None:
        async with database.transaction() as connection:
            await note(connection, "mia", "read", f"message/{n}")
            await note(connection, "mia", "listened", f"message/{n}")
            if n % 3 == 0:
                raise KeyError(n)

    results = await asyncio.gather(*(work(n) for n in range(30)), return_exceptions=True)
    assert sum(isinstance(result, KeyError) for result in results) == 10
    found = await rows(database)
    assert [row.seq for row in found] == list(range(1, 41))
    await trail.checkpoint(Cause.COMMAND)
    assert (await trail.verify()).verdict is Verdict.INTACT


async def test_a_fact_and_its_row_are_written_together_or_not_at_all(database: Database) -> None:
    overrides = PgOverrideBook(database)
    async with database.owned() as blocker, blocker.transaction():
        await blocker.execute("SELECT FROM audit.head FOR UPDATE")
        adding = asyncio.ensure_future(overrides.add(AN_OVERRIDE, "mia"))
        killed = 0
        # The fact is written and its row is being appended when the connection dies.
        while not killed and not adding.done():
            async with database.owned() as killer:
                killed = await killer.fetchval(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%append%'"
                )
        with pytest.raises(StoreUnavailable):
            await adding
    assert (await overrides.overrides(), await rows(database)) == ([], [])
    with pytest.raises(StoreUnavailable):
        async with database.transaction() as connection:
            await note(connection, "mia", "read", "message/1")
            connection.terminate()
    assert await rows(database) == []
    await overrides.add(AN_OVERRIDE, "mia")
    assert [row.action for row in await rows(database)] == ["overrode"]


async def test_two_who_lock_the_same_things_do_not_wait_for_each_other_crosswise(database: Database) -> None:
    async with database.owned() as connection:
        await connection.execute("CREATE TABLE thing (id integer); INSERT INTO thing VALUES (1)")
        await connection.execute("GRANT ALL ON thing TO secondline_app")

    async def work(first: bool) -> None:
        for _ in range(10):
            async with database.transaction() as connection:
                if first:
                    await note(connection, "mia", "read", "message/1")
                await connection.execute("SELECT FROM thing FOR UPDATE")
                await note(connection, "mia", "read", "message/1")

    await asyncio.gather(work(True), work(False), work(True), work(False))
    assert len(await rows(database)) == 60


words = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
values = st.one_of(words, st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.lists(words, max_size=3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(said=st.tuples(words, words, words), detail=st.dictionaries(words, values, max_size=4))
async def test_the_verifier_reads_every_row_as_postgresql_wrote_it(
    book: PgAudit, trail: AuditTrail, said: tuple[str, str, str], detail: dict[str, Any]
) -> None:
    async with book._database.session() as connection:
        before = await book.head()
        await connection.execute(
            "SELECT audit.append(ARRAY[$1], ARRAY[$2], ARRAY[$3], ARRAY[$4::jsonb])",
            *(*said, json.dumps(detail)),
        )
    await trail.checkpoint(Cause.COMMAND)
    async with book.snapshot() as chain:
        [row] = [Row(*values) async for portion in chain.after(before.end.seq) for values in portion]
    assert linked(before.end, row) == row


async def test_what_was_written_before_there_was_a_chain_is_taken_into_it(empty_dsn: str, tmp_path: Path) -> None:
    async with Database.connect(empty_dsn) as database:
        async with database.owned() as connection:
            await migrate(connection, [one for one in migrations() if one.version < 11])
            await connection.execute(
                "INSERT INTO audit (at, actor, action, object, detail) SELECT '2026-01-01Z'::timestamptz + n * "
                "interval '1.000001 s', 'mia', 'show', 'message/' || n, jsonb_build_object('n', n) "
                "FROM generate_series(1, 50) AS n; DELETE FROM audit WHERE id = 7"
            )
            await connection.execute("SELECT pg_advisory_unlock_all()")
        await database.migrate()
        found = await rows(database)
        assert [(row.seq, row.object) for row in found][:7] == [(n, f"message/{n + (n == 7)}") for n in range(1, 8)]
        assert found[0].at == "2026-01-01T00:00:01.000001+00:00"
        await PgAudit(database).note("mia", "read", "message/1")
        trail = audit_trail(PgAudit(database), Layout(tmp_path / "data"), Audit())
        await trail.checkpoint(Cause.START)
        report = await trail.verify()
        assert (report.verdict, report.checked, report.anchored) == (Verdict.INTACT, 50, 50)


async def test_what_happened_beside_the_database_is_told_once(book: PgAudit) -> None:
    event = uuid4()
    for _ in range(3):
        await book.tell(event, "person/rictor", "signed-in", "person/rictor", {"where": "own phone"})
    assert len(await book.found(Sought(), 10)) == 1


# Who can do what.

FORBIDDEN = (
    "UPDATE audit.entry SET actor = 'bob'",
    "DELETE FROM audit.entry",
    "TRUNCATE audit.entry",
    "INSERT INTO audit.entry VALUES (9, now(), '', '', '', '{}', '', '')",
    "UPDATE audit.head SET seq = 0",
    "DELETE FROM audit.head",
    "TRUNCATE audit.head",
    "INSERT INTO audit (id, actor) VALUES (9, 'bob')",
    "UPDATE audit SET actor = 'bob'",
    "DELETE FROM audit",
    "SELECT audit.forget(1)",
    "ALTER TABLE audit.entry DISABLE TRIGGER ALL",
    "DROP TRIGGER stays ON audit.entry",
    "DROP TABLE audit.entry",
    "DROP VIEW audit",
    "CREATE TABLE audit.other (id integer)",
    "CREATE OR REPLACE FUNCTION audit.append(a text[], b text[], c text[], d jsonb[]) RETURNS bigint "
    "LANGUAGE sql AS 'SELECT 1'",
    "SET ROLE secondline_audit",
    "SET ROLE postgres",
    "SET session_replication_role = replica",
    "ALTER ROLE secondline_app SUPERUSER",
    "DELETE FROM schema_migration",
)


async def test_the_programs_role_cannot_change_the_audit(book: PgAudit, trail: AuditTrail) -> None:
    await some(book, 3)
    before = await rows(book._database)
    assert not await book.can_do_more()
    for statement in FORBIDDEN:
        with pytest.raises(StoreError, match=r"SQLSTATE 42501"):
            async with book._database.session() as connection:
                await connection.execute(statement)
    # A table of the same name in front of the real one leads the function nowhere else.
    async with book._database.transaction() as connection:
        await connection.execute("CREATE TEMPORARY TABLE head (seq bigint, hash bytea)")
        await connection.execute("SET LOCAL search_path = pg_temp, audit, public")
        await note(connection, "mia", "read", "message/4")
    assert (await rows(book._database))[:3] == before
    await trail.checkpoint(Cause.COMMAND)
    assert (await trail.verify()).checked == 4


async def test_a_role_that_owns_nothing_is_told_that_the_owners_address_is_missing(book: PgAudit) -> None:
    async with Database.connect(book._database.dsn) as database:
        with pytest.raises(SchemaRefused, match=r"as .database. owner_url"):
            await database.migrate()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.entry SET actor = 'bob'",
        "DELETE FROM audit.entry WHERE seq = 1",
        "TRUNCATE audit.entry",
        "SELECT audit.forget(2)",
        "UPDATE audit.head SET seq = 1",
        "UPDATE audit.head SET base_seq = 1, base_hash = (SELECT hash FROM audit.entry WHERE seq = 1)",
        "DELETE FROM audit.head",
        "TRUNCATE audit.head",
    ],
)
async def test_even_the_owner_is_stopped_until_he_takes_the_triggers_away(book: PgAudit, statement: str) -> None:
    await some(book, 3)
    async with book._database.owned() as connection:
        with pytest.raises(StoreError, match=r"SQLSTATE P0001"):
            async with Database.connect(book._database._owner) as owner, owner.session() as session:
                await session.execute(statement)
        assert await connection.fetchval("SELECT count(*) FROM audit.entry") == 3


async def test_a_database_administrator_can_make_the_roles_and_the_owner_needs_no_more(
    book: PgAudit, database_server: DatabaseServer, tmp_path: Path
) -> None:
    """As docs/audit.md has it, with roles that are no superusers."""
    server = book._database
    async with server.owned() as connection:
        await connection.execute(
            "CREATE ROLE practice_owner LOGIN IN ROLE secondline_audit; CREATE ROLE practice LOGIN IN ROLE "
            "secondline_app; CREATE ROLE lonely LOGIN"
        )
    try:
        for name, program in (("practice_owner", "practice"), ("lonely", "lonely")):
            dsn = await database_server.create(f"of_{name}", "template0")
            async with server.owned() as connection:
                await connection.execute(f"ALTER DATABASE of_{name} OWNER TO {name}")
            where = Addresses(dsn.replace("//postgres@", f"//{program}@"), dsn.replace("//postgres@", f"//{name}@"))
            async with Database.connect(where) as database:
                await database.migrate()
                await database.migrate()
                await PgOverrideBook(database).add(AN_OVERRIDE, "mia")
                assert await PgAudit(database).can_do_more() == (program == "lonely")
                trail = audit_trail(PgAudit(database), Layout(tmp_path / name), Audit())
                await trail.checkpoint(Cause.COMMAND)
                assert (await trail.verify()).verdict is Verdict.INTACT
                if program == "practice":
                    for statement in ("DELETE FROM audit.entry", "SET ROLE practice_owner", "DROP TABLE call"):
                        with pytest.raises(StoreError, match=r"SQLSTATE 42501"):
                            async with database.session() as session:
                                await session.execute(statement)
    finally:
        for name in ("practice_owner", "lonely"):
            await database_server.drop(f"of_{name}")
        async with server.owned() as connection:
            await connection.execute("DROP ROLE practice_owner, practice, lonely")


# What is found.

FIX_HEAD = "UPDATE audit.head SET (seq, hash) = (SELECT seq, hash FROM audit.entry ORDER BY seq DESC LIMIT 1)"
RENUMBER = "UPDATE audit.entry SET seq = -seq WHERE seq > 4; UPDATE audit.entry SET seq = 1 - seq WHERE seq < 0"
RECOMPUTE = """
UPDATE audit.entry SET seq = -place
FROM (SELECT seq AS was, row_number() OVER (ORDER BY seq) AS place FROM audit.entry) AS place WHERE seq = was;
UPDATE audit.entry SET seq = -seq;
DO $$
DECLARE one record; before bytea := decode(repeat('00', 32), 'hex');
BEGIN
    FOR one IN SELECT * FROM audit.entry ORDER BY seq LOOP
        UPDATE audit.entry SET canon = audit.canon(seq, at, actor, action, object, detail) WHERE seq = one.seq
            RETURNING sha256(before || sha256(canon)) INTO before;
        UPDATE audit.entry SET hash = before WHERE seq = one.seq;
    END LOOP;
END $$"""
DEEDS = {
    "edit": ("column", 4, "UPDATE audit.entry SET actor = 'bob' WHERE seq = 4"),
    "edit the bytes": ("column", 4, "UPDATE audit.entry SET canon = convert_to(replace(convert_from(canon, 'UTF8'), "
                                    "'mia', 'bob'), 'UTF8') WHERE seq = 4"),
    "edit the hash": ("hash", 4, "UPDATE audit.entry SET hash = sha256(hash) WHERE seq = 4"),
    "delete": ("gap", 4, "DELETE FROM audit.entry WHERE seq = 4"),
    "duplicate": ("reorder", 5, RENUMBER + "; INSERT INTO audit.entry SELECT 5, at, actor, action, object, detail, "
                                "canon, hash FROM audit.entry WHERE seq = 4"),
    "swap": ("reorder", 4, "UPDATE audit.entry SET seq = 0 WHERE seq = 4; UPDATE audit.entry SET seq = 4 WHERE "
                           "seq = 6; UPDATE audit.entry SET seq = 6 WHERE seq = 0"),
    "truncate": ("truncated", 5, "DELETE FROM audit.entry WHERE seq > 4"),
    "insert": ("column", 5, RENUMBER + "; INSERT INTO audit.entry SELECT 5, at, 'bob', action, object, detail, canon, "
                             "hash FROM audit.entry WHERE seq = 6"),
}  # fmt: skip


async def test_the_owner_of_the_database_is_found_out_whatever_he_does_to_what_was_signed(
    book: PgAudit, trail: AuditTrail
) -> None:
    database = book._database
    await some(book, 8)
    await trail.checkpoint(Cause.COMMAND)
    await as_owner(
        database, "CREATE TABLE kept AS SELECT * FROM audit.entry", "CREATE TABLE kept_head AS TABLE audit.head"
    )
    for name, (kind, seq, deed) in DEEDS.items():
        for level, more in (("rows", ()), ("head", (FIX_HEAD,)), ("chain", (RECOMPUTE, FIX_HEAD))):
            await as_owner(database, deed, *more)
            report = await trail.verify()
            if level == "chain" and name.startswith("edit the"):
                assert report.verdict is Verdict.INTACT, "made anew as it was"
            else:
                assert report.verdict is Verdict.TAMPERED, (name, level)
                found = report.findings[0]
                if level == "chain":  # nothing is wrong with it but that it is not the one that was signed
                    assert found.kind in ("signature", "truncated"), (name, found)
                else:
                    assert (found.kind, found.seq) == (kind, seq), (name, level)
            await as_owner(
                database,
                "TRUNCATE audit.entry",
                "INSERT INTO audit.entry SELECT * FROM kept",
                "UPDATE audit.head SET (base_seq, base_hash, seq, hash) = "
                "(SELECT base_seq, base_hash, seq, hash FROM kept_head)",
            )
    assert (await trail.verify()).verdict is Verdict.INTACT


async def test_after_a_backup_was_brought_back_it_is_told_once_and_goes_on(book: PgAudit, trail: AuditTrail) -> None:
    await some(book, 4)
    await trail.checkpoint(Cause.COMMAND)
    with pytest.raises(AuditDamaged):
        await trail.restored("nothing is missing")
    await some(book, 4)
    await trail.checkpoint(Cause.COMMAND)
    await as_owner(book._database, "DELETE FROM audit.entry WHERE seq > 6", FIX_HEAD)
    await some(book, 5)
    assert (await trail.verify()).verdict is Verdict.TAMPERED
    made = await trail.restored("the disk broke")
    assert made.end.seq == 4
    report = await trail.verify()
    assert (report.verdict, report.checked, report.anchored) == (Verdict.INTACT, 11, 11)
    assert [(one.seq, one.lost, one.reason) for one in report.restores] == [(4, 8, "the disk broke")]
    await as_owner(book._database, "UPDATE audit.entry SET actor = 'bob' WHERE seq = 3")
    with pytest.raises(AuditDamaged):
        await trail.restored("a lie")


async def test_the_server_signs_when_it_is_time_and_says_what_is_wrong(
    book: PgAudit, trail: AuditTrail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(trail_module, "EVERY_ROWS", 5)
    at = datetime.now(UTC)
    trail._now = lambda: at
    running = asyncio.ensure_future(trail.run())
    try:
        await until(lambda: trail.state.anchored == 0, 10)
        await some(book, 2)
        await until_looked_twice(trail)
        assert trail.state.anchored == 0
        at += timedelta(minutes=15)
        await until(lambda: trail.state.anchored == 2, 10)
        await some(book, 5)
        await until(lambda: trail.state.anchored == 7, 10)
        await as_owner(book._database, "UPDATE audit.entry SET actor = 'bob' WHERE seq = 3")
        at += timedelta(days=2)
        await until(lambda: trail.state.problem is not None, 10)
        assert trail.state.as_json()["ok"] is False
        await as_owner(book._database, "UPDATE audit.entry SET actor = 'mia' WHERE seq = 3")
        at += timedelta(minutes=16)
        await until(lambda: trail.state.problem is None, 10)
        await some(book, 1)
    finally:
        running.cancel()
    await trail.stop()
    causes = [one.cause for one in (await trail.checkpoints()).checkpoints]
    assert causes == [Cause.START, Cause.TIME, Cause.ROWS, Cause.STOP]


async def until_looked_twice(trail: AuditTrail) -> None:
    looks, due = 0, trail._due

    async def counted() -> Cause | None:
        nonlocal looks
        looks += 1
        return await due()

    trail._due = counted  # type: ignore[method-assign]
    await until(lambda: looks >= 2, 10)
    trail._due = due  # type: ignore[method-assign]


# How long it is kept.


@pytest.fixture
async def old_rows(book: PgAudit, tmp_path: Path) -> AsyncIterator[datetime]:
    """Ten rows of seven years ago, with their checkpoint of that time, and five of now; gives that time."""
    then = datetime.now(UTC) - timedelta(days=7 * 366)
    before, made = START, []
    for n in range(10):
        at = (then + timedelta(seconds=n)).isoformat(timespec="microseconds")
        row = linked(before, Row(0, at, "mia", "read", f"message/{n}", "{}", b"", b""))
        before = Link(row.seq, row.hash)
        made.append((row.seq, then + timedelta(seconds=n), *row[2:]))
    async with book._database.owned() as connection:
        await connection.copy_records_to_table("entry", schema_name="audit", records=made)
        await connection.execute("UPDATE audit.head SET seq = $1, hash = $2", before.seq, before.hash)
    await audit_trail_at(book, tmp_path, then + timedelta(hours=1)).checkpoint(Cause.TIME)
    await some(book, 5)
    yield then


def audit_trail_at(book: PgAudit, tmp_path: Path, at: datetime) -> AuditTrail:
    trail = audit_trail(book, Layout(tmp_path / "data"), Audit())
    trail._now = lambda: at
    return trail


async def test_rows_go_as_a_whole_beginning_that_was_signed_and_never_before_six_years(
    book: PgAudit, trail: AuditTrail, old_rows: datetime, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="at least 6 years"):
        await trail.forget(5)
    assert await trail.forget(8) == 0
    assert await trail.forget(6) == 10
    found = await rows(book._database)
    assert [row.seq for row in found] == list(range(11, 17))
    assert (found[-1].action, json.loads(found[-1].detail)["upto"]) == ("audit-forgotten", 10)
    await trail.checkpoint(Cause.COMMAND)
    report = await trail.verify()
    assert (report.verdict, report.first, report.last) == (Verdict.INTACT, 11, 16)
    assert await trail.forget(6) == 0
    # A clock that is wrong lets nothing go: the database goes by its own.
    ahead = audit_trail_at(book, tmp_path, datetime.now(UTC) + timedelta(days=8 * 366))
    with pytest.raises(StoreError):
        await ahead.forget(6)
    assert len(await rows(book._database)) == 6
