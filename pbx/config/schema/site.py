"""The practice, this machine, its database, its carrier and its recogniser."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pbx.config.schema.section import Section
from pbx.config.values import (
    About,
    Address,
    Country,
    Host,
    Hosts,
    Key,
    Language,
    Line,
    Networks,
    Phrases,
    Port,
    PortRange,
    Sources,
    Span,
    Text,
    TimeZone,
    Username,
    wrong,
)


class PracticeSection(Section):
    """The practice as a whole."""

    name: Annotated[Line, About("The practice's name, as people read it.", '"Scotland Family Medicine"')]
    timezone: Annotated[TimeZone, About("Time zone of the practice, by place.", '"America/New_York"')]
    country: Annotated[Country, About("Country of numbers without a country code.", '"US"')] = "US"
    languages: Annotated[
        list[Language],
        Field(min_length=1),
        About("Languages of callers; prompts are in the first one, and have `translations`.", '["en", "es"]'),
    ] = ["en"]
    emergency_sentence: Annotated[
        Text,
        About(
            "Said before every greeting of a closed line, whatever the greeting is.",
            '"If this is an emergency, hang up and dial 911."',
        ),
    ] = "If this is an emergency, hang up and dial 911."
    snow_day_greeting: Annotated[
        Text | None,
        About("Greeting of closed lines while `secondline override snow-day` holds. Left out: their own.", '"snow"'),
    ] = None
    waiting_music: Annotated[
        Text | None,
        About("A WAV or MP3 file that callers hear while it rings. Left out: ring-back.", '"waiting.wav"'),
    ] = None


class ServerSection(Section):
    """This machine and its network."""

    web_address: Annotated[Address, About("Where the status page listens.", '"127.0.0.1"')] = "127.0.0.1"
    web_port: Annotated[Port, About("Port of the status page (TCP).", "8080")] = 8080
    sip_address: Annotated[Address, About("Where SIP listens; 0.0.0.0 is everywhere.", '"0.0.0.0"')] = "0.0.0.0"
    sip_port: Annotated[
        Port, About("Port of SIP without encryption (UDP and TCP), for carriers that have none.", "5060")
    ] = 5060
    sip_tls_port: Annotated[Port, About("Port of SIP over TLS, for phones.", "5061")] = 5061
    sip_names: Annotated[
        Hosts,
        About(
            "Names or addresses by which phones reach this machine, besides those it has; the certificate holds them.",
            '["pbx.practice.example"]',
        ),
    ] = []
    certificate: Annotated[
        Text | None,
        About("An own certificate for phones, with its chain (PEM). Left out: one is made.", '"tls/fullchain.pem"'),
    ] = None
    certificate_key: Annotated[
        Text | None, About("Its private key (PEM, without a password).", '"tls/privkey.pem"')
    ] = None
    public_address: Annotated[
        Host | None,
        About("What carrier and phones outside see, if this machine is behind NAT.", '"203.0.113.7"'),
    ] = None
    local_networks: Annotated[
        Networks, About("Networks that reach this machine without NAT.", '["192.168.1.0/24"]')
    ] = []
    rtp_ports: Annotated[
        PortRange, About("UDP ports for voice, two for each leg of a call; open them for the carrier.", '"10000-10999"')
    ] = "10000-10999"
    drain_seconds: Annotated[
        int, Field(ge=0, le=3600), About("How long a stop waits for calls in progress.", "30", unit="seconds")
    ] = 30


class DatabaseSection(Section):
    """Where calls and messages are kept. Left out: a PostgreSQL of its own in the data folder."""

    url: Annotated[
        Text | None,
        About(
            "Address of your own PostgreSQL; a password belongs into url_file.",
            '"postgresql:///secondline"',
            secret=True,
        ),
    ] = None
    url_file: Annotated[
        Text | None, About("A file that holds the address, beside this one or with its path.", '"database-url"')
    ] = None
    owner_url: Annotated[
        Text | None,
        About(
            "The same database for its owner, who alone changes tables; then url is for a role that cannot alter the "
            "audit (docs/audit.md).",
            '"postgresql://secondline_owner@/secondline"',
            secret=True,
        ),
    ] = None
    owner_url_file: Annotated[Text | None, About("A file that holds the owner's address.", '"database-owner-url"')] = (
        None
    )


class KeysSection(Section):
    """The master keys of what is sealed. Left out: the folder keys in the data folder. Without them all is lost."""

    folder: Annotated[
        Text | None, About("Folder of the keys, better on another disk than the data.", '"/etc/secondline/keys"')
    ] = None
    credential: Annotated[
        Key | None,
        About("Name of the credential in which systemd hands the keys over; instead of folder.", '"secondline-keys"'),
    ] = None
    rotate_days: Annotated[
        int | None,
        Field(ge=1, le=3650),
        About(
            "The server makes a new key at this age; your copy of the keys has to be renewed each time. Left out: only "
            "`secondline keys rotate` does.",
            "30",
            unit="days",
        ),
    ] = None
    retired_days: Annotated[
        int,
        Field(ge=1, le=3650),
        About(
            "A key that was rotated out is destroyed so long after: backups of before cannot be read any more, and "
            "what was erased is gone from them too.",
            "35",
            unit="days",
        ),
    ] = 35

    @model_validator(mode="after")
    def _one_of_two(self) -> KeysSection:
        if self.folder is not None and self.credential is not None:
            raise wrong("names two places of the keys", "keep one of folder and credential")
        return self


class TrunkSection(Section):
    """The carrier's line, from which patients' calls come."""

    carrier: Annotated[
        Text | None,
        About(
            "A known carrier, whose settings are then the defaults. Check its addresses with the carrier.", '"telnyx"'
        ),
    ] = None
    host: Annotated[Host | None, About("The carrier's SIP host.", '"sip.carrier.example"', shown=True)] = None
    port: Annotated[Port | None, About("Port of the carrier's SIP host.", "5060")] = None
    transport: Annotated[Literal["udp", "tcp", "tls"] | None, About("How SIP goes to the carrier.", '"udp"')] = None
    srtp: Annotated[
        bool | None, About("Encrypt voice to the carrier (SRTP). Left out: with tls, and only then.", "true")
    ] = None
    addresses: Annotated[
        Sources | None,
        About(
            "Calls are taken from here only: addresses, networks or names. Left out: the host.", '["203.0.113.0/28"]'
        ),
    ] = None
    username: Annotated[
        Username | None, About("Account at the carrier, where it asks for a registration.", '"practice"')
    ] = None
    password_file: Annotated[
        Text | None, About("A file that holds its password and nothing else.", '"trunk-password"')
    ] = None


class MailboxSection(Section):
    """What is otherwise in the mailbox of a person or a team. The key is that of the person or team."""

    keep_days: Annotated[
        int | None, Field(ge=1, le=36500), About("As in voicemail, for this mailbox.", "30", unit="days")
    ] = None
    keep_forever: Annotated[
        Literal[True] | None, About("Nothing of this mailbox is erased by rule; instead of keep_days.", "true")
    ] = None
    max_messages: Annotated[int | None, Field(ge=1, le=100000), About("As in voicemail, for this mailbox.", "50")] = (
        None
    )
    call_back_within: Annotated[Span | None, About("As in voicemail, for this mailbox.", '"30m"')] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> MailboxSection:
        if self.keep_days is not None and self.keep_forever is not None:
            raise wrong("says two things about keeping", "keep one of keep_days and keep_forever")
        return self


class VoicemailSection(Section):
    """Messages and how they become text. Nothing of them leaves this machine but over a trusted channel of [notify]."""

    max_seconds: Annotated[int, Field(ge=10, le=900), About("Longest message.", "180", unit="seconds")] = 180
    keep_days: Annotated[
        int | None,
        Field(ge=1, le=36500),
        About(
            "Messages that were opened are erased, audio and words, so long after they came; none on legal hold is. "
            "Left out: all are kept.",
            "365",
            unit="days",
        ),
    ] = None
    max_messages: Annotated[
        int | None,
        Field(ge=1, le=100000),
        About("A mailbox with so many is called full: the staff is warned. Patients are never refused.", "200"),
    ] = None
    call_back_within: Annotated[
        Span | None,
        About("Patients are called back within this time, or the message is overdue. Left out: none is.", '"4h"'),
    ] = None
    call_back_schedule: Annotated[
        Key | None,
        About("The time to call back runs only while this schedule is open. Left out: by the clock.", '"office"'),
    ] = None
    undelete_days: Annotated[
        int, Field(ge=1, le=3650), About("How long a deleted message can be taken back.", "30", unit="days")
    ] = 30
    engine: Annotated[
        Literal["moonshine", "vosk", "whisper"],
        About("The speech recogniser: moonshine, vosk or whisper; see secondline model.", '"moonshine"'),
    ] = "moonshine"
    vosk_model: Annotated[Text | None, About("Folder of the model, for vosk.", '"vosk-model-en-us-0.22"')] = None
    live: Annotated[
        bool, About("Transcribe while the patient speaks, so that the words are there at the hang-up.", "true")
    ] = True
    whisper_model: Annotated[Text | None, About("Folder of the model, for whisper.", '"models/whisper-small.en"')] = (
        None
    )
    memory_mb: Annotated[
        int, Field(ge=500, le=64000), About("Most memory that the recogniser may take.", "3000", unit="megabytes")
    ] = 3000
    words: Annotated[
        Phrases,
        About(
            "Words of the practice that callers say: drugs, places. The names of its people come by themselves. What "
            "sounds like one is proposed beside the words as heard.",
            '["metoprolol", "Eliquis"]',
        ),
    ] = []
    red_flags: Annotated[
        Phrases | None,
        About(
            "Phrases that make a message urgent, * for any one word. Left out: the list in docs/messages.md.",
            '["chest pain", "pain in * chest"]',
        ),
    ] = None
