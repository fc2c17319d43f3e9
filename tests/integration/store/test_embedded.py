"""The database in the data folder starts, survives what may happen to it, and says in a sentence when it cannot."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from pbx.store.account import account_for
from pbx.store.down import DatabaseDown
from pbx.store.embedded import EmbeddedPostgres
from tests.kit.database import copy_cluster
from tests.kit.wait import until

ROOT = os.geteuid() == 0
TELL = """
import asyncio, sys
from pathlib import Path
from pbx.store.down import DatabaseDown
from pbx.store.embedded import EmbeddedPostgres
async def tell():
    postgres = EmbeddedPostgres(Path(sys.argv[1]))
    try:
        print(await postgres.start(), flush=True)
        if sys.argv[2:] == ["stay"]:
            await asyncio.sleep(60)
        await postgres.stop()
    except DatabaseDown as error:
        print(error, flush=True)
asyncio.run(tell())
"""


@pytest.fixture
def folder(fresh_cluster: Path, tmp_path: Path) -> Iterator[Path]:
    """A cluster of this test's own; whatever runs there afterwards is ended."""
    folder = copy_cluster(fresh_cluster, tmp_path / "postgres")
    yield folder
    for process in servers_of(folder):
        process.kill()


@pytest.fixture
async def postgres(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(folder)
    yield postgres
    await postgres.stop()


def servers_of(folder: Path) -> list[psutil.Process]:
    """Every process of PostgreSQL that works in `folder`."""
    found = []
    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["name"] == "postgres" and process.info["cwd"] == str(folder):
            found.append(process)
    return found


def postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))


