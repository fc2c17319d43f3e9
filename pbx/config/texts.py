"""What the file says about texts: the carrier, and what each number does with them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from pbx.config.machine import read_secret
from pbx.config.notify import fault_of_address
from pbx.config.people import members_of
from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.texts import LineTextsSection, TextsSection
from pbx.config.settings import TextCarrier, Web
from pbx.domain.numbers import to_e164
from pbx.domain.texting import NO_TEXTS, LineTexts, Texting

_ACCOUNT = re.compile(r"[A-Za-z0-9-]{2,64}")
_OF_CARRIER = {
    "twilio": ("account", "key_file", "public_url"),
    "telnyx": ("key_file", "public_key", "public_url"),
    "trunk": (),
}
_OF_ONE_CARRIER = {"account", "key_file", "public_key", "api", "answer_keywords"}
_OPTIONAL = {"twilio": {"api", "answer_keywords"}, "telnyx": {"api", "answer_keywords"}, "trunk": {"answer_keywords"}}
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class BuiltTexts:
    """What decides about texts, how they go, and where the carrier's requests come in."""

    texting: Texting = NO_TEXTS
    carrier: TextCarrier | None = None
    web: Web | None = None


def build_texts(file: PracticeFile, report: Report) -> BuiltTexts:
    """Everything about texts; what is wrong goes to the report."""
    lines = {text: number.texts for text, number in file.numbers.items() if number.texts is not None}
    section = file.texts
    if section is None:
        for text in lines:
            if not report.has("texts", "carrier"):
                what = "has texts, and nothing says how they go"
                remedy = 'add [texts] with carrier = "telnyx", "twilio" or "trunk"'
                report.problem(("numbers", text, "texts"), what, remedy)
        return BuiltTexts()
    _check(file, section, report)
    if not lines and not report.incomplete:
        report.warning(("texts",), "is not used", 'add texts = { to = "..." } to a number, or take it out', "unused")
    built = {_e164(text, file): _line(file, text, line, report) for text, line in lines.items()}
    public_url = section.public_url.rstrip("/") if section.public_url else None
    texting = Texting(
        lines=built,
        emergency_sentence=section.emergency_sentence,
        staff_may_begin=section.staff_may_begin,
        answers_keywords=section.carrier == "trunk" if section.answer_keywords is None else section.answer_keywords,
        tell_after=timedelta(minutes=section.tell_after_minutes),
        public_url=public_url,
        link_lasts=timedelta(days=section.link_days),
        keep=timedelta(days=section.keep_days) if section.keep_days else None,
        events=tuple(_events(file, section, report)),
    )
    return BuiltTexts(texting, _carrier(section, report), Web(section.address, section.port) if public_url else None)


def _check(file: PracticeFile, section: TextsSection, report: Report) -> None:
    known = {*_OF_CARRIER[section.carrier], *_OPTIONAL[section.carrier]}
    for name in sorted((section.model_fields_set & _OF_ONE_CARRIER) - known):
        report.problem(("texts", name), f"means nothing for carrier = {section.carrier!r}", "take it out")
    for name in _OF_CARRIER[section.carrier]:
        if getattr(section, name) is None and ("texts",) not in report.incomplete:
            report.problem(("texts",), f"has no {name}, which {section.carrier} needs", f'add {name} = "..."')
    if section.carrier == "trunk" and file.trunk is None and not report.declared("trunk"):
        report.problem(("texts", "carrier"), "is the trunk, and there is none", "add [trunk], or name another carrier")
    for name in ("public_url", "api"):
        url = getattr(section, name)
        if url is not None and (fault := fault_of_address(url)):
            report.problem(("texts", name), *fault)
    if section.account is not None and not _ACCOUNT.fullmatch(section.account):
        report.problem(("texts", "account"), "is no account of Twilio's", "copy the AccountSid, which begins with AC")
    for table, other, port in (("web", "web_port", file.server.web_port), ("SIP", "sip_port", file.server.sip_port)):
        if section.port == port:
            report.problem(("texts", "port"), f"is the {table} port too ([server] {other})", "give each its own port")


def _carrier(section: TextsSection, report: Report) -> TextCarrier:
    key = read_secret(report, ("texts", "key_file"), section.key_file) if section.key_file else None
    return TextCarrier(
        kind=section.carrier,
        account=section.account or "",
        key=key or "",
        public_key=_public_key(section, report),
        api=section.api.rstrip("/") if section.api else None,
    )


def _public_key(section: TextsSection, report: Report) -> bytes:
    if section.public_key is None:
        return b""
    try:
        found = base64.b64decode(section.public_key, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != _KEY_BYTES:
        remedy = "copy it from the carrier's portal: 44 characters, with = at the end"
        report.problem(("texts", "public_key"), "is no public key", remedy)
    return found


def _line(file: PracticeFile, text: str, section: LineTextsSection, report: Report) -> LineTexts:
    path: KeyPath = ("numbers", text, "texts")
    number = file.numbers[text]
    if section.auto_reply_closed is not None and number.schedule is None and ("numbers", text) not in report.incomplete:
        what = "is never used: this number has no schedule, so it is always open"
        report.problem((*path, "auto_reply_closed"), what, 'add schedule = "...", or take it out')
    people = members_of(file).get(section.to, ())
    known = tuple(person for person in people if person in file.people)
    return LineTexts(section.to, known, section.auto_reply_open, section.auto_reply_closed, section.missed_call)


def _events(file: PracticeFile, section: TextsSection, report: Report) -> Iterator[str]:
    declared = report.declared("notify")
    for name in dict.fromkeys(section.events):
        if name not in declared:
            what = f"no channel in [notify] is called {name!r}"
            report.problem(("texts", "events"), what, did_you_mean(name, declared))
        elif name in file.notify and file.notify[name].kind != "webhook":
            what = f"{name!r} is no webhook: people hear of texts by their phones and by [notices]"
            report.problem(("texts", "events"), what, "take it out")
        else:
            yield name


def advise_texts(file: PracticeFile, report: Report) -> None:
    """Warn of what works and is probably not meant."""
    for text, number in file.numbers.items():
        if number.texts is None:
            continue
        path: KeyPath = ("numbers", text)
        to = number.texts.to
        if not any(file.people[p].phones for p in members_of(file).get(to, ()) if p in file.people):
            remedy = 'give somebody of them phones = ["..."], or let the texts go to somebody who has one'
            report.warning(path, "its texts are for people without a phone to show them", remedy, "texts-no-phone")
        if to not in file.notices:
            remedy = f'add [notices.{to}] with by = ["..."]'
            what = "a text that no phone shows, or that fails, is told to nobody"
            report.warning(path, what, remedy, "texts-find-nobody")
        if number.schedule is not None and number.texts.auto_reply_closed is None:
            what = "whoever texts when it is closed is not told that nobody reads it"
            remedy = 'add auto_reply_closed = "..." to its texts'
            report.warning(path, what, remedy, "texts-silent-when-closed")


def _e164(text: str, file: PracticeFile) -> str:
    try:
        return to_e164(text, file.practice.country)
    except ValueError:
        return text
