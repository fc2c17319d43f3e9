"""Hand a text to a carrier over HTTP, once, and know what can be known of it afterwards."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from pbx.services.text_carriers import Posted, PostFate

SECONDS = 20.0
CONNECT_SECONDS = 8.0

_LARGEST_ANSWER = 64 * 1024
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_OUR_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the carrier said: the status, and the JSON object if it was one."""

    status: int
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """A request to a carrier. Exactly one of `form` and `json` is sent."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    ca_file: Path | None = None


async def post(request: Post) -> Answer | Posted:
    """Send it, once; the answer, or what is known where there was none.

    A request that never reached the carrier may be sent again; one that was cut off may have been carried out.
    """
    timeout = aiohttp.ClientTimeout(total=SECONDS, sock_connect=CONNECT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(
                request.url,
                headers=dict(request.headers),
                data=request.form,
                json=request.json,
                ssl=ssl.create_default_context(cafile=request.ca_file),
                allow_redirects=False,
            ) as answer,
        ):
            return Answer(answer.status, _object(await answer.content.read(_LARGEST_ANSWER)))
    except aiohttp.ClientConnectorCertificateError:
        return Posted(PostFate.TEMPORARY, "The carrier's certificate is not one that this machine trusts.")
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        return Posted(PostFate.TEMPORARY, "The carrier cannot be reached.")
    except (aiohttp.ClientError, OSError, TimeoutError):
        return Posted(PostFate.UNSURE, "The carrier did not say whether it took the text.")


def verdict(answer: Answer, code: str, opted_out: frozenset[str]) -> Posted:
    """What an answer that is no success means. `code` is the carrier's own, those of `opted_out` mean STOP."""
    if code in opted_out:
        return Posted(PostFate.PERMANENT, "They told the carrier STOP.", opted_out=True)
    why = f"The carrier refused it (HTTP {answer.status}{f', code {code}' if code else ''})."
    if answer.status in _OUR_KEY:
        return Posted(PostFate.TEMPORARY, f"The carrier does not take our key (HTTP {answer.status}): check key_file.")
    if answer.status in _LATER:
        return Posted(PostFate.TEMPORARY, f"The carrier takes no texts now (HTTP {answer.status}).")
    if answer.status // 100 == 3:
        return Posted(PostFate.TEMPORARY, "The carrier sends us elsewhere: check api in [texts].")
    if answer.status // 100 == 5:
        return Posted(PostFate.UNSURE, f"The carrier had a fault of its own (HTTP {answer.status}).")
    return Posted(PostFate.PERMANENT, why)


def digits(code: object) -> str:
    """A carrier's error code, if it is one: nothing else of an answer gets into a sentence."""
    text = str(code) if isinstance(code, str | int) and not isinstance(code, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 8 else ""


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
