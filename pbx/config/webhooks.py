"""What the file says about programs that are told of events."""

from __future__ import annotations

from pbx.config.machine import read_secret
from pbx.config.notify import certificates, fault_of_address, secret_bytes
from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.webhooks import WebhookSection
from pbx.config.senders import Hook, ProgramHook
from pbx.domain.events import SUBSCRIBED, Subscription


def build_webhooks(file: PracticeFile, report: Report) -> dict[str, ProgramHook]:
    """The programs by their keys; what is wrong goes to the report."""
    return {key: _hook(key, section, report) for key, section in file.webhooks.items()}


def _hook(key: str, section: WebhookSection, report: Report) -> ProgramHook:
    path: KeyPath = ("webhooks", key)
    if fault := fault_of_address(section.url):
        report.problem((*path, "url"), *fault)
    if section.trusted and section.because is None:
        what = "is trusted with patient data and does not say why"
        report.problem((*path, "trusted"), what, 'add because = "...", or take trusted out')
    if not section.trusted and section.because is not None:
        remedy = "add trusted = true, or take it out"
        report.problem((*path, "because"), "says why it is trusted, which it is not", remedy)
    secret = b""
    if section.secret_file is not None:
        place = (*path, "secret_file")
        text = read_secret(report, place, section.secret_file)
        secret = b"" if text is None else secret_bytes(text, place, report)
    hook = Hook(section.url, secret, certificates(section.ca_file, (*path, "ca_file"), report))
    kinds = frozenset(_kinds(section, (*path, "events"), report))
    return ProgramHook(Subscription(key, kinds, section.trusted, section.paused), hook)


def _kinds(section: WebhookSection, path: KeyPath, report: Report) -> list[str]:
    known = [kind.value for kind in SUBSCRIBED]
    if section.events is None:
        return known
    for name in section.events:
        if name not in known:
            report.problem(path, f"no event is called {name!r}", did_you_mean(name, known))
    return [name for name in section.events if name in known]
