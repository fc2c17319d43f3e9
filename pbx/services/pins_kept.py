"""What is kept of the PINs in the data folder: the hashes last known, and the wrong tries."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

log = logging.getLogger(__name__)


LANE = "@"
"""Between a person's key and the lane on which tries are counted; no key has it."""


def person_of(counted: str) -> str:
    """Whose tries these are."""
    return counted.partition(LANE)[0]


@dataclass(frozen=True, slots=True)
class Tries:
    """`wrong` tries in a row, which lock until `until` (aware); `noted`: the audit has it."""

    wrong: int = 0
    until: datetime | None = None
    noted: bool = False


@dataclass(frozen=True, slots=True)
class KeptPins:
    """`hashes` by person, `tries` by person and lane; `hashes` is None where the database was never read."""

    hashes: Mapping[str, str] | None = field(default=None, repr=False)
    tries: Mapping[str, Tries] = field(default_factory=dict)

    def with_hashes(self, hashes: Mapping[str, str]) -> Self:
        """With the PINs of now; one that is new or changed has no wrong tries."""
        before = self.hashes or {}
        same = {key: t for key, t in self.tries.items() if hashes.get(person_of(key)) == before.get(person_of(key))}
        return replace(self, hashes=dict(hashes), tries=same)

    def with_tries(self, person: str, tries: Tries) -> Self:
        return replace(self, tries={**self.tries, person: tries})

    def without_tries(self, person: str) -> Self:
        return replace(self, tries={p: tries for p, tries in self.tries.items() if p != person})


def to_text(state: KeptPins) -> str:
    """As JSON, to be kept."""
    tries = {
        person: {"wrong": t.wrong, "until": t.until.isoformat() if t.until else None, "noted": t.noted}
        for person, t in state.tries.items()
    }
    return json.dumps({"hashes": state.hashes, "tries": tries}, indent=1)


def from_text(text: str | None) -> KeptPins:
    """What `to_text` wrote; nothing is known where there is none, or where it cannot be read."""
    if text is None:
        return KeptPins()
    try:
        entry = json.loads(text)
        hashes = entry["hashes"]
        known = None if hashes is None else {str(person): str(hashed) for person, hashed in hashes.items()}
        return KeptPins(known, {str(person): _tries(found) for person, found in entry["tries"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        log.error("the PINs last known cannot be read; they come from the database when it is there")
        return KeptPins()


def _tries(entry: Mapping[str, Any]) -> Tries:
    until = datetime.fromisoformat(entry["until"]) if entry["until"] else None
    if until is not None and until.tzinfo is None:
        raise ValueError("a lock-out needs a time with its zone")
    return Tries(int(entry["wrong"]), until, bool(entry["noted"]))
