"""Texts over Twilio's Programmable Messaging, or a carrier that speaks the same format.

Requests to us are form-encoded and signed: `X-Twilio-Signature` is the base64 of HMAC-SHA1, keyed with the account's
auth token, over the address as Twilio has it and each parameter's name and value, sorted by name (Twilio, "Webhooks
security"). There is no time in it, so a request that is sent again is known by its MessageSid, which the store takes
once. Twilio knows no idempotency key; each text has an address of its own for reports, which tell even of one whose
answer was lost.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from pbx.domain.texting import Arrived, State
from pbx.gateways import failures
from pbx.gateways.posting import Post, digits, post, verdict
from pbx.services.text_carriers import Forged, Heard, Outgoing, Posted, PostFate, Report, Request, Senseless

API = "https://api.twilio.com"

_OPTED_OUT = frozenset({"21610"})
_MOST_FIELDS = 200
_STATES = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.FAILED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}
_ON_ITS_WAY = frozenset({"accepted", "scheduled", "queued", "sending", "partially_delivered"})

Fields = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Twilio:
    """`account` is the AccountSid, `token` its auth token."""

    account: str
    token: str = field(repr=False)
    api: str = API
    name: str = "twilio"
    thanks: str = "<Response></Response>"

    async def send(self, text: Outgoing) -> Posted:
        """Create one Message (POST /2010-04-01/Accounts/{Sid}/Messages.json)."""
        form = {"From": text.line, "To": text.patient, "Body": text.body}
        if text.report_to is not None:
            form["StatusCallback"] = text.report_to
        url = f"{self.api}/2010-04-01/Accounts/{quote(self.account, safe='')}/Messages.json"
        proof = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        answer = await post(Post(url, headers={"Authorization": f"Basic {proof}"}, form=form))
        if isinstance(answer, Posted):
            return answer
        sid = answer.data.get("sid")
        if answer.status // 100 == 2 and isinstance(sid, str):
            return Posted(PostFate.SENT, ref=self._ref(sid))
        if answer.status // 100 == 2:
            return Posted(PostFate.UNSURE, "The carrier took the text and did not name it.")
        return verdict(answer, digits(answer.data.get("code")), _OPTED_OUT)

    def hears(self, request: Request, about: UUID | None = None) -> Sequence[Heard]:
        """A text that came, or what became of one. Raises Forged or Senseless."""
        values = _fields(request.body)
        given = request.headers.get("x-twilio-signature", "")
        right = [signature(self.token, url, values) for url in _spellings(request.url)]
        if not any(hmac.compare_digest(one.encode(), given.encode()) for one in right):
            raise Forged
        one = {name: value[0] for name, value in values.items()}
        if one.get("AccountSid") != self.account or not one.get("MessageSid"):
            raise Senseless
        if "MessageStatus" in one:
            return tuple(self._report(one, about))
        return (self._arrived(one, request),)

    def _arrived(self, one: Mapping[str, str], request: Request) -> Arrived:
        if not one.get("From") or not one.get("To"):
            raise Senseless
        ref = self._ref(one["MessageSid"])
        return Arrived(
            id=uuid5(NAMESPACE_URL, ref),
            line=one["To"],
            patient=one["From"],
            body=one.get("Body", ""),
            at=request.at,
            ref=ref,
            pictures=int(digits(one.get("NumMedia")) or 0),
            said=one.get("OptOutType", ""),
        )

    def _report(self, one: Mapping[str, str], about: UUID | None) -> Iterator[Report]:
        status, code = one["MessageStatus"], digits(one.get("ErrorCode"))
        state = _STATES.get(status)
        if state is None and status not in _ON_ITS_WAY:
            raise Senseless
        if state is not None:
            why = failures.twilio(code) if state is State.FAILED else ""
            yield Report(self._ref(one["MessageSid"]), state, about, why, code in _OPTED_OUT)

    def _ref(self, sid: str) -> str:
        return f"{self.name}:{sid}"


def signature(token: str, url: str, values: Mapping[str, Sequence[str]]) -> str:
    """The signature of a request to `url` with these form fields; of a field that is there twice each value once."""
    signed = url + "".join(name + value for name in sorted(values) for value in sorted(set(values[name])))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _fields(body: bytes) -> Fields:
    found: Fields = {}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Senseless from None
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _spellings(url: str) -> Iterator[str]:
    """The address, and the same with or without the usual port: Twilio signs either."""
    yield url
    parts = urlsplit(url)
    usual = 443 if parts.scheme == "https" else 80
    host = parts.hostname or ""
    if parts.port is None:
        yield urlunsplit(parts._replace(netloc=f"{host}:{usual}"))
    elif parts.port == usual:
        yield urlunsplit(parts._replace(netloc=host))
