"""What the practice's file says about the machine (what it says about calls is `pbx.domain.policy.Policy`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pbx.config.senders import ProgramHook, Sender
from pbx.domain.keeping import Keeping


class Transport(StrEnum):
    UDP = "udp"
    TCP = "tcp"


class Engine(StrEnum):
    """Speech recognisers that transcribe messages."""

    MOONSHINE = "moonshine"
    VOSK = "vosk"
    WHISPER = "whisper"


@dataclass(frozen=True, slots=True)
class Trunk:
    """The carrier's line. Calls are accepted only from `addresses` (IP, network or host name).

    `host` is the carrier's SIP host; with `username` and `secret` the PBX registers there when `register` is set.
    """

    host: str
    port: int
    transport: Transport
    addresses: tuple[str, ...]
    register: bool = False
    username: str | None = None
    secret: str | None = field(default=None, repr=False)
    codecs: tuple[str, ...] = ("ulaw", "alaw")


@dataclass(frozen=True, slots=True)
class Network:
    """Where SIP and RTP listen. `public_address` is what phones and carrier see from outside; `local_networks` are
    not behind it. RTP takes two ports a call leg from `rtp_first` to `rtp_last`."""

    bind: str = "0.0.0.0"
    port: int = 5060
    public_address: str | None = None
    local_networks: tuple[str, ...] = ()
    rtp_first: int = 10000
    rtp_last: int = 10999


@dataclass(frozen=True, slots=True)
class Web:
    host: str = "127.0.0.1"
    port: int = 8080


@dataclass(frozen=True, slots=True)
class Recognizer:
    """Which engine transcribes, with the folders of the models. `memory_mb` bounds the worker process.

    `live`: messages are transcribed while they are recorded.
    """

    engine: Engine = Engine.MOONSHINE
    vosk_model: Path | None = None
    memory_mb: int = 3000
    whisper_model: Path | None = None
    live: bool = True

    @property
    def model(self) -> Path | None:
        """The folder of the engine's model; None for the engine that brings its own."""
        return {Engine.VOSK: self.vosk_model, Engine.WHISPER: self.whisper_model}.get(self.engine)


@dataclass(frozen=True, slots=True)
class Settings:
    """`drain_seconds`: how long a stop waits for calls in progress. `database_url` None: the embedded PostgreSQL.

    `senders` are the servers of notices, by the channel's key; `webhooks` the programs that are told of events.
    """

    file: Path
    trunk: Trunk | None
    network: Network = Network()
    web: Web = Web()
    recognizer: Recognizer = Recognizer()
    database_url: str | None = field(default=None, repr=False)
    drain_seconds: int = 30
    keeping: Keeping = field(default_factory=Keeping)
    senders: Mapping[str, Sender] = field(default_factory=dict, repr=False)
    webhooks: Mapping[str, ProgramHook] = field(default_factory=dict)
