"""Sidecars of calls that go out, as the dialplan writes them: read as if a stranger had written them.

o1|<epoch>|phone.<endpoint> or person.<key>|<typed>|<channel>|<message>         and, once it is decided, a second line:
<to>|<shown>|<reason>
e1|<epoch>|phone.<endpoint>|<emergency number>|<shown>|<channel>      a call to the emergency services
o1|<epoch>|out or far|<answered>|<DIALSTATUS>|<cause>|<to>|<shown>|<reason>          the end of either
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pbx.domain.outbound import OutReason
from pbx.domain.outcome import OutEnd

_EPOCH = r"[0-9]{9,11}(?:\.[0-9]{1,6})?"
_DECIDED = r"(?P<to>[+0-9]{0,20})\|(?P<shown>[+0-9]{0,20})\|(?P<reason>[a-z-]{0,40})"
_OUT_START = re.compile(
    rf"o1\|(?P<at>{_EPOCH})\|(?P<kind>phone|person)\.(?P<name>[a-z0-9_-]{{1,80}})\|(?P<dialled>[+*0-9]{{1,40}})"
    rf"\|[^|\n]{{0,150}}(?:\|(?P<about>[0-9a-f-]{{36}})?)?(?:\n{_DECIDED})?"
)
_EMERGENCY = re.compile(
    rf"e1\|(?P<at>{_EPOCH})\|phone\.(?P<name>[a-z0-9_-]{{1,80}})\|(?P<to>[0-9]{{2,6}})\|(?P<shown>[+0-9]{{0,20}})"
    r"\|[^|\n]{0,150}"
)
_OUT_END = re.compile(
    rf"o1\|(?P<at>{_EPOCH})\|(?P<stage>out|far)\|(?P<answered>{_EPOCH})?\|(?P<status>[A-Z]{{0,20}})\|[0-9]{{0,3}}"
    rf"\|(?:{_DECIDED})?"
)


@dataclass(frozen=True, slots=True)
class SpoolOut:
    """The start of a call that goes out. Either `phone` (endpoint name) or `person` (key) is set.

    `dialled` is what was typed (filtered). `to` and `shown` are E.164 where the call was allowed, and `reason` says why
    it was or was not; None where nobody decided. A call to the emergency services has their number as `to`. `about` is
    the message that is called back about.
    """

    at: datetime
    dialled: str
    phone: str | None = None
    person: str | None = None
    to: str | None = None
    shown: str | None = None
    reason: OutReason | None = None
    about: UUID | None = None


Decided = tuple[str | None, str | None, OutReason | None]
"""What a call that goes out is to call and to show, and why; all None where nobody decided."""


def parse_out(text: str) -> SpoolOut | None:
    """Read the start sidecar of a call that goes out; None if it is not one."""
    if match := _OUT_START.fullmatch(text.removesuffix("\n")):
        by = {match["kind"]: match["name"]}
        to, shown, reason = _decided(match)
        who, why = (by.get("phone"), by.get("person")), (reason, _uuid(match["about"]))
        return SpoolOut(_utc(match["at"]), match["dialled"], *who, to, shown, *why)
    return parse_emergency(text)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def parse_emergency(text: str) -> SpoolOut | None:
    """Read the sidecar of a call to the emergency services; None if it is not one."""
    match = _EMERGENCY.fullmatch(text.removesuffix("\n"))
    if match is None:
        return None
    to, shown = match["to"], match["shown"] or None
    return SpoolOut(_utc(match["at"]), to, match["name"], None, to, shown, OutReason.EMERGENCY)


def parse_out_end(text: str) -> tuple[OutEnd, Decided] | None:
    """Read the end sidecar of a call that went out, and what it repeats of the decision; None if it is not one."""
    match = _OUT_END.fullmatch(text.removesuffix("\n"))
    if match is None:
        return None
    answered = _utc(match["answered"]) if match["answered"] else None
    return OutEnd(_utc(match["at"]), match["stage"] == "far", answered, match["status"]), _decided(match)


def _decided(match: re.Match[str]) -> Decided:
    reason = OutReason(match["reason"]) if match["reason"] in set(OutReason) else None
    return match["to"] or None, match["shown"] or None, reason


def _utc(epoch: str) -> datetime:
    return datetime.fromtimestamp(float(epoch), UTC)
