"""Which phones are registered from where, out of Asterisk's own record of them (astdb, `registrar/contact`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pbx.ami.client import AmiClient
from pbx.ami.errors import ActionRefused
from pbx.ami.messages import Fields
from pbx.domain.registrations import Registration, plain_agent

# The registrar has put the address into it from which the phone really came (`rewrite_contact`).
_URI = re.compile(r"sips?:(?:[^@]*@)?(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::\d+)?(;.*)?")
_NAME = re.compile(r"/registrar/contact/([^;]+);@\w+")


async def registrations(ami: AmiClient) -> tuple[Registration, ...]:
    """Every registered phone. Raises AmiError."""
    try:
        answer = await ami.action("DBGetTree", Family="registrar/contact")
    except ActionRefused:  # so it says when there is none
        return ()
    return tuple(_read(answer.items))


def _read(items: tuple[Fields, ...]) -> Iterator[Registration]:
    for item in items:
        named = _NAME.fullmatch(item.get("Key") or "")
        if named and (found := _registration(named[1], item.get("Val") or "")):
            yield found


def _registration(phone: str, value: str) -> Registration | None:
    try:
        kept = json.loads(value)
        uri = _URI.fullmatch(str(kept["uri"]))
        agent = plain_agent(str(kept.get("user_agent", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if uri is None:
        return None
    secure = "transport=tls" in (uri[3] or "").lower()
    return Registration(phone, uri[1] or uri[2], agent, secure)
