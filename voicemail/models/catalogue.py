"""The models that are known to fit, from their publishers' own addresses, pinned to the byte.

Where the checksums come from: Whisper's are the ones that Hugging Face gives for the files of the named revision; those
of tiny.en were compared with the same files in a package on PyPI. The publisher of Vosk's models gives none; these are
the ones under which the archives have been known in public for years, in distributions' package recipes among others.
A file that is not the pinned one is refused, so a wrong pin can only say no.
"""

from __future__ import annotations

from dataclasses import dataclass

_VOSK = "https://alphacephei.com/vosk/models"
_WHISPER = "https://huggingface.co/Systran"
_EN_TOKENIZER = "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"
_EN_VOCABULARY = "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file to fetch. `sha256` None: nobody vouches for it yet, so whoever installs it must."""

    url: str
    sha256: str | None
    megabytes: float

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Model:
    """A model of an engine. `memory_mb` is what `[voicemail] memory_mb` needs at least.

    No files: it comes with the program. `archive`: the only file is a ZIP that holds the folder.
    """

    key: str
    engine: str
    what: str
    licence: str
    memory_mb: int
    files: tuple[ModelFile, ...] = ()
    archive: bool = False

    @property
    def megabytes(self) -> float:
        return sum(file.megabytes for file in self.files)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    name: str
    revision: str
    config: str
    weights: str
    megabytes: float


def _whisper(snapshot: _Snapshot, what: str, memory_mb: int) -> Model:
    base = f"{_WHISPER}/faster-whisper-{snapshot.name}/resolve/{snapshot.revision}"
    files = (
        ModelFile(f"{base}/model.bin", snapshot.weights, snapshot.megabytes),
        ModelFile(f"{base}/config.json", snapshot.config, 0.1),
        ModelFile(f"{base}/tokenizer.json", _EN_TOKENIZER, 2.1),
        ModelFile(f"{base}/vocabulary.txt", _EN_VOCABULARY, 0.4),
    )
    return Model(f"whisper-{snapshot.name}", "whisper", what, "MIT", memory_mb, files)


def _vosk(name: str, what: str, memory_mb: int, archive: tuple[str | None, float]) -> Model:
    file = ModelFile(f"{_VOSK}/{name}.zip", *archive)
    return Model(name, "vosk", what, "Apache-2.0", memory_mb, (file,), archive=True)


MODELS = (
    Model("moonshine-tiny-en", "moonshine", "comes with the program; quick; gives no confidence", "MIT", 1000),
    _vosk(
        "vosk-model-small-en-us-0.15",
        "small; words with confidence; no punctuation",
        1000,
        ("30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498", 41.2),
    ),
    _vosk(
        "vosk-model-en-us-0.22-lgraph",
        "larger; words with confidence; no punctuation",
        2000,
        ("d9838b4aaa82a75c4a17f5aca300eaca129aaab2a7cbf951bafbb500eb9c4334", 130.6),
    ),
    _vosk("vosk-model-en-us-0.22", "Vosk's largest for calls; no punctuation", 8000, (None, 1800)),
    _whisper(
        _Snapshot(
            "tiny.en",
            "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            75.5,
        ),
        "words with confidence and punctuation; half of Moonshine's errors for twice the work",
        1500,
    ),
    _whisper(
        _Snapshot(
            "base.en",
            "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
            "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb",
            "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
            145.2,
        ),
        "more of the same, about twice the work of tiny.en",
        2000,
    ),
    _whisper(
        _Snapshot(
            "small.en",
            "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
            "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae",
            "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
            483.5,
        ),
        "the best of these, for a machine with free cores",
        4000,
    ),
)


def model_named(key: str) -> Model | None:
    return next((model for model in MODELS if model.key == key), None)
