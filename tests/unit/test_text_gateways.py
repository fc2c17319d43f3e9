"""Two carriers' formats, against documents as they publish them: what is signed is taken, and nothing else is."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.texting import Arrived, State
from pbx.gateways.telnyx import Telnyx
from pbx.gateways.twilio import Twilio, signature
from pbx.services.text_carriers import Forged, Heard, Report, Request, Senseless

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
OURS = UUID(int=7)

# Twilio -------------------------------------------------------------------------------------------------------------

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "12345"
URL = "https://texts.example.com/texts/twilio"
TWILIO = Twilio(ACCOUNT, TOKEN)

PUBLISHED = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}
"""The example of Twilio's page on webhook security and of its libraries' tests, with the auth token 12345."""

RECEIVED = {
    "ToCountry": "US",
    "ToState": "PA",
    "SmsMessageSid": "SM0000000000000000000000000000000a",
    "NumMedia": "1",
    "ToCity": "",
    "FromZip": "19104",
    "SmsSid": "SM0000000000000000000000000000000a",
    "FromState": "PA",
    "SmsStatus": "received",
    "FromCity": "PHILADELPHIA",
    "Body": "May I take it with milk? ¿Sí? 🥛",
    "FromCountry": "US",
    "To": "+17175550100",
    "ToZip": "",
    "NumSegments": "1",
    "MessageSid": "SM0000000000000000000000000000000a",
    "AccountSid": ACCOUNT,
    "From": "+12155550143",
    "ApiVersion": "2010-04-01",
}
"""The parameters of an incoming message, as Twilio's page on its request lists them."""

STATUS = {
    "SmsSid": "SM0000000000000000000000000000000b",
    "SmsStatus": "undelivered",
    "MessageStatus": "undelivered",
    "To": "+12155550143",
    "MessageSid": "SM0000000000000000000000000000000b",
    "AccountSid": ACCOUNT,
    "From": "+17175550100",
    "ApiVersion": "2010-04-01",
    "ErrorCode": "30006",
}
"""A status callback."""


def from_twilio(fields: dict[str, str], url: str = URL, signed_for: str | None = None, token: str = TOKEN) -> Request:
    proof = signature(token, signed_for or url, {name: [value] for name, value in fields.items()})
    return Request(url, {"x-twilio-signature": proof}, urlencode(fields).encode(), NOW)


@pytest.mark.parametrize(
    ("number", "proof"),
    [("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="), ("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")],
)
def test_the_signature_is_that_of_the_published_examples(number: str, proof: str) -> None:
    fields = PUBLISHED | {"Caller": [number], "From": [number]}
    assert signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", fields) == proof


def test_a_text_over_twilio() -> None:
    [text] = TWILIO.hears(from_twilio(RECEIVED))
    assert isinstance(text, Arrived)
    assert (text.line, text.patient, text.body) == ("+17175550100", "+12155550143", RECEIVED["Body"])
    assert (text.ref, text.pictures, text.said, text.at) == (f"twilio:{RECEIVED['MessageSid']}", 1, "", NOW)
    assert TWILIO.hears(from_twilio(RECEIVED)) == [text] or TWILIO.hears(from_twilio(RECEIVED))[0] == text


def test_twilio_says_when_it_took_a_text_for_stop() -> None:
    [text] = TWILIO.hears(from_twilio(RECEIVED | {"Body": "arrêt", "OptOutType": "STOP"}))
    assert isinstance(text, Arrived)
    assert text.said == "STOP"


@pytest.mark.parametrize(
    ("status", "state"),
    [("sent", State.SENT), ("delivered", State.DELIVERED), ("undelivered", State.FAILED), ("failed", State.FAILED)],
)
def test_what_became_of_a_text_over_twilio(status: str, state: State) -> None:
    [report] = TWILIO.hears(from_twilio(STATUS | {"MessageStatus": status}, f"{URL}/{OURS}"), OURS)
    assert isinstance(report, Report)
    assert (report.state, report.id, report.ref) == (state, OURS, f"twilio:{STATUS['MessageSid']}")
    assert bool(report.why) == (state is State.FAILED)


