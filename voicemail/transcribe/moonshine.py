"""Moonshine tiny-en, from the wheel `moonshine-voice`: English, quick, good on telephone speech."""

from __future__ import annotations

import math

import numpy as np
import soxr  # type: ignore[import-untyped]
from moonshine_voice import ModelArch, get_model_path  # type: ignore[import-untyped]
from moonshine_voice.errors import MoonshineError  # type: ignore[import-untyped]
from moonshine_voice.transcriber import Transcriber  # type: ignore[import-untyped]

from pbx.domain.transcript import Transcript, TranscriptState
from voicemail.audio import RATE, Samples
from voicemail.transcribe.problem import EngineProblem

_MODEL = "tiny-en"
_MODEL_RATE = 16000
_PIECE = 10 * _MODEL_RATE


class Moonshine:
    """The model gives lines, but neither words with times nor a confidence, so none are reported."""

    name = "moonshine"
    model = _MODEL

    def __init__(self) -> None:
        try:
            self._transcriber = Transcriber(
                get_model_path(_MODEL), ModelArch.TINY, options={"return_audio_data": "false"}
            )
        except (MoonshineError, OSError) as error:
            raise EngineProblem(
                "The Moonshine model could not be loaded: raise memory_mb or install moonshine-voice again."
            ) from error

    def transcribe(self, samples: Samples) -> Transcript:
        sound = soxr.resample(samples.astype(np.float32) / 32768, RATE, _MODEL_RATE)
        # A stream of its own a message. The library's call without one keeps its voice detector from message to
        # message (0.1.0), and a silent message after a spoken one is heard as "You".
        with self._transcriber.create_stream(update_interval=math.inf) as stream:
            stream.start()
            # In pieces, because the library takes a list of Python numbers: 32 bytes a sample.
            for at in range(0, len(sound), _PIECE):
                stream.add_audio(sound[at : at + _PIECE].tolist(), _MODEL_RATE)
            lines = stream.update_transcription(Transcriber.MOONSHINE_FLAG_FORCE_UPDATE).lines
            stream.stop()
        text = " ".join(filter(None, (line.text.strip() for line in lines)))
        state = TranscriptState.DONE if text else TranscriptState.NO_SPEECH
        return Transcript(state, text, self.name, self.model)
