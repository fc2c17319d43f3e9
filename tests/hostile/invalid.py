"""RFC 4475 section 3.1.2: wrong in their syntax."""

from __future__ import annotations

from tests.hostile.draft import Place, answer, changed, draft


def badinv01(p: Place) -> bytes:
    """Separators without what they separate."""
    found = changed(draft(p, "INVITE", with_sdp=True), Contact=f'"Joe" <sip:joe@{p.sender}>;;;;')
    found.headers["Via"] = f"SIP/2.0/{p.protocol} {p.sender}:5062;;,;,,"
    return found.wire()


def clerr(p: Place) -> bytes:
    """A length beyond the end of the message."""
    found = draft(p, "INVITE", with_sdp=True)
    found.length = "9999"
    return found.wire()


def ncl(p: Place) -> bytes:
    """A length below zero."""
    found = draft(p, "INVITE", with_sdp=True)
    found.length = "-999"
    return found.wire()


def scalar02(p: Place) -> bytes:
    """Numbers that are too large for 32 bits, in a request."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    values = {"CSeq": "36893488147419103232 REGISTER", "Max-Forwards": "300", "Expires": "1" + "0" * 70}
    found.headers |= values
    found.headers["Contact"] = f"<sip:user@{p.sender}>;expires=280297596632815"
    return found.wire()


def scalarlg(p: Place) -> bytes:
    """The same in an answer."""
    found = answer(p, "SIP/2.0 503 Service Unavailable")
    return changed(found, CSeq="9292394834772304023312 OPTIONS", Retry_After="949302838503028349304023988").wire()


def quotbal(p: Place) -> bytes:
    """A quotation mark without its pair."""
    return changed(draft(p, "INVITE", with_sdp=True), To=f'"Mr. J. User <{p.uri}>').wire()


def ltgtruri(p: Place) -> bytes:
    """A request URI in angle brackets."""
    return draft(p, "INVITE", f"<{p.uri}>", with_sdp=True).wire()


def lwsruri(p: Place) -> bytes:
    """Blanks in the request URI."""
    return draft(p, "INVITE", f"{p.uri}; lr", with_sdp=True).wire()


def lwsstart(p: Place) -> bytes:
    """More than one blank in the first line."""
    found = draft(p, "INVITE", with_sdp=True)
    found.start = found.start.replace(" ", "  ")
    return found.wire()


def trws(p: Place) -> bytes:
    """Blanks at the end of the first line."""
    found = draft(p)
    found.start += "  "
    return found.wire()


def escruri(p: Place) -> bytes:
    """Headers in the request URI."""
    return draft(p, "INVITE", f"{p.uri}?Route=%3Csip:example.com%3E", with_sdp=True).wire()


def baddate(p: Place) -> bytes:
    """A date in a zone that SIP does not have."""
    return changed(draft(p, "INVITE", with_sdp=True), Date="Fri, 01 Jan 2010 16:00:00 EST").wire()


def regbadct(p: Place) -> bytes:
    """A contact whose URI has parameters and headers, without brackets."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return changed(found, Contact=f"sip:user@{p.sender}?Route=%3Csip:sip.example.com%3E").wire()


def badaspec(p: Place) -> bytes:
    """Blanks within the brackets of an address."""
    return changed(draft(p), To=f'"Watson, Thomas" < {p.uri} >').wire()


def baddn(p: Place) -> bytes:
    """A name with characters that need quotation marks, and none."""
    return changed(draft(p), From=f"Bell, Alexander <sip:a.g.bell@{p.sender}>;tag=43").wire()


def badvers(p: Place) -> bytes:
    """A version that does not exist."""
    found = draft(p)
    found.start = found.start.replace("SIP/2.0", "SIP/7.0")
    return changed(found, Via=f"SIP/7.0/{p.protocol} {p.sender};branch=z9hG4bKa").wire()


def mismatch01(p: Place) -> bytes:
    """Two methods: that of the first line is another than that of CSeq."""
    return changed(draft(p), CSeq="8 INVITE").wire()


def mismatch02(p: Place) -> bytes:
    """The same with a method that nobody knows."""
    return changed(draft(p, "NEWMETHOD"), CSeq="8 INVITE").wire()


def bigcode(p: Place) -> bytes:
    """A status that is no status."""
    return answer(p, "SIP/2.0 4294967301 better not break the receiver").wire()
