"""How people hear of messages: the channels, and what each mailbox asks for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pbx.config.schema.section import Section
from pbx.config.values import About, Host, Key, Keys, Line, Port, SomeKeys, Text

Minutes = Annotated[int, Field(ge=0, le=7 * 24 * 60)]
SomeMinutes = Annotated[int, Field(ge=1, le=7 * 24 * 60)]
Times = Annotated[int, Field(ge=1, le=20)]


class NotifySection(Section):
    """A channel over which people hear of messages. One that is not trusted carries nothing of a patient.

    The message lamp of the practice's phones needs no entry.
    """

    kind: Annotated[
        Literal["email", "webhook", "phone-message"],
        About("email, webhook (a program of yours), or phone-message (a text on the practice's phones).", '"email"'),
    ]
    trusted: Annotated[bool, About("Whether numbers and words of patients may go over it.", "false")] = False
    because: Annotated[
        Text | None, About("Why it is trusted; it has to be said.", '"Our own server, in this building."')
    ] = None
    text: Annotated[
        Text | None,
        About(
            "What it says: {notice}, {mailbox}, {practice}; if it is trusted {number}, {received} and {words} too.",
            '"{notice}"',
        ),
    ] = None
    server: Annotated[Host | None, About("For email: the mail server.", '"mail.example.com"', shown=True)] = None
    port: Annotated[Port | None, About("Its port. Left out: 587, or 465 where TLS begins at once.", "587")] = None
    tls: Annotated[
        Literal["starttls", "at-once"],
        About("How TLS begins: starttls or at-once. There is no mail without.", '"starttls"'),
    ] = "starttls"
    sender: Annotated[
        Line | None, About("For email: the address it comes from.", '"secondline@example.com"', shown=True)
    ] = None
    username: Annotated[Line | None, About("Account at the mail server, where it asks for one.", '"secondline"')] = None
    password_file: Annotated[
        Text | None, About("A file that holds its password and nothing else.", '"mail-password"')
    ] = None
    url: Annotated[
        Text | None, About("For a webhook: where it is posted to.", '"https://hooks.example.com/secondline"')
    ] = None
    secret_file: Annotated[
        Text | None, About("For a webhook: a file that holds the secret that signs it.", '"webhook-secret"')
    ] = None
    ca_file: Annotated[
        Text | None, About("Certificates that are trusted instead of this machine's own, as PEM.", '"our-ca.pem"')
    ] = None


class GroupSection(Section):
    """One step of an escalation."""

    after_minutes: Annotated[Minutes, About("When, from the beginning of the escalation on.", "15", unit="minutes")]
    tell: Annotated[SomeKeys, About("People and teams who are told together; [] of nobody.", '["rictor"]')]
    by: Annotated[SomeKeys, About("Channels.", '["mail"]')]


class NoticesSection(Section):
    """Who hears of a mailbox's messages, and what happens while nobody takes care of one."""

    by: Annotated[
        Keys, About("Channels that tell of each new message, by their keys in [notify].", '["mail"]', shown=True)
    ] = []
    tell: Annotated[
        SomeKeys | None,
        About("People and teams who hear of it. Left out: whoever the mailbox belongs to.", '["rictor"]'),
    ] = None
    remind_after_minutes: Annotated[
        SomeMinutes | None, About("They are reminded so often while it is unread.", "30", unit="minutes")
    ] = None
    reminders: Annotated[Times, About("How many times at most.", "3")] = 3
    escalate: Annotated[
        list[GroupSection],
        About(
            "Who is told, one group after the other, until somebody takes it; and anew when the call back is overdue.",
            '[{ after_minutes = 15, tell = "rictor", by = "mail" }]',
        ),
    ] = []
    rounds: Annotated[Times, About("How many times the whole of `escalate` is gone through.", "2")] = 2
    again_after_minutes: Annotated[
        SomeMinutes, About("How long after its last group it begins anew.", "15", unit="minutes")
    ] = 15


Channels = dict[Key, NotifySection]
Notices = dict[Key, NoticesSection]
