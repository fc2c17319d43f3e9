"""Webhooks against a real receiver: signed, the same id at every attempt, nothing to anybody else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from pbx.config.senders import Hook
from pbx.notify.webhook import REPLAY_SECONDS, Webhook, is_ours, signed
from pbx.services.ports import Fate, Parcel, Verdict
from tests.kit.hooks import SECRET, receiver
from tests.kit.tls import Certificate

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
BODY = b'{"type":"message.new"}'


def a_parcel() -> Parcel:
    return Parcel(uuid4(), "", "", "", {"type": "message.new", "data": {"mailbox": "Dr. Núñez"}})


async def test_a_notice_is_posted_over_https(certificate: Certificate) -> None:
    async with receiver(certificate.context) as found:
        parcel = a_parcel()
        assert await Webhook(Hook(found.url, SECRET, certificate.file)).send(parcel) == Verdict(Fate.SENT)
    assert json.loads(found.taken[0]) == parcel.data
    assert found.headers[0]["Content-Type"] == "application/json"
    assert found.ids == [str(parcel.id)]


async def test_a_certificate_that_is_not_trusted_holds_it(certificate: Certificate) -> None:
    async with receiver(certificate.context) as found:
        verdict = await Webhook(Hook(found.url, SECRET)).send(a_parcel())
    assert verdict.fate is Fate.TEMPORARY
    assert "certificate" in verdict.why
    assert found.taken == []


async def test_a_receiver_with_another_secret_takes_nothing() -> None:
    async with receiver() as found:
        verdict = await Webhook(Hook(found.url, b"x" * 32)).send(a_parcel())
    assert verdict == Verdict(Fate.TEMPORARY, "The webhook: it does not take notices now (HTTP 401).")
    assert found.forged == 1


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        *((200, Fate.SENT), (202, Fate.SENT), (400, Fate.PERMANENT), (410, Fate.PERMANENT)),
        *((status, Fate.TEMPORARY) for status in (302, 404, 429, 500, 503)),
    ],
)
async def test_what_the_receiver_says_decides(status: int, fate: Fate) -> None:
    async with receiver() as found:
        found.answers.append(status)
        assert (await Webhook(Hook(found.url, SECRET)).send(a_parcel())).fate is fate
    assert len(found.taken) == 1


async def test_a_receiver_that_is_away_is_tried_again() -> None:
    async with receiver() as found:
        url = found.url
    verdict = await Webhook(Hook(url, SECRET)).send(a_parcel())
    assert verdict == Verdict(Fate.TEMPORARY, "The webhook: it cannot be reached.")


def test_a_known_request_has_a_known_signature() -> None:
    """The example of the Standard Webhooks specification's own tests has this form: `id.timestamp.body`."""
    headers = signed(SECRET, "msg", datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}')
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"].startswith("v1,")
    assert is_ours(SECRET, headers, b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC))


@pytest.mark.parametrize("off", [-REPLAY_SECONDS - 1, REPLAY_SECONDS + 1])
def test_a_request_that_is_old_or_of_tomorrow_is_not_taken(off: int) -> None:
    headers = signed(SECRET, "id", NOW, BODY)
    assert is_ours(SECRET, headers, BODY, NOW + timedelta(seconds=off - off // abs(off)))
    assert not is_ours(SECRET, headers, BODY, NOW + timedelta(seconds=off))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "other"},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-timestamp": "½"},
        {"webhook-timestamp": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,ÿ"},
    ],
)
def test_a_request_that_somebody_changed_is_not_taken(change: dict[str, str]) -> None:
    headers = signed(SECRET, "id", NOW, BODY)
    assert is_ours(SECRET, headers, BODY, NOW)
    assert not is_ours(SECRET, headers | change, BODY, NOW)
    assert not is_ours(SECRET, headers, BODY + b" ", NOW)
