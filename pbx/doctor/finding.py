"""What a look found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `detail` is what was seen, `remedy` one sentence that says what to do; empty where
    there is nothing to do. Nothing of a patient stands in either.
    """

    subject: str
    name: str
    state: State
    detail: str
    remedy: str = ""


def ok(subject: str, name: str, detail: str) -> Finding:
    return Finding(subject, name, State.OK, detail)


def warning(subject: str, name: str, detail: str, remedy: str) -> Finding:
    return Finding(subject, name, State.WARNING, detail, remedy)


def problem(subject: str, name: str, detail: str, remedy: str) -> Finding:
    return Finding(subject, name, State.PROBLEM, detail, remedy)
