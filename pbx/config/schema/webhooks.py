"""Programs of the practice that are told of what happens."""

from __future__ import annotations

from typing import Annotated

from pbx.config.schema.section import Section
from pbx.config.values import About, SomeKinds, Text


class WebhookSection(Section):
    """A program that is told of events. One that is not trusted is told ids and keys, and nothing of a patient."""

    url: Annotated[Text, About("Where it is posted to.", '"https://ehr.example.com/secondline"', shown=True)]
    events: Annotated[
        SomeKinds | None, About("Which events. Left out: all.", '["message.received", "message.done"]', shown=True)
    ] = None
    secret_file: Annotated[
        Text | None,
        About(
            "A file that holds the secret that signs. Left out: `secondline webhooks secret` makes one.", '"ehr-secret"'
        ),
    ] = None
    trusted: Annotated[bool, About("Whether numbers and words of patients may go to it.", "false")] = False
    because: Annotated[
        Text | None, About("Why it is trusted; it has to be said.", '"Our own server, in this building."')
    ] = None
    paused: Annotated[bool, About("Keep what it is to be told until this is false.", "false")] = False
    ca_file: Annotated[
        Text | None, About("Certificates that are trusted instead of this machine's own, as PEM.", '"our-ca.pem"')
    ] = None
