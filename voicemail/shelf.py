"""The message folder: every recording sealed, under the key of its message.

Recordings of before there were keys lie there as plain WAV files until the program has sealed them (`sealing_up`).
"""

from __future__ import annotations

import hashlib
import io
import logging
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pbx.domain.call import MessageRecord
from pbx.domain.sealed import WrappedKey
from pbx.sealing.keys import KeysMissing
from pbx.sealing.stream import open_sealed, seal_stream
from pbx.sealing.vault import DataKey, Unopenable, Vault
from voicemail.audio import Audio, AudioProblem, Flaw, parse_wav, read_audio, sync_folder, wav_bytes, write_durably
from voicemail.spool import QUARANTINE

AUDIO = "audio"
"""What a recording is sealed as."""

SEALED = ".sealed"
PLAIN = ".wav"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording as it lies on the shelf: the name of its file, the SHA-256 (hex) of the WAV in it, its key."""

    file: str
    sha256: str
    key: WrappedKey


class Shelf:
    """Keeps and reads recordings. Each method raises OSError, and `KeysMissing` where a master key is not there."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self.folder = folder
        self._vault = vault

    def keep(self, message: UUID, audio: Audio) -> Kept:
        """Seal a recording; once this returns it survives a loss of power.

        What an earlier attempt left is kept as it is, if it is the same sound: its key may be in the database already.
        """
        data = wav_bytes(audio.pcm)
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{message}{SEALED}"
        wrapped = self._left_of(message, path, data)
        if wrapped is None:
            key = self._vault.new_key(message)
            wrapped = self._vault.wrap(key)
            write_durably(path, _sealed(data, key, wrapped))
        else:
            sync_folder(self.folder)
        return Kept(path.name, sha256, wrapped)

    def keep_under(self, key: DataKey, audio: Audio) -> str:
        """Seal a recording under a key that its message has already; gives the name of the file."""
        path = self.folder / f"{key.subject}{SEALED}"
        write_durably(path, _sealed(wav_bytes(audio.pcm), key, self._vault.wrap(key)))
        return path.name

    def read(self, record: MessageRecord) -> Audio:
        """The recording of a message. Raises `AudioProblem`; one that was changed is put aside first."""
        path = self.folder / record.file
        if path.suffix == PLAIN:
            return read_audio(path)
        try:
            return self._open(record.id, path, record.key)
        except Unopenable:
            self._put_aside(record.id, path)
            raise AudioProblem(Flaw.CHANGED) from None
        except FileNotFoundError:
            if (self.folder / QUARANTINE / path.name).exists():
                raise AudioProblem(Flaw.CHANGED) from None
            raise

    def read_orphan(self, message: UUID, path: Path) -> Audio:
        """A sealed recording of which nothing is known but what it says itself. Raises `AudioProblem`."""
        try:
            return self._open(message, path, None)
        except Unopenable:
            self._put_aside(message, path)
            raise AudioProblem(Flaw.CHANGED) from None

    def damaged(self) -> int:
        """How many recordings were put aside because they were changed."""
        aside = self.folder / QUARANTINE
        return sum(1 for _ in aside.iterdir()) if aside.is_dir() else 0

    def _open(self, message: UUID, path: Path, wrapped: WrappedKey | None) -> Audio:
        with open_sealed(path, self._vault, message, AUDIO, wrapped) as file:
            return parse_wav(file.read())

    def _left_of(self, message: UUID, path: Path, data: bytes) -> WrappedKey | None:
        try:
            with open_sealed(path, self._vault, message, AUDIO) as file:
                return file.header.key if file.read() == data else None
        except FileNotFoundError:
            return None
        except (Unopenable, KeysMissing):
            return None

    def _put_aside(self, message: UUID, path: Path) -> None:
        log.error("the recording of message %s was changed since it was kept: it is not played, and put aside", message)
        aside = self.folder / QUARANTINE
        aside.mkdir(mode=0o700, exist_ok=True)
        path.rename(aside / path.name)


def _sealed(data: bytes, key: DataKey, wrapped: WrappedKey) -> bytes:
    out = io.BytesIO()
    seal_stream(io.BytesIO(data), out, key, wrapped, AUDIO)
    return out.getvalue()
