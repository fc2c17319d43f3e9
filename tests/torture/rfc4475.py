"""The 49 messages of RFC 4475, by its names, each built from the property that it is there for.

They are our own: the same twist in a message to this server. So every one is about a host and a number that the
server knows, and gets further into it than the RFC's examples would.
"""

from __future__ import annotations

from collections.abc import Callable
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


def _answer(place: Place, start: str) -> Draft:
    found = draft(place, "INVITE")
    found.start = start
    found.headers["Via"] = f"SIP/2.0/{place.protocol} {place.server};branch=z9hG4bK{uuid4().hex}"
    return found


def _with(found: Draft, **headers: str) -> Draft:
    found.headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    return found


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
    return _with(found, From=f"<sip:I%20have%20spaces@{p.sender}>;tag=a", Contact=uri).wire()


def escnull(p: Place) -> bytes:
    """Escaped NULs in user parts."""
    found = _with(draft(p, "REGISTER", f"sip:{p.server}"), From=f"<sip:null-%00-null@{p.sender}>;tag=a")
    found.headers["To"] = f"sip:null-%00-null@{p.server}"
    found.headers["Contact"] = [f"<sip:%00@{p.sender}>", f"<sip:%00%00@{p.sender}>"]
    return found.wire()


def esc02(p: Place) -> bytes:
    """Per cent signs that are no escapes, in a method, a header's name and a quoted name."""
    found = _with(draft(p, "RE%47IST%45R", f"sip:{p.server}"), From=f'"%Z%45" <sip:resource@{p.sender}>;tag=a')
    found.headers["C%6Fntact"] = f"<sip:alias@{p.sender}>"
    return found.wire()


def lwsdisp(p: Place) -> bytes:
    """No blank between a name and its `<`."""
    return _with(draft(p), From=f"caller<sip:caller@{p.sender}>;tag=a").wire()


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
    found = _with(draft(p, "MESSAGE"), Content_Type='multipart/mixed;boundary="7a9cbec02ceef655"')
    parts = (
        f"Content-Type: text/plain{EOL}{EOL}Hello",
        f"Content-Type: application/octet-stream{EOL}{EOL}\x00\udcff\x01\r",
    )
    found.body = "".join(f"--7a9cbec02ceef655{EOL}{part}{EOL}" for part in parts) + f"--7a9cbec02ceef655--{EOL}"
    return found.wire()


def unreason(p: Place) -> bytes:
    """A reason phrase that is not English."""
    return _answer(p, "SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e").wire()


def noreason(p: Place) -> bytes:
    """No reason phrase at all."""
    return _answer(p, "SIP/2.0 100 ").wire()


def badinv01(p: Place) -> bytes:
    """Separators without what they separate."""
    found = _with(draft(p, "INVITE", with_sdp=True), Contact=f'"Joe" <sip:joe@{p.sender}>;;;;')
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
    found = _answer(p, "SIP/2.0 503 Service Unavailable")
    return _with(found, CSeq="9292394834772304023312 OPTIONS", Retry_After="949302838503028349304023988").wire()


def quotbal(p: Place) -> bytes:
    """A quotation mark without its pair."""
    return _with(draft(p, "INVITE", with_sdp=True), To=f'"Mr. J. User <{p.uri}>').wire()


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
    return _with(draft(p, "INVITE", with_sdp=True), Date="Fri, 01 Jan 2010 16:00:00 EST").wire()


