"""The ear of the heartbeat: a call over Asterisk, and the likeness of what it heard to the prompts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pbx.ami.client import AmiClient
from pbx.ami.ear import LISTEN_SECONDS, CallFailed, listen
from pbx.asterisk.layout import Layout
from pbx.services.heartbeat import NothingHeard
from voicemail.audio import AudioProblem, read_audio
from voicemail.hearing import not_heard

_POLL = 0.2
_ANSWER_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class AsteriskEar:
    """`pbx.services.heartbeat.Ear`. Nothing that it records is a patient's, and nothing of it is kept."""

    ami: AmiClient
    layout: Layout

    async def missing(self, number: str, beat: UUID, prompts: Sequence[str]) -> Sequence[str]:
        """Call `number` and give those of `prompts` that were not heard in their order. Raises NothingHeard."""
        files = [(name, self.layout.greetings / f"{name}.wav") for name in prompts]
        if lost := [name for name, file in files if not file.exists()]:
            return lost
        recording, over = (self.layout.private / f"{beat}{ending}" for ending in (".wav", ".over"))
        try:
            await listen(self.ami, number, beat)
            async with asyncio.timeout(_ANSWER_SECONDS + LISTEN_SECONDS):
                while not over.exists():  # noqa: ASYNC110 - Asterisk writes it
                    await asyncio.sleep(_POLL)
            return await asyncio.to_thread(_compared, recording, files)
        except CallFailed as error:
            raise NothingHeard(str(error)) from None
        except (TimeoutError, OSError):
            raise NothingHeard("was not answered") from None
        except AudioProblem:
            raise NothingHeard("heard nothing that is a sound") from None
        finally:
            for path in (recording, over):
                path.unlink(missing_ok=True)


def _compared(recording: Path, files: Sequence[tuple[str, Path]]) -> list[str]:
    return not_heard(read_audio(recording).samples, [(name, read_audio(file).samples) for name, file in files])
