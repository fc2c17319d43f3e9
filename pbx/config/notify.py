"""What the file says about notices: channels with their texts and servers, and what each mailbox asks for."""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pbx.config.machine import read_secret
from pbx.config.people import mailboxes_of
from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.notify import NoticesSection, NotifySection
from pbx.config.schema.watch import WatchSection
from pbx.config.senders import Hook, MailServer, PhoneTexts, Sender
from pbx.domain.notices import Group, NoticePlan
from pbx.domain.templates import (
    PLAIN_TEXT,
    TRUSTED_TEXT,
    BadTemplate,
    Channel,
    Kind,
    PatientFields,
    PlainChannel,
    PlainFields,
    TrustedChannel,
    template_of,
)
from pbx.domain.watch import Watch

_OF_KIND = {
    "email": ("server", "port", "tls", "sender", "username", "password_file", "ca_file", "text"),
    "webhook": ("url", "secret_file", "ca_file"),
    "phone-message": ("text",),
}
_NEEDED = {"email": ("server", "sender"), "webhook": ("url", "secret_file"), "phone-message": ()}
_ALWAYS = {"kind", "trusted", "because"}
_SHORTEST_SECRET = 24


@dataclass(frozen=True, slots=True)
class Notifying:
    """Everything about notices, by the keys of channels and of mailboxes."""

    channels: dict[str, Channel] = field(default_factory=dict)
    senders: dict[str, Sender] = field(default_factory=dict)
    plans: dict[str, NoticePlan] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)


def build_notifying(file: PracticeFile, report: Report) -> Notifying:
    """Channels and plans; what is wrong goes to the report."""
    _check_addresses(file, report)
    channels: dict[str, Channel] = {}
    senders: dict[str, Sender] = {}
    for key, section in file.notify.items():
        _check_keys(key, section, report)
        if (channel := _channel(key, section, report)) is not None:
            channels[key] = channel
        if (sender := _sender(key, section, report)) is not None:
            senders[key] = sender
    plans = _Plans(file, report)
    made = {mailbox: plans.plan(mailbox, section) for mailbox, section in file.notices.items()}
    watch = plans.watch(file.watch)
    used = {*plans.used, *(file.texts.events if file.texts else ())}
    for key in report.declared("notify"):
        if key not in used and not any(key in place.by for place in file.emergency.values()):
            remedy = "name it in [notices], [watch] or [emergency], or take it out"
            report.warning(("notify", key), "is not used", remedy, "unused")
    return Notifying(channels, senders, made, watch)


def _check_keys(key: str, section: NotifySection, report: Report) -> None:
    for name in sorted(section.model_fields_set - _ALWAYS - set(_OF_KIND[section.kind])):
        report.problem(("notify", key, name), f"means nothing for kind = {section.kind!r}", "take it out")
    for name in _NEEDED[section.kind]:
        if getattr(section, name) is None and ("notify", key) not in report.incomplete:
            report.problem(("notify", key), f"has no {name}", f'add {name} = "..."')


def _channel(key: str, section: NotifySection, report: Report) -> Channel | None:
    path: KeyPath = ("notify", key)
    if section.trusted and section.because is None:
        what = "is trusted with patient data and does not say why"
        report.problem((*path, "trusted"), what, 'add because = "...", or take trusted out')
    if not section.trusted and section.because is not None:
        report.problem(
            (*path, "because"), "says why it is trusted, which it is not", "add trusted = true, or take it out"
        )
    kind = Kind(section.kind)
    try:
        if section.trusted:
            text = template_of(section.text or TRUSTED_TEXT, PatientFields)
            return TrustedChannel(key, kind, text, section.because or "")
        return PlainChannel(key, kind, template_of(section.text or PLAIN_TEXT, PlainFields))
    except BadTemplate as bad:
        report.problem((*path, "text"), bad.what, bad.remedy)
    return None


