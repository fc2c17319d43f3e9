"""Phones that cannot do what phones are to do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pbx.config.schema.section import Section
from pbx.config.values import About, Keys, Line


class PhoneExceptionSection(Section):
    """Less protection for phones that have no more, with the reason. Any number of them may stand here."""

    allow: Annotated[
        Literal["udp", "tcp", "md5", "md5-only"],
        About(
            "udp or tcp: SIP and voice without encryption. md5: a weaker proof of the secret, offered to all phones "
            "besides SHA-256. md5-only: offered alone, for phones that give up when they see SHA-256.",
            '"udp"',
        ),
    ]
    on: Annotated[Keys, About("The phones. Left out: every phone.", '["lobby-adapter"]')] = []
    because: Annotated[
        Line, Field(min_length=10), About("Why that is as it should be.", '"The adapter has no TLS; own VLAN."')
    ]
