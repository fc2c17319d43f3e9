"""RFC 4475 section 3.1.1: strange, and right."""

from __future__ import annotations

from uuid import uuid4

from tests.hostile.draft import EOL, Place, answer, changed, draft


def wsinv(p: Place) -> bytes:
    """Folding, blanks around every separator, compact and long names mixed, odd case, leading zeros."""
    found = draft(p, "INVITE", f"{p.uri};unknownparam", with_sdp=True)
    tag = uuid4().hex[:8]
    found.headers = {
        "TO ": f"{EOL} {p.uri} ;   tag    = ",
        "from  ": f'"J Rosenberg \\\\\\""       <sip:+12155550100@{p.sender}>{EOL} ;{EOL} tag = {tag}',
        "MaX-fOrWaRdS": "0068",
        "Call-ID": uuid4().hex,
        "cseq": f"0009{EOL}  INVITE",
        "v": f"SIP  / 2.0  /{p.protocol}  {p.sender};branch=z9hG4bK{tag},  SIP/2.0/TCP b.example ;branch = z9hG4bKa",
        "s": "",
        "NewFangledHeader": f"newfangled value{EOL} continued newfangled value",
        "UnknownHeaderWithUnusualValue": ";;,,;;,;",
        "Content-Type": "application/sdp",
        "Route": f"<sip:{p.server};lr;unknownwith=value;unknown-no-value>",
        "m": f'"Quoted string \\"\\"" <sip:caller@{p.sender}> ; newparam = newvalue ; secondparam ; q = 0.33',
    }
    return found.wire()


def intmeth(p: Place) -> bytes:
    """Every character that a method and a token may have, and a quoted pair of a name."""
    method = "!interesting-Method0123456789_*+`.%indeed'~"
    found = draft(p, method)
    found.headers["From"] = f"=_~_`!@#$%^*_+-.; <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@{p.sender}>;tag=a"
    found.headers["To"] = f'"BEL:\x07 NUL:\\\x00 DEL:\x7f" <{p.uri}>'
    found.headers["extensionHeader-!.%*+_`'~"] = "\ufeff\u5927\u505c\u96fb"
    return found.wire()


def esc01(p: Place) -> bytes:
    """Escapes in user parts and parameters, spaces among them."""
    found = draft(p, "INVITE", f"sip:sips%3Auser%40example.com@{p.server}", with_sdp=True)
    uri = f"<sip:cal%6Cer@{p.sender}:5062;%6C%72;n%61me=v%61lue%25%34%31>"
    return changed(found, From=f"<sip:I%20have%20spaces@{p.sender}>;tag=a", Contact=uri).wire()


def escnull(p: Place) -> bytes:
    """Escaped NULs in user parts."""
    found = changed(draft(p, "REGISTER", f"sip:{p.server}"), From=f"<sip:null-%00-null@{p.sender}>;tag=a")
    found.headers["To"] = f"sip:null-%00-null@{p.server}"
    found.headers["Contact"] = [f"<sip:%00@{p.sender}>", f"<sip:%00%00@{p.sender}>"]
    return found.wire()


def esc02(p: Place) -> bytes:
    """Per cent signs that are no escapes, in a method, a header's name and a quoted name."""
    found = changed(draft(p, "RE%47IST%45R", f"sip:{p.server}"), From=f'"%Z%45" <sip:resource@{p.sender}>;tag=a')
    found.headers["C%6Fntact"] = f"<sip:alias@{p.sender}>"
    return found.wire()


def lwsdisp(p: Place) -> bytes:
    """No blank between a name and its `<`."""
    return changed(draft(p), From=f"caller<sip:caller@{p.sender}>;tag=a").wire()


def longreq(p: Place) -> bytes:
    """Values longer than anybody expects, and many of them."""
    found = draft(p, "INVITE", f"{p.uri};unknown={'x' * 400}", with_sdp=True)
    found.headers["From"] = f'"{"very " * 100}long" <sip:+12155550100@{p.sender}>;tag={"t" * 200}'
    found.headers["Call-ID"] = "longreq." + "really" * 60
    found.headers["Unknown-" + "Long" * 60] = "unknown-" + "value;" * 200
    vias = [f"SIP/2.0/TCP sip{n}.example;branch=z9hG4bK{n}" for n in range(33)]
    found.headers["Via"] = [str(found.headers["Via"]), *vias]
    return found.wire()


def dblreq(p: Place) -> bytes:
    """Two requests in one datagram: what is beyond Content-Length is not part of the first."""
    return draft(p, "REGISTER", f"sip:{p.server}").wire() + draft(p, "INVITE", with_sdp=True).wire()


def semiuri(p: Place) -> bytes:
    """A semicolon in the user part."""
    return draft(p, "OPTIONS", f"sip:user;par=u%40example.net@{p.server}").wire()


def transports(p: Place) -> bytes:
    """Vias with all kinds of transports, one that nobody knows among them."""
    found = draft(p)
    others = ("SCTP", "TLS", "UNKNOWN", "TCP")
    found.headers["Via"] = [str(found.headers["Via"]), *(f"SIP/2.0/{t} t{t}.example;branch=z9hG4bK{t}" for t in others)]
    return found.wire()


def mpart01(p: Place) -> bytes:
    """A body of several parts, with NULs and bytes that are no text."""
    found = changed(draft(p, "MESSAGE"), Content_Type='multipart/mixed;boundary="7a9cbec02ceef655"')
    parts = (
        f"Content-Type: text/plain{EOL}{EOL}Hello",
        f"Content-Type: application/octet-stream{EOL}{EOL}\x00\udcff\x01\r",
    )
    found.body = "".join(f"--7a9cbec02ceef655{EOL}{part}{EOL}" for part in parts) + f"--7a9cbec02ceef655--{EOL}"
    return found.wire()


def unreason(p: Place) -> bytes:
    """A reason phrase that is not English."""
    return answer(p, "SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e").wire()


def noreason(p: Place) -> bytes:
    """No reason phrase at all."""
    return answer(p, "SIP/2.0 100 ").wire()
