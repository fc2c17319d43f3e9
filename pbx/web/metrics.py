"""Figures for Prometheus. Labels come from closed lists only: never a number, a name or an id."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_QUESTION_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 3.0)
_TRANSCRIPTION_BUCKETS = (0.25, 0.5, 1, 2, 5, 10, 30, 60, 120)


class Metrics:
    """The server's figures, each documented by its help text; seconds and counts throughout."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.questions = Histogram(
            "secondline_question_seconds",
            "Time to answer the PBX's question what to do next with a call",
            buckets=_QUESTION_BUCKETS,
            registry=self.registry,
        )
        self.calls = Counter(
            "secondline_calls",
            "Finished calls by outcome and reason",
            ("outcome", "reason"),
            registry=self.registry,
        )
        self.messages = Counter("secondline_messages", "Messages taken in", registry=self.registry)
        self.transcription = Histogram(
            "secondline_transcription_seconds",
            "Time to transcribe a whole message",
            buckets=_TRANSCRIPTION_BUCKETS,
            registry=self.registry,
        )
        self.transcripts = Counter(
            "secondline_transcripts",
            "Transcriptions of whole messages by their end",
            ("state",),
            registry=self.registry,
        )
        self.head_starts = Counter(
            "secondline_head_starts",
            "Messages transcribed while they were recorded (written), and those that were not",
            ("result",),
            registry=self.registry,
        )
        self.part_up = Gauge(
            "secondline_part_up", "1 while a part of the server works", ("part",), registry=self.registry
        )
        self.live_calls = Gauge("secondline_live_calls", "Calls in progress", registry=self.registry)
        self.queue = Gauge(
            "secondline_transcription_queue",
            "Messages that wait for their transcript",
            registry=self.registry,
        )
        self.notices = Gauge(
            "secondline_notices_waiting",
            "Notices of messages that wait to be sent",
            ("channel",),
            registry=self.registry,
        )
        self.phones = Gauge("secondline_registered_phones", "Softphones registered now", registry=self.registry)
        self.asterisk_restarts = Gauge(
            "secondline_asterisk_restarts",
            "Restarts of Asterisk since the server started",
            registry=self.registry,
        )
        self.disk_free = Gauge(
            "secondline_disk_free_bytes", "Free space where the recordings are", registry=self.registry
        )

        self.api_refused = Counter(
            "secondline_api_refused", "Requests without a token that can be used", registry=self.registry
        )

    def head_start(self, result: str) -> None:
        """Count what became of following a recording; `result` is of a closed list."""
        self.head_starts.labels(result).inc()

    def text(self) -> bytes:
        """The figures in Prometheus' text format."""
        return generate_latest(self.registry)
