"""A SIP message before it goes out, to be bent."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

EOL = "\r\n"


@dataclass(frozen=True)
class Place:
    """Between whom a message goes: the server, the number called there, the sender and its transport."""

    server: str
    number: str
    sender: str
    protocol: str

    @property
    def uri(self) -> str:
        return f"sip:{self.number}@{self.server}"


@dataclass
class Draft:
    """A message before it goes out: lines to be bent. `length` None: what the body is long."""

    start: str
    headers: dict[str, str | list[str]]
    body: str = ""
    length: str | None = None
    eol: str = EOL
    more: list[str] = field(default_factory=list)

    def wire(self) -> bytes:
        lines = [self.start]
        for name, value in self.headers.items():
            lines += [f"{name}: {one}" for one in ([value] if isinstance(value, str) else value)]
        lines += self.more
        if self.length != "":
            lines.append(f"Content-Length: {self.length or len(_bytes(self.body))}")
        return _bytes(self.eol.join(lines) + 2 * self.eol + self.body)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _sdp(place: Place) -> str:
    here = f"IN IP4 {place.sender}"
    return EOL.join(("v=0", f"o=- 1 1 {here}", "s=-", f"c={here}", "t=0 0", "m=audio 40000 RTP/AVP 0", ""))


def draft(place: Place, method: str = "OPTIONS", uri: str = "", *, with_sdp: bool = False) -> Draft:
    """A request as it should be."""
    via = f"SIP/2.0/{place.protocol} {place.sender}:5062;rport;branch=z9hG4bK{uuid4().hex}"
    headers: dict[str, str | list[str]] = {
        "Via": via,
        "Max-Forwards": "70",
        "From": f"<sip:+12155550100@{place.sender}>;tag={uuid4().hex[:8]}",
        "To": f"<{place.uri}>",
        "Call-ID": uuid4().hex,
        "CSeq": f"1 {method}",
        "Contact": f"<sip:caller@{place.sender}:5062>",
    }
    if with_sdp:
        headers["Content-Type"] = "application/sdp"
    return Draft(f"{method} {uri or place.uri} SIP/2.0", headers, _sdp(place) if with_sdp else "")


def answer(place: Place, start: str) -> Draft:
    found = draft(place, "INVITE")
    found.start = start
    found.headers["Via"] = f"SIP/2.0/{place.protocol} {place.server};branch=z9hG4bK{uuid4().hex}"
    return found


def changed(found: Draft, **headers: str) -> Draft:
    found.headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    return found
