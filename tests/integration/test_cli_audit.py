"""`secondline audit` as a practice's IT meets it: the exit status is the verdict, and the JSON says what and where."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from pbx.cli import main
from pbx.store.chain import PgAudit
from pbx.store.database import Database
from tests.kit.database import addresses
from tests.kit.server import Answer

SOLO = Path(__file__).parents[2] / "docs" / "examples" / "solo.toml"
Run = Callable[..., Awaitable[Answer]]


@pytest.fixture
def practice(tmp_path: Path, dsn: str) -> Path:
    """A practice with a database of its own, one address for the program and one for the owner, and a second file."""
    (tmp_path / "share").mkdir()
    (tmp_path / "owner").write_text(addresses(dsn).owner)
    (tmp_path / "owner").chmod(0o600)
    file = tmp_path / "practice.toml"
    more = f"url = '{addresses(dsn).app}'\nowner_url_file = 'owner'\n[audit]\ncheckpoint_copy = 'share/copy.jsonl'\n"
    file.write_text(f"{SOLO.read_text(encoding='utf-8')}\n[database]\n{more}", encoding="utf-8")
    return file


@pytest.fixture
def run(practice: Path) -> Run:
    def command(words: tuple[str, ...]) -> Answer:
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            status = main(["audit", *words, "--config", str(practice)])
        return Answer(status, out.getvalue(), err.getvalue())

    return lambda *words: asyncio.to_thread(command, words)


@pytest.fixture
async def book(database: Database) -> PgAudit:
    """Six rows: three messages, each read and listened to."""
    book = PgAudit(database)
    for n in range(3):
        await book.note("person/rictor", "read", f"message/{n}")
        await book.note("mia", "listened", f"message/{n}")
    return book


async def tamper(book: PgAudit, statement: str) -> None:
    async with book._database.owned() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(statement)


async def test_the_verdict_is_the_exit_status(run: Run, book: PgAudit, practice: Path) -> None:
    first = await run("verify", "--json")
    assert (first.status, first.json["verdict"]) == (2, "cannot-tell")
    assert "key of the audit is missing" in first.json["why_unknown"]
    assert (await run("checkpoint", "--json")).json["seq"] == 6
    whole = await run("verify", "--json")
    assert (whole.status, whole.json["verdict"], whole.json["append_only"]) == (0, "intact", True)
    assert (whole.json["rows"], whole.json["last_anchored_seq"], whole.json["unanchored_rows"]) == (6, 6, 0)
    assert 0 <= whole.json["anchor_age_seconds"] < 60
    said = await run("verify", "--key", whole.json["key"])
    assert said.out.startswith("The audit was left alone: 6 rows")
    await tamper(book, "UPDATE audit.entry SET actor = 'bob' WHERE seq = 4")
    found = await run("verify", "--json")
    assert (found.status, found.json["verdict"]) == (1, "tampered")
    assert (found.json["kind"], found.json["first_bad_seq"]) == ("column", 4)
    assert "TAMPERED" in (await run("verify")).out


async def test_what_keeps_it_from_telling_is_said(run: Run, book: PgAudit, practice: Path, tmp_path: Path) -> None:
    await run("checkpoint")
    key = (await run("verify", "--json")).json["key"]
    elsewhere = tmp_path / "elsewhere.jsonl"
    elsewhere.write_text((tmp_path / "share" / "copy.jsonl").read_text())
    for file in ("checkpoints.jsonl", "key.pem"):
        (tmp_path / "var" / "audit" / file).unlink()
    assert (await run("verify")).status == 2
    by_copy = await run("verify", "--checkpoints", str(elsewhere), "--key", key)
    assert by_copy.status == 0, by_copy.out
    wrong = await run("verify", "--checkpoints", str(elsewhere), "--key", "0" * 64)
    assert wrong.status == 1 and "not signed with" in wrong.out
    practice.write_text(practice.read_text().replace("/test_", "/nothing_"))
    (tmp_path / "owner").write_text((tmp_path / "owner").read_text().replace("/test_", "/nothing_"))
    away = await run("verify", "--json", "--key", key)
    assert (away.status, away.json["why_unknown"].partition(".")[0]) == (
        2,
        "The database server has no database of that name: create it, or correct the address",
    )


async def test_rows_are_shown_by_who_what_and_about_what(run: Run, book: PgAudit) -> None:
    rows = (await run("show", "--json")).json
    assert [row["seq"] for row in rows] == [6, 5, 4, 3, 2, 1]
    assert set(rows[0]) == {"seq", "at", "actor", "action", "object", "detail"}
    for words, seqs in (
        (("--actor", "mia"), [6, 4, 2]),
        (("--action", "read", "--limit", "1"), [5]),
        (("--about", "message/1"), [4, 3]),
        (("--since", "2050-01-01T00:00"), []),
    ):
        assert [row["seq"] for row in (await run("show", "--json", *words)).json] == seqs
    assert "mia listened message/2" in (await run("show")).out


async def test_an_export_is_noted_and_verifies_where_there_is_nothing_else(
    run: Run, book: PgAudit, practice: Path, tmp_path: Path
) -> None:
    target = tmp_path / "export.jsonl"
    made = (await run("export", str(target), "--about", "message/1", "--json")).json
    assert (made["shown"], made["by_hash"], made["anchored"]) == (2, 5, 7)
    assert target.stat().st_mode & 0o777 == 0o600
    [row] = (await run("show", "--action", "audit-exported", "--json")).json
    assert row["detail"] == {"first": 1, "last": 6, "about": "message/1"}
    practice.unlink()
    verified = await run("verify", "--export", str(target), "--json")
    assert (verified.status, verified.json["rows"]) == (0, 7)
    lines = target.read_text().splitlines()
    row_line = next(n for n, line in enumerate(lines) if json.loads(line)["kind"] == "row")
    lines[row_line] = lines[row_line].replace("mia", "bob").replace("rictor", "bob")
    target.write_text("\n".join(lines) + "\n")
    spoilt = await run("verify", "--export", str(target), "--json")
    assert (spoilt.status, spoilt.json["kind"], spoilt.json["first_bad_seq"]) == (1, "hash", 3)
    assert (await run("verify", "--export", str(tmp_path / "nothing"))).status == 2


async def test_a_backup_that_was_brought_back_is_told_and_stays_told(run: Run, book: PgAudit) -> None:
    await run("checkpoint")
    refused = await run("checkpoint", "--restored", "the disk broke")
    assert (refused.status, "no rows are missing" in refused.err) == (1, True)
    await tamper(
        book,
        "DELETE FROM audit.entry WHERE seq > 4; "
        "UPDATE audit.head SET (seq, hash) = (SELECT seq, hash FROM audit.entry WHERE seq = 4)",
    )
    assert (await run("verify", "--json")).json["kind"] == "truncated"
    assert (await run("checkpoint", "--restored", "the disk broke")).status == 0
    report = (await run("verify", "--json")).json
    assert report["verdict"] == "intact"
    [restore] = report["restores"]
    assert (restore["kept_to"], restore["lost_to"], restore["reason"]) == (0, 6, "the disk broke")
    [row] = (await run("show", "--action", "audit-restored", "--json")).json
    assert row["detail"]["reason"] == "the disk broke"


async def test_a_role_that_could_change_the_audit_is_told(run: Run, book: PgAudit, practice: Path, dsn: str) -> None:
    text = practice.read_text().replace(addresses(dsn).app, dsn).replace("owner_url_file = 'owner'\n", "")
    practice.write_text(text)
    await run("checkpoint")
    assert (await run("verify", "--json")).json["append_only"] is False
    assert "role owns the audit" in (await run("verify")).out
