"""The journal of an urgent call: the file `<call>.urgent`, to which the dialplan adds a line for all that happens.

    number|<digits keyed>|<epoch>
    page|<position>|<person>|<epoch>                              somebody is rung
    talk|<position>|<person>|<verdict or nothing>|<channel>|<epoch>     somebody answered; or decided before the end
    talked|<position>|<person>|<verdict>|<channel>|<epoch>             that talk is over

A line that makes no sense is passed over: the others may be all that is left of a call for help.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from pbx.domain.urgent import Attempt, AttemptResult, attempt_id

LARGEST = 64 * 1024

_EPOCH = r"(?P<at>[0-9]{9,11})"
_PERSON = r"(?P<person>[a-z0-9-]{1,80})"
_NUMBER = re.compile(rf"number\|(?P<digits>[0-9]{{7,15}})\|{_EPOCH}")
_PAGE = re.compile(rf"page\|(?P<position>[0-9]{{1,3}})\|{_PERSON}\|{_EPOCH}")
_TALK = re.compile(
    rf"(?P<kind>talk|talked)\|(?P<position>[0-9]{{1,3}})\|{_PERSON}\|(?P<verdict>[a-z-]{{0,20}})"
    rf"\|(?P<channel>[A-Za-z0-9._-]{{1,80}})\|{_EPOCH}"
)
_STRONGEST = (
    AttemptResult.CONNECTED,
    AttemptResult.TAKEN,
    AttemptResult.WRONG_PIN,
    AttemptResult.NO_PIN,
    AttemptResult.PASSED_ON,
    AttemptResult.NO_ANSWER,
)


@dataclass(frozen=True, slots=True)
class Journal:
    """What it says: the `number` keyed last, the attempts while the caller waited, whether somebody talks still.

    `people` are those of the attempts, by the position of the step.
    """

    number: str | None = None
    attempts: tuple[Attempt, ...] = ()
    talking: bool = False
    people: Mapping[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Page:
    person: str
    begun: datetime
    ended: datetime
    results: list[AttemptResult] = field(default_factory=lambda: [AttemptResult.NO_ANSWER])


def parse_journal(call: UUID, text: str) -> Journal:
    """Read the journal of `call`."""
    number: str | None = None
    pages: dict[int, _Page] = {}
    talks: set[str] = set()
    for line in text.splitlines():
        if match := _NUMBER.fullmatch(line):
            number = match["digits"]
        elif match := _PAGE.fullmatch(line):
            _page(pages, match)
        elif match := _TALK.fullmatch(line):
            page = _page(pages, match)
            page.ended = _utc(match["at"])
            page.results.append(_result(match["verdict"]))
            (talks.add if match["kind"] == "talk" else talks.discard)(match["channel"])
    attempts = tuple(_attempt(call, *item) for item in sorted(pages.items()))
    return Journal(number, attempts, bool(talks), {position: page.person for position, page in pages.items()})


def _page(pages: dict[int, _Page], match: re.Match[str]) -> _Page:
    at = _utc(match["at"])
    return pages.setdefault(int(match["position"]), _Page(match["person"], at, at))


def _attempt(call: UUID, position: int, page: _Page) -> Attempt:
    result = min(page.results, key=_STRONGEST.index)
    return Attempt(attempt_id(call, position), page.person, page.begun, result, page.ended, live=True)


def _result(verdict: str) -> AttemptResult:
    return AttemptResult(verdict) if verdict in set(AttemptResult) else AttemptResult.PASSED_ON


def _utc(epoch: str) -> datetime:
    return datetime.fromtimestamp(int(epoch), UTC)