async def ask(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def write_a_row(dsn: str) -> None:
    await ask(dsn, "CREATE TABLE kept (id integer)")
    await ask(dsn, "INSERT INTO kept VALUES (7)")


async def test_the_first_start_makes_a_cluster_that_keeps_what_it_is_given(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "data" / "postgres")
    dsn = await postgres.start()
    try:
        for name in ("data_checksums", "fsync", "full_page_writes", "synchronous_commit"):
            assert await ask(dsn, f"SHOW {name}") == "on"
        assert await ask(dsn, "SHOW listen_addresses") == ""
        assert await ask(dsn, "SHOW TimeZone") == "UTC"
    finally:
        await postgres.stop()
    assert not postgres.running()
    assert (tmp_path / "data" / "postgres").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["postgres"]


async def test_the_folders_above_stay_as_closed_as_they_were(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    await postgres.start()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


async def test_starting_a_running_server_takes_it_over(postgres: EmbeddedPostgres, folder: Path) -> None:
    first = await postgres.start()
    pid = postmaster(folder).pid
    assert EmbeddedPostgres(folder).dsn == first
    assert await EmbeddedPostgres(folder).start() == first
    assert postmaster(folder).pid == pid


async def test_stopping_twice_is_harmless(postgres: EmbeddedPostgres) -> None:
    await postgres.start()
    await postgres.stop()
    await postgres.stop()
    assert not postgres.running()


async def test_a_killed_program_loses_nothing_and_its_server_is_taken_over(
    postgres: EmbeddedPostgres, folder: Path
) -> None:
    command = (sys.executable, "-c", TELL, str(folder), "stay")
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert program.stdout is not None
    await write_a_row((await program.stdout.readline()).decode().strip())
    pid = postmaster(folder).pid
    program.kill()
    await program.communicate()
    assert await ask(await postgres.start(), "SELECT id FROM kept") == 7
    assert postmaster(folder).pid == pid


async def test_a_killed_server_comes_back_with_its_data(postgres: EmbeddedPostgres, folder: Path) -> None:
    await write_a_row(await postgres.start())
    postmaster(folder).kill()
    await until(lambda: not postgres.running())
    assert await ask(await postgres.start(), "SELECT id FROM kept") == 7


async def test_after_everything_was_killed_at_once_the_data_are_there(postgres: EmbeddedPostgres, folder: Path) -> None:
    await write_a_row(await postgres.start())
    for process in servers_of(folder):
        process.kill()
    await until(lambda: not postgres.running())
    assert await ask(await postgres.start(), "SELECT id FROM kept") == 7


async def test_a_pid_that_is_somebody_elses_by_now_stops_nothing(postgres: EmbeddedPostgres, folder: Path) -> None:
    await write_a_row(await postgres.start())
    left_behind = (folder / "postmaster.pid").read_text()
    await postgres.stop()
    lines = left_behind.splitlines()
    (folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not postgres.running()
    assert await ask(await postgres.start(), "SELECT id FROM kept") == 7


async def test_a_first_start_that_was_cut_short_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    postgres = EmbeddedPostgres(tmp_path / "postgres")
    dsn = await postgres.start()
    try:
        assert await ask(dsn, "SELECT 1") == 1
    finally:
        await postgres.stop()


@pytest.mark.parametrize("name", ["d" * 120, "a practice, Dr. O'Neil"])
async def test_a_long_or_odd_path_does_not_matter(fresh_cluster: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "postgres"
    folder.parent.mkdir()
    copy_cluster(fresh_cluster, folder)
    postgres = EmbeddedPostgres(folder)
    dsn = postgres.dsn
    assert await postgres.start() == dsn
    try:
        assert await ask(dsn, "SELECT 1") == 1
        sockets = Path((folder / "postmaster.pid").read_text().splitlines()[4])
        assert sockets != folder
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert await EmbeddedPostgres(folder).start() == dsn
    finally:
        await postgres.stop()
    assert not sockets.exists()


async def test_the_environment_does_not_lead_astray(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGPORT": "1",
        "PGHOST": "nowhere",
        "PGOPTIONS": "-c nothing=1",
        "PGSSLMODE": "require",
    }.items():
        monkeypatch.setenv(name, value)
    assert await ask(await postgres.start(), "SHOW port") == "5432"


async def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("mine")
    with pytest.raises(DatabaseDown, match="is not a database: move it away"):
        await EmbeddedPostgres(tmp_path / "postgres").start()
    assert (tmp_path / "postgres" / "letter.txt").read_text() == "mine"


async def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "postgres").write_text("")
    with pytest.raises(DatabaseDown, match="is not a folder"):
        await EmbeddedPostgres(tmp_path / "postgres").start()


async def test_a_cluster_of_another_postgresql_is_told(postgres: EmbeddedPostgres, folder: Path) -> None:
    (folder / "PG_VERSION").write_text("15\n")
    with pytest.raises(DatabaseDown, match="made by PostgreSQL 15, this program brings 18"):
        await postgres.start()


async def test_a_damaged_cluster_is_told(postgres: EmbeddedPostgres, folder: Path) -> None:
    os.truncate(folder / "global" / "pg_control", 100)
    with pytest.raises(DatabaseDown, match=r"does not start \(.*pg_control.*restore the folder from a backup"):
        await postgres.start()


@pytest.mark.skipif(not ROOT, reason="only root can take another account")
async def test_an_ordinary_user_can_run_it(tmp_path: Path) -> None:
    account = account_for(tmp_path)
    account.own(tmp_path)
    assert (await tell(tmp_path / "postgres", *account.prefix)).startswith("postgresql://")


@pytest.mark.skipif(not ROOT, reason="only root can mount")
@pytest.mark.parametrize(
    ("options", "sentence"), [("size=20m", "is full: free some space"), ("ro", "is read-only: mount")]
)
async def test_a_disk_that_takes_nothing_is_told(tmp_path: Path, options: str, sentence: str) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    mount = f'mount -t tmpfs -o {options} none "$0" && exec "$@"'
    said = await tell(tmp_path / "postgres", "unshare", "--mount", "sh", "-c", mount, str(tmp_path))
    assert sentence in said
    assert "\n" not in said


async def tell(folder: Path, *prefix: str) -> str:
    """Start and stop the database of `folder` in another process; gives the DSN or what was wrong."""
    program = await asyncio.create_subprocess_exec(
        *prefix, sys.executable, "-c", TELL, str(folder), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await program.communicate()
    return said.decode().strip()
