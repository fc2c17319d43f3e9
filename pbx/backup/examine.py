"""Whether what was restored is whole: every message's audio, the audit, the practice's file.

The rows of the database were held against the backup's list when they came in.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pbx.auditing.files import FileAway
from pbx.auditing.key import KeyProblem
from pbx.backup.unpacked import Unpacked
from pbx.config.load import ConfigProblems, load
from pbx.config.settings import Audit
from pbx.sealing.keys import KeysMissing
from pbx.sealing.stream import open_sealed
from pbx.sealing.vault import Unopenable, Vault
from pbx.store.chain import PgAudit
from pbx.store.database import Database
from pbx.store.restored import KeptAudio, kept_audio
from pbx.trail import audit_trail
from voicemail.audio import AudioProblem, parse_wav
from voicemail.shelf import AUDIO, SEALED


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at and what is wrong; `problems` are sentences without patient data, `remarks` ask for a look.

    `audit_rows` of the audit follow each other; `signed` of them are under a checkpoint.
    """

    messages: int
    seconds_of_audio: float
    audit_rows: int
    signed: int
    rows: int
    schema: int
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.good,
            "messages": self.messages,
            "seconds_of_audio": round(self.seconds_of_audio, 1),
            "audit_rows": self.audit_rows,
            "audit_signed": self.signed,
            "rows": self.rows,
            "schema": self.schema,
            "problems": list(self.problems),
            "remarks": list(self.remarks),
        }


async def examine(unpacked: Unpacked, database: Database, vault: Vault | None) -> Examination:
    """Look at all of it. Without a `vault` what is sealed is not opened. Raises StoreUnavailable."""
    kept = await kept_audio(database)
    listener = _Listener(unpacked.data.messages, vault)
    lengths, problems = await asyncio.to_thread(listener.listen, kept)
    remarks = await asyncio.to_thread(_practice, unpacked.folder / unpacked.manifest.practice)
    rows, signed, wrong, unknown = await _audit(unpacked, database)
    return Examination(
        messages=len(kept),
        seconds_of_audio=sum(lengths),
        audit_rows=rows,
        signed=signed,
        rows=sum(unpacked.manifest.rows.values()),
        schema=unpacked.manifest.schema,
        problems=(*problems, *wrong),
        remarks=(*remarks, *unknown, *listener.remarks),
    )


async def _audit(unpacked: Unpacked, database: Database) -> tuple[int, int, list[str], list[str]]:
    """Its rows, those that are signed, what is wrong, and why nothing can be told.

    With the checkpoints and the key of the data folder: where the practice keeps the key elsewhere, it is beside what
    was unpacked or with the practice, and `secondline audit verify` tells afterwards.
    """
    try:
        report = await audit_trail(PgAudit(database), unpacked.data, Audit()).verify()
    except (FileAway, KeyProblem) as error:
        return 0, 0, [], [f"the audit cannot be verified here: {error}"]
    wrong = [f"the audit: {finding.kind}: {finding.what}" for finding in report.findings]
    unknown = [f"the audit: {report.unknown}"] if report.unknown else []
    return report.checked, report.checked - report.unanchored, wrong, unknown


class _Wrong(Exception):
    """What is wrong with a message's audio."""


@dataclass(slots=True)
class _Listener:
    """Opens the audio in `folder`. `sealed` counts what could not be opened because its master key is not there."""

    folder: Path
    vault: Vault | None
    sealed: int = 0

    def listen(self, kept: Sequence[KeptAudio]) -> tuple[list[float], list[str]]:
        """The lengths in seconds of what opens, and what is wrong with the others."""
        lengths, problems = [], []
        for audio in kept:
            try:
                lengths.append(self._seconds(audio))
            except KeysMissing:
                self.sealed += 1
            except _Wrong as wrong:
                problems.append(f"message {audio.message}: {wrong}")
        return lengths, problems

    @property
    def remarks(self) -> list[str]:
        if not self.sealed:
            return []
        return [f"{self.sealed} recordings are there and whole as files, but sealed: their master key is not here"]

    def _seconds(self, audio: KeptAudio) -> float:
        try:
            data = self._bytes(audio)
            if hashlib.sha256(data).hexdigest() != audio.sha256:
                raise _Wrong("its audio is not what was taken in")
            return parse_wav(data).seconds
        except FileNotFoundError:
            raise _Wrong("its audio is missing") from None
        except Unopenable:
            raise _Wrong("its audio was changed, or has another key") from None
        except AudioProblem as problem:
            raise _Wrong(f"its audio {problem.flaw}") from None

    def _bytes(self, audio: KeptAudio) -> bytes:
        path = self.folder / audio.file
        if path.suffix != SEALED or not path.exists():
            return path.read_bytes()
        if self.vault is None:
            raise KeysMissing("no keys")
        with open_sealed(path, self.vault, audio.message, AUDIO, audio.key) as file:
            return file.read()


def _practice(file: Path) -> list[str]:
    try:
        load(file)
    except ConfigProblems as problems:
        return [f"the practice's file: {problem.key}: {problem.what}" for problem in problems.problems]
    return []
