"""What the dialplan would leave in the spool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np

from pbx.domain.actions import Ring, Voicemail
from pbx.domain.policy import Number, Policy
from tests.kit.database import vault
from voicemail.audio import RATE, Samples, wav_bytes
from voicemail.ingest import Folders
from voicemail.shelf import Shelf

CALL = UUID("6f1f3a52-8a7e-4d0c-9f35-0b6f2a1c9d01")
DID = "+17175550100"
STARTED = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
ENDED = datetime(2026, 11, 23, 14, 1, tzinfo=UTC)


@dataclass(frozen=True)
class EndLine:
    """The fields of an end sidecar as text."""

    at: str = "1795442460.250"
    stage: str = "record"
    position: str = "1"
    by: str = ""
    answered: str = ""
    safe: str = "0"
    cause: str = "16"
    choices: str = ""

    def __str__(self) -> str:
        line = f"v1|{self.at}|{self.stage}|{self.position}|{self.by}|{self.answered}|{self.safe}|{self.cause}"
        return f"{line}|{self.choices}"


def start_line(did: str = DID, caller: str = "7175550123", at: str = "1795442400.000") -> str:
    return f"v1|{at}|{did}|{caller}|1795442400.17"


def tone(seconds: float, level: float = 0.3) -> Samples:
    """A tone of 440 Hz; `level` is its peak, 1 being full scale."""
    at = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(np.round(32767 * level * np.sin(2 * np.pi * 440 * at)), dtype=np.int16)


def recording(seconds: float = 2.0) -> bytes:
    return wav_bytes(tone(seconds).tobytes())


def folders_in(base: Path) -> Folders:
    folders = Folders(base / "spool", base / "spare", Shelf(base / "messages", vault()))
    for folder in (folders.spool, folders.spare, folders.messages):
        folder.mkdir(parents=True)
    for folder in (folders.spool, folders.spare):
        (folder / ".mounted").touch()
    return folders


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def put_message(folders: Folders, call: UUID = CALL, end: EndLine | None = None, tag: str = "1") -> None:
    """A call that left two seconds of message and hung up."""
    put(folders.spool, f"{call}.call", start_line())
    put(folders.spool, f"{call}-{tag}.wav", recording())
    put(folders.spool, f"{call}.end", str(end or EndLine()))


def policy() -> Policy:
    """One number: always open, rings, then voicemail; its fallback is the night box."""
    number = Number(
        DID,
        "Dr. Rictor",
        schedule=None,
        opened=(Ring("rictor", ("rictor-desk",), 25), Voicemail("rictor")),
        closed=(Voicemail("night"),),
    )
    return Policy("v", "Scotland Family Medicine", "US", "America/New_York", "Dial 911.", {DID: number})