def regbadct(p: Place) -> bytes:
    """A contact whose URI has parameters and headers, without brackets."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return _with(found, Contact=f"sip:user@{p.sender}?Route=%3Csip:sip.example.com%3E").wire()


def badaspec(p: Place) -> bytes:
    """Blanks within the brackets of an address."""
    return _with(draft(p), To=f'"Watson, Thomas" < {p.uri} >').wire()


def baddn(p: Place) -> bytes:
    """A name with characters that need quotation marks, and none."""
    return _with(draft(p), From=f"Bell, Alexander <sip:a.g.bell@{p.sender}>;tag=43").wire()


def badvers(p: Place) -> bytes:
    """A version that does not exist."""
    found = draft(p)
    found.start = found.start.replace("SIP/2.0", "SIP/7.0")
    return _with(found, Via=f"SIP/7.0/{p.protocol} {p.sender};branch=z9hG4bKa").wire()


def mismatch01(p: Place) -> bytes:
    """Two methods: that of the first line is another than that of CSeq."""
    return _with(draft(p), CSeq="8 INVITE").wire()


def mismatch02(p: Place) -> bytes:
    """The same with a method that nobody knows."""
    return _with(draft(p, "NEWMETHOD"), CSeq="8 INVITE").wire()


def bigcode(p: Place) -> bytes:
    """A status that is no status."""
    return _answer(p, "SIP/2.0 4294967301 better not break the receiver").wire()


def badbranch(p: Place) -> bytes:
    """A branch that is the magic cookie and nothing else."""
    return _with(draft(p), Via=f"SIP/2.0/{p.protocol} {p.sender}:5062;branch=z9hG4bK").wire()


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
    return _with(found, To="isbn:2983792873", From="<http://www.example.com>;tag=3", Contact="<name:John_Smith>").wire()


def bext01(p: Place) -> bytes:
    """Extensions are required that do not exist."""
    return _with(
        draft(p), Require="nothingSupportsThis, nothingSupportsThisEither", Proxy_Require="noProxiesEither"
    ).wire()


def invut(p: Place) -> bytes:
    """A body of a type that nobody knows."""
    found = _with(draft(p, "INVITE"), Content_Type="application/unknownformat")
    found.body = '<audio>\n <pcmu port="443"/>\n</audio>\n'
    return found.wire()


def regaut01(p: Place) -> bytes:
    """An Authorization of a scheme that nobody knows."""
    return _with(draft(p, "REGISTER", f"sip:{p.server}"), Authorization="NoOneKnowsThisScheme opaque-data=here").wire()


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
    found = _answer(p, "SIP/2.0 200 OK")
    found.headers["Via"] = [
        f"SIP/2.0/{p.protocol} {p.server};branch=z9hG4bKa",
        "SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKb",
    ]
    return found.wire()


def zeromf(p: Place) -> bytes:
    """No hop is left."""
    return _with(draft(p), Max_Forwards="0").wire()


def cparam01(p: Place) -> bytes:
    """An unknown parameter of a contact."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return _with(found, Contact=f"sip:+19725552222@{p.sender};unknownparam").wire()


def cparam02(p: Place) -> bytes:
    """The same within brackets."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return _with(found, Contact=f"<sip:+19725552222@{p.sender};unknownparam>").wire()


def regescrt(p: Place) -> bytes:
    """A contact with an escaped header in its URI."""
    found = draft(p, "REGISTER", f"sip:{p.server}")
    return _with(found, Contact=f"<sip:user@{p.sender}?Route=%3Csip:sip.example.com%3E>").wire()


def sdp01(p: Place) -> bytes:
    """What the sender accepts leaves nothing to answer with."""
    return _with(draft(p, "INVITE", with_sdp=True), Accept="text/nobodyKnowsThis").wire()


def inv2543(p: Place) -> bytes:
    """A request of RFC 2543: no branch, no tag, no Max-Forwards."""
    found = draft(p, "INVITE", with_sdp=True)
    del found.headers["Max-Forwards"]
    return _with(found, Via=f"SIP/2.0/{p.protocol} {p.sender}:5062", From=f"<sip:+12155550100@{p.sender}>").wire()


Maker = Callable[[Place], bytes]

VALID: tuple[Maker, ...] = (
    wsinv, intmeth, esc01, escnull, esc02, lwsdisp, longreq, dblreq, semiuri, transports, mpart01, unreason, noreason,
)  # fmt: skip
INVALID: tuple[Maker, ...] = (
    badinv01, clerr, ncl, scalar02, scalarlg, quotbal, ltgtruri, lwsruri, lwsstart, trws, escruri, baddate, regbadct,
    badaspec, baddn, badvers, mismatch01, mismatch02, bigcode,
)  # fmt: skip
BEYOND_SYNTAX: tuple[Maker, ...] = (
    badbranch, insuf, unkscm, novelsc, unksm2, bext01, invut, regaut01, multi01, mcl01, bcast, zeromf, cparam01,
    cparam02, regescrt, sdp01, inv2543,
)  # fmt: skip
ALL: tuple[Maker, ...] = (*VALID, *INVALID, *BEYOND_SYNTAX)