def _sender(key: str, section: NotifySection, report: Report) -> Sender | None:
    path: KeyPath = ("notify", key)
    ca_file = certificates(section.ca_file, (*path, "ca_file"), report)
    if section.kind == "email":
        return _mail_server(section, path, ca_file, report)
    if section.kind == "webhook":
        return _hook(section, path, ca_file, report)
    return PhoneTexts()


def _mail_server(section: NotifySection, path: KeyPath, ca_file: Path | None, report: Report) -> MailServer:
    password = None
    if section.sender is not None and not is_address(section.sender):
        report.problem((*path, "sender"), "is not a mail address", "write it as secondline@example.com")
    if (section.username is None) != (section.password_file is None):
        report.problem(path, "has a user name or a password, not both", "add the other: username and password_file")
    if section.password_file is not None:
        password = read_secret(report, (*path, "password_file"), section.password_file)
    at_once = section.tls == "at-once"
    return MailServer(
        host=section.server or "",
        port=section.port or (465 if at_once else 587),
        at_once=at_once,
        sender=section.sender or "",
        username=section.username,
        password=password,
        ca_file=ca_file,
    )


def _hook(section: NotifySection, path: KeyPath, ca_file: Path | None, report: Report) -> Hook:
    if section.url is not None and (fault := fault_of_address(section.url)):
        report.problem((*path, "url"), *fault)
    secret = read_secret(report, (*path, "secret_file"), section.secret_file) if section.secret_file else None
    if secret is None:
        return Hook(section.url or "", b"", ca_file)
    return Hook(section.url or "", secret_bytes(secret, (*path, "secret_file"), report), ca_file)


