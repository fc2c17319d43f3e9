"""Figures for Prometheus. Labels come from closed lists only: never a number, a name or an id."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pbx.services.ports import Backlog

_QUESTION_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 3.0)
_PLAIN_BUCKETS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 600)
_TRANSCRIPTION_BUCKETS = (0.25, 0.5, 1, 2, 5, 10, 30, 60, 120)


class Metrics:
    """The server's figures, each documented by its help text; seconds and counts throughout."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        seconds = partial(Histogram, registry=self.registry)

        doc = "Time to answer the PBX's question what to do next with a call"
        self.questions = seconds("secondline_question_seconds", doc, buckets=_QUESTION_BUCKETS)
        self.calls = counter("secondline_calls", "Finished calls by outcome and reason", ("outcome", "reason"))
        self.live_calls = gauge("secondline_live_calls", "Calls in progress")

        self.messages = counter("secondline_messages", "Messages taken in")
        doc = "How long recordings lay in the spool as the PBX wrote them, after their end"
        self.spool_plain = seconds("secondline_spool_plaintext_seconds", doc, buckets=_PLAIN_BUCKETS)
        doc = "Time to transcribe a whole message"
        self.transcription = seconds("secondline_transcription_seconds", doc, buckets=_TRANSCRIPTION_BUCKETS)
        doc = "Transcriptions of whole messages by their end"
        self.transcripts = counter("secondline_transcripts", doc, ("state",))
        doc = "Messages transcribed while they were recorded (written), and those that were not"
        self.head_starts = counter("secondline_head_starts", doc, ("result",))
        self.queue = gauge("secondline_transcription_queue", "Messages that wait for their transcript")
        doc = "Notices of messages that wait to be sent"
        self.notices = gauge("secondline_notices_waiting", doc, ("channel",))

        self.texts = gauge("secondline_texts_waiting", "Texts to patients that wait to be sent")

        self.part_up = gauge("secondline_part_up", "1 while a part of the server works", ("part",))
        self.phones = gauge("secondline_registered_phones", "Softphones registered now")
        self.asterisk_restarts = gauge("secondline_asterisk_restarts", "Restarts of Asterisk since the server started")
        doc = "When the certificate that phones are shown ends, in seconds since 1970 (UTC)"
        self.certificate_ends = gauge("secondline_certificate_expires_timestamp_seconds", doc)
        doc = "When the newest backup was made, in seconds since 1970 (UTC); 0: there is none"
        self.backup_made = gauge("secondline_backup_made_timestamp_seconds", doc)
        self.banned = gauge("secondline_banned_addresses", "Addresses from which nobody is let in now")
        doc = "Wrong answers to SIP challenges since the server started"
        self.sign_ins_failed = gauge("secondline_sip_sign_ins_failed", doc)
        self.disk_free = gauge("secondline_disk_free_bytes", "Free space where the recordings are")
        self.hooks = gauge("secondline_webhook_events", "Events for a webhook by state", ("hook", "state"))
        self.api_refused = counter("secondline_api_refused", "Requests without a token that can be used")

    def head_start(self, result: str) -> None:
        """Count what became of following a recording; `result` is of a closed list."""
        self.head_starts.labels(result).inc()

    def hooks_waiting(self, backlogs: Mapping[str, Backlog]) -> None:
        """Events that wait for each webhook, and those that failed for good within a week."""
        self.hooks.clear()
        for key, backlog in backlogs.items():
            self.hooks.labels(key, "waiting").set(backlog.waiting)
            self.hooks.labels(key, "failed").set(backlog.failed)

    def text(self) -> bytes:
        """The figures in Prometheus' text format."""
        return generate_latest(self.registry)
