"""RFC 4475 sections 3.2 to 3.4: well formed, and wrong in what they say."""

from __future__ import annotations

from tests.hostile.draft import Place, answer, changed, draft


def badbranch(p: Place) -> bytes:
    """A branch that is the magic cookie and nothing else."""
    return changed(draft(p), Via=f"SIP/2.0/{p.protocol} {p.sender}:5062;branch=z9hG4bK").wire()


def insuf(p: Place) -> bytes:
    """Neither Call-ID nor From nor To."""
    found = draft(p, "INVITE", with_sdp=True)
    for name in ("Call-ID", "From", "To"):
        del found.headers[name]
    return found.wire()


def unkscm(p: Place) -> bytes:
    """A request URI of a scheme that nobody knows."""
    return draft(p, "OPTIONS", "nobodyKnowsThisScheme:totallyopaquecontent").wire()


def novelsc(p: Place) -> bytes:
    """A scheme that is known, and not for SIP."""
    return draft(p, "OPTIONS", "soap.beep://192.0.2.103:3002").wire()


def unksm2(p: Place) -> bytes:
    """Such schemes in other headers."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return changed(
        found, To="isbn:2983792873", From="<http://www.example.com>;tag=3", Contact="<name:John_Smith>"
    ).wire()


def bext01(p: Place) -> bytes:
    """Extensions are required that do not exist."""
    return changed(
        draft(p), Require="nothingSupportsThis, nothingSupportsThisEither", Proxy_Require="noProxiesEither"
    ).wire()


def invut(p: Place) -> bytes:
    """A body of a type that nobody knows."""
    found = changed(draft(p, "INVITE"), Content_Type="application/unknownformat")
    found.body = '<audio>\n <pcmu port="443"/>\n</audio>\n'
    return found.wire()


def regaut01(p: Place) -> bytes:
    """An Authorization of a scheme that nobody knows."""
    return changed(
        draft(p, "REGISTER", f"sip:{p.server}"), Authorization="NoOneKnowsThisScheme opaque-data=here"
    ).wire()


def multi01(p: Place) -> bytes:
    """Headers twice that are there once."""
    found = draft(p, "INVITE", with_sdp=True)
    second = {"CSeq": "59 INVITE", "Call-ID": "second", "Max-Forwards": "5", "From": "<sip:other@b.example>;tag=2"}
    for name, value in second.items():
        found.headers[name] = [str(found.headers[name]), value]
    found.headers["To"] = [f"<{p.uri}>", "<sip:second@b.example>"]
    return found.wire()


def mcl01(p: Place) -> bytes:
    """Two lengths that differ."""
    found = draft(p, "OPTIONS")
    found.more, found.body = ["Content-Length: 13"], "There's no way to know how many octets are supposed to be here."
    return found.wire()


def bcast(p: Place) -> bytes:
    """An answer that says it came by way of a broadcast address."""
    found = answer(p, "SIP/2.0 200 OK")
    found.headers["Via"] = [
        f"SIP/2.0/{p.protocol} {p.server};branch=z9hG4bKa",
        "SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKb",
    ]
    return found.wire()


def zeromf(p: Place) -> bytes:
    """No hop is left."""
    return changed(draft(p), Max_Forwards="0").wire()


def cparam01(p: Place) -> bytes:
    """An unknown parameter of a contact."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return changed(found, Contact=f"sip:+19725552222@{p.sender};unknownparam").wire()


def cparam02(p: Place) -> bytes:
    """The same within brackets."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return changed(found, Contact=f"<sip:+19725552222@{p.sender};unknownparam>").wire()


def regescrt(p: Place) -> bytes:
    """A contact with an escaped header in its URI."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return changed(found, Contact=f"<sip:user@{p.sender}?Route=%3Csip:sip.example.com%3E>").wire()


def sdp01(p: Place) -> bytes:
    """What the sender accepts leaves nothing to answer with."""
    return changed(draft(p, "INVITE", with_sdp=True), Accept="text/nobodyKnowsThis").wire()


def inv2543(p: Place) -> bytes:
    """A request of RFC 2543: no branch, no tag, no Max-Forwards."""
    found = draft(p, "INVITE", with_sdp=True)
    del found.headers["Max-Forwards"]
    return changed(found, Via=f"SIP/2.0/{p.protocol} {p.sender}:5062", From=f"<sip:+12155550100@{p.sender}>").wire()
