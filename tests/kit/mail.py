"""A real mail server, and what was handed over to it."""

from __future__ import annotations

import asyncio
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ACCOUNT, PASSWORD = "secondline", "a mail password"


@dataclass
class MailBoxes:
    """`mails` in the order in which they came; `answers` are given instead of 250, one for each mail."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    in_the_clear: list[str] = field(default_factory=list)

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]

    async def handle_RCPT(self, server: Any, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:
        if server.session.ssl is None and server.transport.get_extra_info("ssl_object") is None:
            self.in_the_clear.append(address)
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Session, envelope: Envelope) -> str:
        answer = self.answers.pop(0) if self.answers else "250 kept"
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        if answer.startswith("250"):
            self.mails.append(BytesParser(_class=EmailMessage, policy=email.policy.default).parsebytes(content))
        return answer


@asynccontextmanager
async def mail_server(
    context: ssl.SSLContext | None,
    *,
    at_once: bool = False,
    account: bool = False,
    port: int = 0,
    boxes: MailBoxes | None = None,
) -> AsyncIterator[MailBoxes]:
    """A server on 127.0.0.1; without a context it knows no TLS. `boxes` are those of one that was there before."""
    boxes = MailBoxes() if boxes is None else boxes

    def serve() -> SMTP:
        starttls = context if not at_once else None
        return SMTP(
            boxes,
            hostname="localhost",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=_authenticate if account else None,
            auth_required=account,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(serve, "127.0.0.1", port, ssl=context if at_once else None)
    boxes.port = server.sockets[0].getsockname()[1]
    try:
        yield boxes
    finally:
        server.close()


def _authenticate(_: Any, __: Any, ___: Any, ____: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (ACCOUNT.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)
