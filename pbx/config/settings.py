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
    TLS = "tls"


class Allowance(StrEnum):
    """What a phone may do that phones are not to do: speak without encryption, or prove its secret with MD5.

    `MD5` is for phones that take the best challenge that they know; `MD5_ONLY` for those that give up when they are
    offered one that they do not know (RFC 8760 section 2.4 says that they should not).
    """

    UDP = "udp"
    TCP = "tcp"
    MD5 = "md5"
    MD5_ONLY = "md5-only"


class Engine(StrEnum):
    """Speech recognisers that transcribe messages."""

    MOONSHINE = "moonshine"
    VOSK = "vosk"
    WHISPER = "whisper"


_PLAIN = (Allowance.UDP, Allowance.TCP)


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
    srtp: bool = False

    @property
    def encrypted(self) -> bool:
        return self.transport is Transport.TLS

    @property
    def uri_parameter(self) -> str:
        """Ends a SIP URI there: without it the URI means UDP, whatever the endpoint says (RFC 3261 section 19.1.1)."""
        return "" if self.transport is Transport.UDP else f";transport={self.transport}"


@dataclass(frozen=True, slots=True)
class PhoneException:
    """The phones in `on` (every phone where it is empty) may do what `allow` says, for the reason in `because`."""

    allow: Allowance
    on: tuple[str, ...]
    because: str

    def holds_for(self, phone: str) -> bool:
        return not self.on or phone in self.on


@dataclass(frozen=True, slots=True)
class PhoneSecurity:
    """How phones are let in: over TLS with SRTP and a SHA-256 digest, but for `exceptions`.

    `names` are what phones call this machine besides its addresses; `certificate` (with `key`) is the practice's own.
    """

    exceptions: tuple[PhoneException, ...] = ()
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None

    def transport(self, phone: str) -> Transport:
        """How `phone` (endpoint name) speaks SIP; the first exception that holds for it says."""
        plain = (one.allow for one in self.exceptions if one.allow in _PLAIN and one.holds_for(phone))
        return Transport(next(plain, Transport.TLS))

    @property
    def any_plain(self) -> bool:
        """Whether a phone may speak without encryption."""
        return any(one.allow in _PLAIN for one in self.exceptions)

    @property
    def digests(self) -> tuple[str, ...]:
        """The algorithms of the challenge. It is one for everybody: another for some would tell which phones exist."""
        allowed = {one.allow for one in self.exceptions}
        if Allowance.MD5_ONLY in allowed:
            return ("MD5",)
        return ("SHA-256", "MD5") if Allowance.MD5 in allowed else ("SHA-256",)


@dataclass(frozen=True, slots=True)
class Network:
    """Where SIP and RTP listen. `public_address` is what phones and carrier see from outside; `local_networks` are
    not behind it. RTP takes two ports a call leg from `rtp_first` to `rtp_last`. Phones use `tls_port`.
    `port` is for the carrier and for whoever may speak without encryption; nothing listens there unless `plain`."""

    bind: str = "0.0.0.0"
    port: int = 5060
    public_address: str | None = None
    local_networks: tuple[str, ...] = ()
    rtp_first: int = 10000
    rtp_last: int = 10999
    tls_port: int = 5061
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Web:
    host: str = "127.0.0.1"
    port: int = 8080


@dataclass(frozen=True, slots=True)
class TextCarrier:
    """Over which carrier texts go (`twilio`, `telnyx`, `trunk`) and with which account. `api` None: the usual one."""

    kind: str
    account: str = ""
    key: str = field(default="", repr=False)
    public_key: bytes = b""
    api: str | None = None


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
class Audit:
    """`copy`: the second file of checkpoints. `key` None: the one in the data folder. `keep_years` None: for good."""

    copy: Path | None = None
    key: Path | None = None
    keep_years: int | None = None


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the master keys are: a folder, or a credential of the system; neither: in the data folder.

    `retired_days`: how long a key is kept after it was rotated out; `rotate_days`: the age at which the server makes a
    new one by itself (None: only the command does).
    """

    folder: Path | None = None
    credential: str | None = None
    retired_days: int = 35
    rotate_days: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`drain_seconds`: how long a stop waits for calls in progress. `database_url` None: the embedded PostgreSQL.

    `database_owner_url` is for its owner; None: `database_url` is the owner's.

    `senders` are the servers of notices, by the channel's key; `webhooks` the programs that are told of events.
    `texts_web` is where the carrier of `texts` and patients with a link come in (None: nowhere).
    """

    file: Path
    trunk: Trunk | None
    network: Network = Network()
    web: Web = Web()
    recognizer: Recognizer = Recognizer()
    database_url: str | None = field(default=None, repr=False)
    database_owner_url: str | None = field(default=None, repr=False)
    audit: Audit = Audit()
    drain_seconds: int = 30
    keeping: Keeping = field(default_factory=Keeping)
    keys: KeySource = KeySource()
    phone_security: PhoneSecurity = PhoneSecurity()
    senders: Mapping[str, Sender] = field(default_factory=dict, repr=False)
    webhooks: Mapping[str, ProgramHook] = field(default_factory=dict)
    texts: TextCarrier | None = None
    texts_web: Web | None = None