def test_a_text_on_its_way_is_no_news() -> None:
    assert TWILIO.hears(from_twilio(STATUS | {"MessageStatus": "queued"}), OURS) == ()


def test_twilio_refuses_a_number_that_told_it_stop() -> None:
    [report] = TWILIO.hears(from_twilio(STATUS | {"MessageStatus": "failed", "ErrorCode": "21610"}), OURS)
    assert isinstance(report, Report)
    assert report.opted_out


@pytest.mark.parametrize("signed_for", [URL, "https://texts.example.com:443/texts/twilio"])
def test_the_usual_port_may_stand_in_the_address_or_not(signed_for: str) -> None:
    assert TWILIO.hears(from_twilio(RECEIVED, signed_for=signed_for))


@pytest.mark.parametrize(
    "request_",
    [
        from_twilio(RECEIVED, token="12346"),
        from_twilio(RECEIVED, signed_for="https://elsewhere.example.com/texts/twilio"),
        Request(URL, {}, urlencode(RECEIVED).encode(), NOW),
        Request(URL, from_twilio(RECEIVED).headers, urlencode(RECEIVED | {"Body": "Another"}).encode(), NOW),
        Request(URL, from_twilio(RECEIVED).headers, urlencode(RECEIVED).encode() + b"&More=1", NOW),
    ],
)
def test_what_twilio_did_not_sign_is_not_believed(request_: Request) -> None:
    with pytest.raises(Forged):
        TWILIO.hears(request_)


@pytest.mark.parametrize(
    "fields",
    [
        RECEIVED | {"AccountSid": "AC00000000000000000000000000000002"},
        {name: value for name, value in RECEIVED.items() if name != "MessageSid"},
        {name: value for name, value in RECEIVED.items() if name != "From"},
        STATUS | {"MessageStatus": "evaporated"},
    ],
)
def test_what_makes_no_sense_is_not_taken(fields: dict[str, str]) -> None:
    with pytest.raises(Senseless):
        TWILIO.hears(from_twilio(fields))


# Telnyx -------------------------------------------------------------------------------------------------------------

SIGNER = Ed25519PrivateKey.generate()
TELNYX = Telnyx("KEY0123", SIGNER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

MESSAGE: dict[str, Any] = {
    "cc": [],
    "completed_at": None,
    "cost": {"amount": 0.0051, "currency": "USD"},
    "direction": "inbound",
    "encoding": "GSM-7",
    "errors": [],
    "from": {"carrier": "T-MOBILE USA, INC.", "line_type": "Wireless", "phone_number": "+18665550001"},
    "id": "7ee4241c-f127-47e5-9c34-3aac291f8058",
    "media": [],
    "messaging_profile_id": "0f512bda-ae1e-4597-8e11-e5f5686b97d3",
    "organization_id": "b448f9cc-a842-4784-98e9-03c1a5872950",
    "parts": 1,
    "received_at": "2019-01-23T18:10:02.574Z",
    "record_type": "message",
    "tags": ["Greetings"],
    "text": "Hello, World!",
    "to": [{"carrier": "TELNYX LLC", "line_type": "VoIP", "phone_number": "+18445550001", "status": "delivered"}],
    "type": "SMS",
    "valid_until": None,
    "webhook_failover_url": "https://backup.example.com/hooks",
    "webhook_url": "https://www.example.com/hooks",
}
"""The inbound message of Telnyx' API reference."""


def telnyx_body(kind: str, payload: dict[str, Any]) -> bytes:
    data = {"event_type": kind, "id": "bf6307bd-884d-4c1f-b6ea-c62b8c495d3c", "record_type": "event"}
    return json.dumps({"data": data | {"payload": payload}}).encode()


def from_telnyx(
    kind: str = "message.received", payload: dict[str, Any] = MESSAGE, at: datetime = NOW, body: bytes | None = None
) -> Request:
    body = telnyx_body(kind, payload) if body is None else body
    stamp = str(int(at.timestamp()))
    proof = base64.b64encode(SIGNER.sign(f"{stamp}|".encode() + body)).decode()
    headers = {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": proof}
    return Request("https://texts.example.com/texts/telnyx", headers, body, NOW)


def outbound(status: str, **more: Any) -> dict[str, Any]:
    to = [{"phone_number": "+18665550001", "status": status}]
    return MESSAGE | {"direction": "outbound", "id": "834f3d53-8a3c-4aa0-a733-7f2d682a72df", "to": to} | more


def test_a_text_over_telnyx() -> None:
    [text] = TELNYX.hears(from_telnyx())
    assert isinstance(text, Arrived)
    assert (text.line, text.patient, text.body) == ("+18445550001", "+18665550001", "Hello, World!")
    assert text.ref == "telnyx:7ee4241c-f127-47e5-9c34-3aac291f8058"
    assert TELNYX.hears(from_telnyx(at=NOW - timedelta(minutes=1)))[0] == text


def test_pictures_without_words_are_counted() -> None:
    media = [{"url": "https://example.com/1", "content_type": "image/jpeg"}]
    [text] = TELNYX.hears(from_telnyx(payload=MESSAGE | {"text": None, "media": media}))
    assert isinstance(text, Arrived)
    assert (text.body, text.pictures) == ("", 1)


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("message.sent", "sent", State.SENT),
        ("message.finalized", "delivered", State.DELIVERED),
        ("message.finalized", "delivery_unconfirmed", State.SENT),
        ("message.finalized", "sending_failed", State.FAILED),
        ("message.finalized", "delivery_failed", State.FAILED),
    ],
)
def test_what_became_of_a_text_over_telnyx(kind: str, status: str, state: State) -> None:
    [report] = TELNYX.hears(from_telnyx(kind, outbound(status, errors=[{"code": "40008", "title": "x"}])), OURS)
    assert isinstance(report, Report)
    assert (report.state, report.id) == (state, OURS)
    assert bool(report.why) == (state is State.FAILED)


