"""Texts with patients: the carrier for all numbers, and what each number does with its texts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pbx.config.schema.section import Section
from pbx.config.values import About, Address, Key, Keys, Line, Port, Text

Words = Annotated[Text, Field(max_length=1000)]


class LineTextsSection(Section):
    """Texts to one number of the practice: whose they are, and what is answered by itself."""

    to: Annotated[Key, About("Key of the person or team whose phones show them, and who may answer.", '"rictor"')]
    auto_reply_open: Annotated[
        Words | None,
        About("Answered by itself when open. Left out: nothing is.", '"Thank you. We read this within two hours."'),
    ] = None
    auto_reply_closed: Annotated[
        Words | None,
        About("Answered by itself when closed. Left out: nothing is.", '"We are closed and read this tomorrow."'),
    ] = None
    missed_call: Annotated[
        Words | None,
        About(
            "Sent to a caller whom nobody answered and who left no message. Left out: nothing is.",
            '"Sorry we missed your call. You can text us here."',
        ),
    ] = None


class TextsSection(Section):
    """Texts with patients. A number has them where it says `texts = { to = "..." }`."""

    carrier: Annotated[
        Literal["twilio", "telnyx", "trunk"],
        About("twilio, telnyx, or trunk: SIP MESSAGE over the line of [trunk].", '"telnyx"'),
    ]
    account: Annotated[Line | None, About("For twilio: the AccountSid.", '"AC0123456789abcdef0123456789abcdef"')] = None
    key_file: Annotated[
        Text | None,
        About("For twilio and telnyx: a file that holds the auth token or API key and nothing else.", '"texts-key"'),
    ] = None
    public_key: Annotated[
        Line | None,
        About("For telnyx: the public key of the account, by which its requests are known.", '"mCkM1ZYQ...="'),
    ] = None
    api: Annotated[
        Text | None,
        About(
            "The carrier's interface, if it is not the usual one: another carrier of the same format.",
            '"https://example.signalwire.com/api/laml"',
        ),
    ] = None
    public_url: Annotated[
        Text | None,
        About(
            "Where carrier and patients reach `port` of this machine over TLS.",
            '"https://texts.example.com"',
            shown=True,
        ),
    ] = None
    address: Annotated[Address, About("Where the page and the carrier's requests are taken.", '"127.0.0.1"')] = (
        "127.0.0.1"
    )
    port: Annotated[Port, About("Its port (TCP); nothing else is served there.", "8081")] = 8081
    emergency_sentence: Annotated[
        Text, About("Ends every automatic text that does not say it already.", '"In an emergency, call 911."')
    ] = "In an emergency, call 911."
    staff_may_begin: Annotated[
        bool, About("Whether the staff may text a number that never texted or called and did not agree.", "false")
    ] = False
    answer_keywords: Annotated[
        bool | None,
        About(
            "Whether STOP, START and HELP are answered here. Left out: yes over the trunk; twilio and telnyx do it.",
            "true",
        ),
    ] = None
    tell_after_minutes: Annotated[
        int,
        Field(ge=1, le=24 * 60),
        About("A text that no phone shows within this time is told by [notices].", "5", unit="minutes"),
    ] = 5
    link_days: Annotated[int, Field(ge=1, le=90), About("How long a link shows its message.", "7", unit="days")] = 7
    keep_days: Annotated[
        int | None,
        Field(ge=1, le=36500),
        About(
            "Texts are erased, with the key that opens them, so long after they came; none that no phone has shown is. "
            "Left out: all are kept.",
            "2190",
            unit="days",
        ),
    ] = None
    events: Annotated[Keys, About("Webhooks of [notify] that hear of each text.", '["records"]')] = []
