"""Mail, over TLS or not at all."""

from __future__ import annotations

import asyncio
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, localtime

import aiosmtplib

from pbx.config.senders import MailServer
from pbx.services.ports import Fate, Parcel, Verdict

SECONDS = 30.0
"""For the whole of a mail."""

_REFUSED = 500


class Mail:
    """Sends a parcel to the mail address in its `to`."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, parcel: Parcel) -> Verdict:
        """Hand one mail over. Without TLS and a certificate that is right it is held: nothing goes in the clear."""
        server = self._server
        try:
            async with asyncio.timeout(SECONDS):
                await aiosmtplib.send(
                    self._mail(parcel),
                    sender=server.sender,
                    recipients=[parcel.to],
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password,
                    use_tls=server.at_once,
                    # True, not None: None would go on in the clear where the server offers no STARTTLS.
                    start_tls=not server.at_once,
                    tls_context=_context(server),
                )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _verdict(error)
        return Verdict(Fate.SENT)

    def _mail(self, parcel: Parcel) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = parcel.to
        mail["Subject"] = parcel.subject
        mail["Date"] = format_datetime(localtime())
        # The same at every attempt: a mailbox that got it twice shows it once.
        mail["Message-ID"] = f"<{parcel.id}@{self._server.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        mail.set_content(parcel.text)
        return mail


def _context(server: MailServer) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _verdict(error: Exception) -> Verdict:
    """What a failure means. No text of the server gets on: it may repeat what it was given."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _held("its certificate is not one that this machine trusts: have it renewed, or name its ca_file")
        if isinstance(cause, ssl.SSLError):
            return _held("it speaks no TLS that can be used: check port and tls")
        cause = cause.__cause__ or cause.__context__
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return _held("it refuses the account: check username and password_file")
        case aiosmtplib.SMTPRecipientsRefused(recipients=refused) if refused:
            return _by_code(refused[0].code, "it refuses the address")
        case aiosmtplib.SMTPResponseException(code=code):
            return _by_code(code, "it refuses the mail")
        case aiosmtplib.SMTPException() if "STARTTLS" in str(error):
            return _held("it offers no STARTTLS, and no mail goes in the clear")
        case ValueError():
            return Verdict(Fate.PERMANENT, "The mail cannot be written: check the address.")
    return _held("it cannot be reached")


def _by_code(code: int, what: str) -> Verdict:
    if code >= _REFUSED:
        return Verdict(Fate.PERMANENT, f"The mail server: {what} (SMTP {code}).")
    return _held(f"{what} for now (SMTP {code})")


def _held(what: str) -> Verdict:
    return Verdict(Fate.TEMPORARY, f"The mail server: {what}.")
