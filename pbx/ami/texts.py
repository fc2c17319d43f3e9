"""Send texts over the manager link: to the practice's own phones, and to patients over the carrier's line."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Sequence

from pbx.ami.client import AmiClient
from pbx.ami.errors import AmiError
from pbx.domain.texting_words import PART_BYTES as LONGEST_PART
from pbx.domain.texting_words import parts_of
from pbx.services.text_ports import PhonesUnreachable

_NAME = re.compile(r"[a-z0-9-]{1,120}")
_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}:[0-9]{1,5}(;transport=tcp)?")
_FROM = '"Secondline" <sip:secondline@127.0.0.1>'

QUALIFY_SECONDS = 3.3
"""A phone has `qualify_timeout` (pjsip.conf), 3 s, to answer."""

_LOOK_SECONDS = 0.3


class AmiTexts:
    """Texts to phones, by the name of their endpoint."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    async def is_there(self, phone: str) -> bool:
        """Whether a phone answers right now.

        One that lost its power stays registered for minutes, so Asterisk is made to ask it, and has to believe in it
        for as long as the phone may take to answer. Raises AmiError.
        """
        if not await self._registered(phone):
            return False
        await self._ami.action("PJSIPQualify", Endpoint=_named(phone))
        deadline = time.monotonic() + QUALIFY_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
            if not await self._registered(phone):
                return False
        return True

    async def send(self, phone: str, text: str) -> None:
        """Send a text of one line. Raises AmiError; nobody tells whether it arrived."""
        await self._ami.action("MessageSend", Destination=f"pjsip:{_named(phone)}", From=_FROM, Body=text)

    async def show(self, phone: str, sender: str, parts: Sequence[str]) -> None:
        """Show a text on a phone as one from the number `sender`, so that an answer goes there: to us. Raises AmiError.

        With a user alone Asterisk takes the host by which it talks to this phone (res_pjsip_messaging.c,
        `update_from`). As base64 a text keeps its lines, and no letter of it can be a header.
        """
        for part in parts:
            await self._send(f"pjsip:{_named(phone)}", _numbered(sender), part)

    async def _send(self, to: str, sender: str, text: str) -> None:
        body = base64.b64encode(text.encode()).decode()
        await self._ami.action("MessageSend", Destination=to, From=sender, Base64Body=body)

    async def _registered(self, phone: str) -> bool:
        return (await self._ami.registered_phones([phone]))[phone]


class AmiTrunkTexts:
    """Texts to patients as SIP MESSAGE to the carrier at `host` (with its port; None: there is no carrier)."""

    def __init__(self, ami: AmiClient, host: str | None) -> None:
        self._ami = ami
        self._host = host

    @property
    def ready(self) -> bool:
        return self._ami.connected and self._host is not None

    async def send_out(self, line: str, patient: str, body: str) -> None:
        """Send a text in as many parts as it takes. Raises AmiError."""
        if self._host is None or not _HOST.fullmatch(self._host):
            raise ValueError("there is no carrier that a text could go to")
        to = f"pjsip:_trunk/sip:{_numbered(patient)}@{self._host}"
        for part in parts_of(body, LONGEST_PART):
            data = base64.b64encode(part.encode()).decode()
            await self._ami.action("MessageSend", Destination=to, From=_numbered(line), Base64Body=data)


class AmiTextPhones:
    """`pbx.services.text_ports.TextPhones` over the manager link."""

    def __init__(self, ami: AmiClient) -> None:
        self._texts = AmiTexts(ami)

    async def is_there(self, phone: str) -> bool:
        """Whether a phone answers right now. Raises PhonesUnreachable."""
        try:
            return await self._texts.is_there(phone)
        except AmiError as error:
            raise PhonesUnreachable from error

    async def show(self, phone: str, sender: str, parts: Sequence[str]) -> None:
        """Show a text. Raises PhonesUnreachable."""
        try:
            await self._texts.show(phone, sender, parts)
        except AmiError as error:
            raise PhonesUnreachable from error


def _numbered(sender: str) -> str:
    if not _NUMBER.fullmatch(sender) and not _NAME.fullmatch(sender):
        raise ValueError("a text has a number that Asterisk cannot take")
    return sender


def _named(phone: str) -> str:
    if not _NAME.fullmatch(phone):
        raise ValueError("a phone has a name that Asterisk cannot take")
    return phone
