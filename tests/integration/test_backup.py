"""A practice is kept while its database is at work, brought back elsewhere, and tried out; what is damaged is found."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pyrage
import pytest

from pbx.asterisk.layout import Layout
from pbx.backup.key import BackupKey
from pbx.config.load import load
from pbx.config.settings import Audit
from pbx.domain.checkpoints import Cause
from pbx.instance import only_instance
from pbx.key_ring import vault_of
from pbx.store.calls import PgCallLog
from pbx.store.chain import PgAudit
from pbx.store.database import Database
from pbx.store.embedded import EmbeddedPostgres
from pbx.trail import audit_trail
from tests.kit.calls import PATIENT, a_decision, a_message_call, a_start
from tests.kit.database import copy_cluster, on_database, vault
from tests.kit.server import Answer, secondline
from voicemail.audio import parse_wav, wav_bytes
from voicemail.shelf import Shelf

pytestmark = pytest.mark.timeout(120)  # each restore starts a PostgreSQL of its own

ROOT = Path(__file__).parents[2]
SOLO = ROOT / "docs" / "examples" / "solo.toml"
SAID = wav_bytes(np.tile(np.array([9000, -9000], dtype="<i2"), 8000).tobytes())
MESSAGES = 3


@dataclass(frozen=True)
class Kept:
    """A practice with messages, its database at work as under a running server; and its backup key."""

    folder: Path
    key: Path
    dsn: str
    messages: tuple[UUID, ...]

    @property
    def config(self) -> Path:
        return self.folder / "practice.toml"

    @property
    def layout(self) -> Layout:
        return Layout(self.folder / "var")

    @property
    def master_keys(self) -> Path:
        """A copy of the master keys in one file, as somebody would keep it."""
        copy = self.folder / "master-keys"
        copy.write_text("".join(path.read_text() for path in sorted(self.layout.keys.glob("*.key"))), "ascii")
        return copy

    async def run(self, *words: str) -> Answer:
        config = () if "--config" in words else ("--config", str(self.config))
        return await secondline(*words, *config, "--data", str(self.layout.data))

    async def backup(self, target: Path, *words: str) -> Answer:
        return await self.run("backup", str(target), *words)

    async def verify(self, file: Path, scratch: Path) -> Answer:
        words = ("restore", str(file), "--verify", "--key", str(self.key), "--scratch", str(scratch), "--json")
        return await self.run(*words)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, fresh_cluster: Path) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    layout = Layout(folder / "var")
    (folder / "practice.toml").write_text(
        SOLO.read_text("utf-8") + "\n[contacts]\nfile = 'lists/contacts.csv'\n", "utf-8"
    )
    (folder / "lists").mkdir()
    (folder / "lists" / "contacts.csv").write_text("number,name,groups\n+12155550190,Oakgrove,\n", "utf-8")
    layout.make()
    layout.secrets.write_text('{"ami": "made-once", "phones": {}}', "utf-8")
    copy_cluster(fresh_cluster, layout.postgres)
    cluster = EmbeddedPostgres(layout.postgres)
    with only_instance(layout.lock):
        dsn = asyncio.run(cluster.start())
        try:
            messages = tuple(asyncio.run(_fill(dsn, folder)))
            yield Kept(folder, _make_key(folder), dsn, messages)
        finally:
            asyncio.run(cluster.stop())


async def _fill(dsn: str, folder: Path) -> list[UUID]:
    layout, made = Layout(folder / "var"), []
    vault = vault_of(load(folder / "practice.toml").settings, layout)
    shelf = Shelf(layout.messages, vault)
    async with Database.connect(dsn, vault) as database:
        await database.migrate()
        calls = PgCallLog(database)
        for _ in range(MESSAGES):
            start = a_start()
            call = a_message_call(start)
            [plain] = call.recordings
            kept = shelf.keep(plain.id, parse_wav(SAID))
            recording = replace(plain, file=kept.file, sha256=kept.sha256, seconds=2.0, key=kept.key)
            await calls.open_call(start, a_decision())
            await calls.finish_call(replace(call, recordings=(recording,)))
            made.append(recording.id)
        await audit_trail(PgAudit(database), layout, Audit()).checkpoint(Cause.COMMAND)
    return made


def _make_key(folder: Path) -> Path:
    key = folder / "backup.key"
    words = ("backup-key", "create", str(key), "--config", str(folder / "practice.toml"), "--data", str(folder / "var"))
    answer = asyncio.run(secondline(*words))
    assert answer.status == 0, answer.err
    return key


async def test_a_backup_is_encrypted_and_says_what_it_holds(kept: Kept, tmp_path: Path) -> None:
    answer = await kept.backup(tmp_path, "--json")
    assert (answer.status, answer.err) == (0, "")
    told = answer.json
    file = Path(told["file"])
    assert (told["messages"], told["calls"]) == (MESSAGES, MESSAGES)
    assert told["bytes"] == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    data = file.read_bytes()
    assert b"made-once" not in data
    plain = pyrage.decrypt(data, [BackupKey.read(kept.key, lambda: "").identity])
    assert b"made-once" in plain and b"Oakgrove" in plain
    assert PATIENT.encode() not in plain and SAID[100:200] not in plain  # sealed already
    for line in kept.master_keys.read_text("ascii").splitlines():
        assert line.split()[-1].encode() not in plain
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


async def test_it_is_restored_elsewhere_and_everything_is_there(kept: Kept, tmp_path: Path) -> None:
    file = tmp_path / "backup.age"
    await kept.backup(file)
    new = Kept(tmp_path / "new", kept.key, "", kept.messages)
    keys = ("--key", str(kept.key), "--keys", str(kept.master_keys))
    answer = await new.run("restore", str(file), *keys, "--json")
    assert answer.status == 0, answer.err
    assert (answer.json["ok"], answer.json["messages"], answer.json["config_kept"]) == (True, MESSAGES, False)
    assert answer.json["audit_rows"] > answer.json["audit_signed"] >= MESSAGES
    assert answer.json["remarks"] == []
    assert answer.json["seconds_of_audio"] == pytest.approx(MESSAGES * 2.0)
    assert new.config.read_bytes() == kept.config.read_bytes()
    assert (new.folder / "lists" / "contacts.csv").exists()
    assert json.loads(new.layout.secrets.read_text())["ami"] == "made-once"
    assert not new.layout.restoring.exists()
    listed = (await new.run("voicemail", "list", "--json")).json
    assert {message["id"] for message in listed} == {str(id_) for id_ in kept.messages}
    assert {message["from"] for message in listed} == {PATIENT}
    out = tmp_path / "heard.wav"
    assert (await new.run("voicemail", "export", str(kept.messages[0]), str(out))).status == 0
    assert out.read_bytes() == SAID
    again = await new.run("restore", str(file), "--key", str(kept.key))
    assert again.status == 1
    assert "is not empty" in again.err


async def test_a_trial_leaves_nothing_finds_what_is_missing_and_says_what_it_could_not_open(
    kept: Kept, tmp_path: Path
) -> None:
    scratch, file = tmp_path / "scratch", tmp_path / "bad.age"
    scratch.mkdir()
    missing = kept.layout.messages / f"{kept.messages[0]}.sealed"
    missing.rename(tmp_path / "aside")
    try:
        await kept.backup(file)
    finally:
        (tmp_path / "aside").rename(missing)
    elsewhere = Kept(tmp_path / "elsewhere", kept.key, "", ())
    bad = await elsewhere.verify(file, scratch)
    assert (bad.status, bad.json["ok"], bad.json["messages"]) == (1, False, MESSAGES)
    assert bad.json["problems"] == [f"message {kept.messages[0]}: its audio is missing"]
    [remark] = bad.json["remarks"]
    assert remark.startswith(f"{MESSAGES - 1} recordings are there and whole as files, but sealed")
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("harm", ["cut", "flipped", "other key", "forged"])
async def test_what_is_damaged_or_not_ours_is_refused_and_leaves_nothing(kept: Kept, tmp_path: Path, harm: str) -> None:
    file, key = tmp_path / "backup.age", kept.key
    await kept.backup(file)
    data = bytearray(file.read_bytes())
    match harm:
        case "cut":
            del data[-1000:]
        case "flipped":
            data[len(data) // 2] ^= 1
        case "other key":
            key = _other_key(kept, tmp_path)
        case "forged":  # by somebody who knows for whom backups are encrypted, and no more
            mine = BackupKey.read(kept.key, lambda: "")
            data = bytearray(_forged(bytes(data), mine))
    file.write_bytes(data)
    new = Kept(tmp_path / "new", key, "", ())
    answer = await new.run("restore", str(file), "--key", str(key))
    assert answer.status == 1
    assert "Traceback" not in answer.err and "unexpected" not in answer.err
    assert not new.config.exists()
    assert list(new.layout.data.iterdir()) == []


def _other_key(kept: Kept, folder: Path) -> Path:
    other = folder / "other.key"
    text = kept.key.read_text()
    secret = next(line for line in text.splitlines() if line.startswith("AGE-SECRET"))
    other.write_text(text.replace(secret, str(pyrage.x25519.Identity.generate())))
    return other


def _forged(data: bytes, key: BackupKey) -> bytes:
    plain = bytearray(pyrage.decrypt(data, [key.identity]))
    at = plain.rindex(b"manifest.sig")
    signature = at + 512 if at % 512 == 0 else (at // 512 + 1) * 512
    plain[signature] ^= 1
    return bytes(pyrage.encrypt(bytes(plain), [key.identity.to_public()]))


async def test_a_database_of_the_practices_own_goes_into_the_empty_one_that_the_new_file_names(
    dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    old, new = (Kept(tmp_path / name, tmp_path / "old" / "backup.key", "", ()) for name in ("old", "new"))
    for place, where in ((old, dsn), (new, empty_dsn)):
        place.folder.mkdir()
        place.config.write_text(SOLO.read_text("utf-8") + on_database(where), "utf-8")
    async with Database.connect(dsn, vault()) as database:
        await PgCallLog(database).open_call(a_start(), a_decision())
    file = str(tmp_path / "backup.age")
    assert (await old.run("backup-key", "create", str(old.key))).status == 0
    assert (await old.run("backup", file)).status == 0
    restored = await new.run("restore", file, "--key", str(old.key), "--json")
    assert (restored.status, restored.json["config_kept"]) == (0, True), restored.err
    [call] = (await new.run("calls", "--json")).json
    assert call["from"] == PATIENT
    again = await Kept(tmp_path / "again", old.key, "", ()).run(
        "restore", file, "--key", str(old.key), "--config", str(new.config)
    )
    assert again.status == 1
    assert "is not empty: name an empty one" in again.err


async def test_without_a_key_it_says_how_to_make_one(tmp_path: Path) -> None:
    (tmp_path / "practice.toml").write_text(SOLO.read_text("utf-8"), "utf-8")
    words = ("--config", str(tmp_path / "practice.toml"), "--data", str(tmp_path / "var"))
    answer = await secondline("backup", str(tmp_path / "x"), *words)
    assert answer.status == 1
    assert "secondline backup-key create" in answer.err
