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
from pbx.store.chain import PgAudit
from pbx.store.database import Database
from pbx.store.restored import KeptAudio, kept_audio
from pbx.trail import audit_trail
from voicemail.audio import AudioProblem, parse_wav


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


async def examine(unpacked: Unpacked, database: Database) -> Examination:
    """Look at all of it. Raises StoreUnavailable."""
    kept = await kept_audio(database)
    lengths, problems = await asyncio.to_thread(_listen, kept, unpacked.data.messages)
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
        remarks=(*remarks, *unknown),
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


def _listen(kept: Sequence[KeptAudio], folder: Path) -> tuple[list[float], list[str]]:
    lengths, problems = [], []
    for audio in kept:
        try:
            lengths.append(_seconds(audio, folder))
        except _Wrong as wrong:
            problems.append(f"message {audio.message}: {wrong}")
    return lengths, problems


class _Wrong(Exception):
    """What is wrong with a message's audio."""


def _seconds(audio: KeptAudio, folder: Path) -> float:
    try:
        data = (folder / audio.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != audio.sha256:
            raise _Wrong("its audio is not what was taken in")
        return parse_wav(data).seconds
    except FileNotFoundError:
        raise _Wrong("its audio is missing") from None
    except AudioProblem as problem:
        raise _Wrong(f"its audio {problem.flaw}") from None


def _practice(file: Path) -> list[str]:
    try:
        load(file)
    except ConfigProblems as problems:
        return [f"the practice's file: {problem.key}: {problem.what}" for problem in problems.problems]
    return []