def test_telnyx_refuses_a_number_that_told_it_stop() -> None:
    payload = outbound("sending_failed", errors=[{"code": "40300"}])
    [report] = TELNYX.hears(from_telnyx("message.finalized", payload))
    assert isinstance(report, Report)
    assert report.opted_out


def test_other_events_are_no_news() -> None:
    assert TELNYX.hears(from_telnyx("message.queued", outbound("queued"))) == ()
    assert TELNYX.hears(from_telnyx("message.sent", outbound("sending"))) == ()


def altered(request: Request, headers: dict[str, str], body: bytes | None = None) -> Request:
    return Request(request.url, {**request.headers, **headers}, request.body if body is None else body, request.at)


@pytest.mark.parametrize(
    "request_",
    [
        from_telnyx(at=NOW - timedelta(minutes=5, seconds=1)),
        from_telnyx(at=NOW + timedelta(minutes=5, seconds=1)),
        altered(from_telnyx(), {}, from_telnyx().body + b" "),
        altered(from_telnyx(at=NOW - timedelta(hours=1)), {"telnyx-timestamp": str(int(NOW.timestamp()))}),
        altered(from_telnyx(), {"telnyx-signature-ed25519": ""}),
        altered(from_telnyx(), {"telnyx-signature-ed25519": "*"}),
        altered(from_telnyx(), {"telnyx-signature-ed25519": base64.b64encode(b"0" * 64).decode()}),
        altered(from_telnyx(), {"telnyx-timestamp": ""}),
    ],
)
def test_what_telnyx_did_not_sign_or_long_ago_is_not_believed(request_: Request) -> None:
    with pytest.raises(Forged):
        TELNYX.hears(request_)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"data": 1}', b'{"data": {"payload": {"id": 5}}}', b"\xff", b"[" * 9000]
)
def test_signed_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(Senseless):
        TELNYX.hears(from_telnyx(body=body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(MESSAGE)), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(["message.received", "message.sent", "message.finalized", "x"]), JSON)
def test_whatever_is_signed_is_heard_or_refused(kind: str, junk: Any) -> None:
    payload = MESSAGE | junk if isinstance(junk, dict) else junk
    heard: list[Heard] = []
    with contextlib.suppress(Senseless):
        heard = list(TELNYX.hears(from_telnyx(kind, payload)))
    assert all(isinstance(one, Arrived | Report) for one in heard)