def fault_of_address(url: str) -> tuple[str, str] | None:
    """What is wrong with the address of a program, and the remedy; nothing where it may be used."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        return "is not the address of a program", "write it as https://hooks.example.com/secondline"
    if parts.username or parts.password or parts.query:
        return (
            "holds more than an address",
            "take user, password and everything from the ? on out: secret_file signs it",
        )
    if parts.scheme == "http" and not _on_this_machine(host):
        return "would go over the network in the clear", "write https://"
    return None


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def secret_bytes(text: str, path: KeyPath, report: Report) -> bytes:
    """The bytes that sign: `whsec_` and base64, as the Standard Webhooks specification writes them, or the text."""
    if not text.startswith("whsec_"):
        secret = text.encode()
    else:
        try:
            secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            report.problem(path, "holds a secret that is cut", "copy it whole: whsec_ and then base64")
            return b""
    if len(secret) < _SHORTEST_SECRET:
        report.problem(path, "holds a secret that is too short", "make one: openssl rand -base64 32")
    return secret


def certificates(name: str | None, path: KeyPath, report: Report) -> Path | None:
    """The file with the certificates that are trusted; what is wrong with it goes to the report."""
    if name is None:
        return None
    file = report.document.beside(path, name)
    try:
        ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError):
        report.problem(path, f"{file} holds no certificates that can be read", "name a file with certificates as PEM")
    return file


def is_address(text: str) -> bool:
    """Whether a text is one mail address and nothing else."""
    local, at, domain = text.partition("@")
    plain = text.isascii() and text.isprintable() and not any(c in text for c in ' ,;<>()"')
    return bool(local and at and domain) and "@" not in domain and plain and parseaddr(text)[1] == text


def _check_addresses(file: PracticeFile, report: Report) -> None:
    for key, person in file.people.items():
        if person.email is not None and not is_address(person.email):
            report.problem(("people", key, "email"), "is not a mail address", "write it as rictor@example.com")


@dataclass(slots=True)
class _Plans:
    file: PracticeFile
    report: Report
    used: set[str] = field(default_factory=set)

    def plan(self, mailbox: str, section: NoticesSection) -> NoticePlan:
        path: KeyPath = ("notices", mailbox)
        known = mailboxes_of(self.file)
        if mailbox not in (*known, *self.report.declared("people"), *self.report.declared("teams")):
            self.report.problem(path, "there is no mailbox of that name", did_you_mean(mailbox, list(known)))
        if section.tell is None and mailbox in known and mailbox not in {*self.file.people, *self.file.teams}:
            self.report.problem(path, "belongs to nobody who could hear of it", 'add tell = ["..."]')
        by = self._channels(section.by, (*path, "by"))
        people = self._people(section.tell or [mailbox], (*path, "tell"), known_already=section.tell is None)
        self._check_reached(people, by, (*path, "by"))
        if not section.by and not section.escalate:
            self.report.problem(path, "tells nobody anything", 'add by = ["..."] with a key of [notify]')
        return NoticePlan(
            people=people,
            channels=by,
            remind_after=_minutes(section.remind_after_minutes) if section.remind_after_minutes else None,
            reminders=section.reminders,
            groups=tuple(self._groups(section, (*path, "escalate"))),
            rounds=section.rounds,
            again=_minutes(section.again_after_minutes),
        )

    def watch(self, section: WatchSection) -> Watch:
        """Who hears of trouble, and the heartbeat."""
        by = self._channels(section.by, ("watch", "by"))
        people = self._people(section.tell, ("watch", "tell"))
        if bool(section.by) != bool(section.tell):
            self.report.problem(
                ("watch",), "says who is told or how, not both", 'add the other: tell = ["..."] and by = ["..."]'
            )
        self._check_reached(people, by, ("watch", "by"))
        return Watch(people, by, _minutes(section.heartbeat_minutes) if section.heartbeat_minutes else None)

    def _groups(self, section: NoticesSection, path: KeyPath) -> Iterator[Group]:
        before = -1
        for place, group in enumerate(section.escalate):
            here = (*path, place)
            if group.after_minutes < before:
                self.report.problem((*here, "after_minutes"), "is before the group above it", "put them in their order")
            before = max(before, group.after_minutes)
            people = self._people(group.tell, (*here, "tell"))
            by = self._channels(group.by, (*here, "by"))
            self._check_reached(people, by, (*here, "by"))
            yield Group(_minutes(group.after_minutes), people, by)

    def _channels(self, names: list[str], path: KeyPath) -> tuple[str, ...]:
        declared = self.report.declared("notify")
        for name in names:
            self.used.add(name)
            if name not in declared:
                self.report.problem(path, f"no channel in [notify] is called {name!r}", did_you_mean(name, declared))
        return tuple(dict.fromkeys(name for name in names if name in self.file.notify))

    def _people(self, names: list[str], path: KeyPath, *, known_already: bool = False) -> tuple[str, ...]:
        found: dict[str, None] = {}
        known = (*self.report.declared("people"), *self.report.declared("teams"))
        for name in names:
            if name not in known and not known_already:
                self.report.problem(
                    path, f"nobody in [people] or [teams] is called {name!r}", did_you_mean(name, known)
                )
            members = self.file.teams[name].members if name in self.file.teams else [name]
            found |= dict.fromkeys(member for member in members if member in self.file.people)
        return tuple(found)

    def _check_reached(self, people: tuple[str, ...], channels: tuple[str, ...], path: KeyPath) -> None:
        """Everybody who is told by mail has an address; a phone message needs a phone."""
        for person in people:
            section = self.file.people[person]
            if ("people", person) in self.report.incomplete:
                continue
            for channel in channels:
                kind = self.file.notify[channel].kind
                if kind == "email" and section.email is None:
                    what = f"{person!r} has no mail address for {channel!r}"
                    self.report.problem(path, what, f'add email = "..." to [people.{person}]')
                if kind == "phone-message" and not section.phones:
                    what = f"{person!r} has no phone that could show {channel!r}"
                    self.report.problem(path, what, f'add phones = ["..."] to [people.{person}], or take it out')


def _minutes(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)
