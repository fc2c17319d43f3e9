"""What the practice's own people can do by phone, put together: codes, the mailbox, and the page of an urgent call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from agi.codes import Codes
from agi.mailbox import Mailbox
from agi.mailbox_visit import Parts
from agi.server import Talks
from agi.urgent_talk import urgent_talk
from pbx.asterisk.layout import Layout
from pbx.database import Records
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy
from pbx.prompts import announcer, private_sounds
from pbx.services.inbox import Inbox
from pbx.services.outbound import CallsOut
from pbx.services.overrides import Overrides
from pbx.services.own_greetings import OwnGreetings
from pbx.services.pins import Pins
from pbx.services.urgent import UrgentCalls
from pbx.urgent_cases import UrgentCases
from voicemail.private import PrivateSounds
from voicemail.shelf import Shelf
from voicemail.transcribe.recogniser import RecogniserProcess


@dataclass
class TalkAssembly:
    """`policy` and `facts` give what is in force."""

    records: Records
    layout: Layout
    policy: Callable[[], Policy]
    facts: Callable[[], Facts]
    overrides: Overrides
    pins: Pins
    inbox: Inbox
    own_greetings: OwnGreetings
    urgent: UrgentCalls
    calls_out: CallsOut
    shelf: Shelf
    recogniser: RecogniserProcess

    @cached_property
    def talks(self) -> Talks:
        """By the names under which the dialplan asks for them."""
        codes = Codes(self.policy, self.facts, self.overrides, self.pins, announcer(self.layout))
        page = urgent_talk(self.pins, UrgentCases(self.layout, self.urgent, self.records.messages, self._private))
        box = self._mailbox
        named = {"codes": codes.talk, "urgent": page, "mailbox": box.own_phone, "mailbox-outside": box.outside}
        return Talks(self.layout.greetings, named)

    @cached_property
    def _private(self) -> PrivateSounds:
        """Sounds about patients, for a moment; what a server that died has left of them is gone first."""
        private = private_sounds(self.layout, self.shelf)
        private.clear()
        return private

    @cached_property
    def _mailbox(self) -> Mailbox:
        """The talk about messages."""
        parts = Parts(
            policy=self.policy,
            pins=self.pins,
            announce=announcer(self.layout),
            inbox=self.inbox,
            private=self._private,
            own=self.own_greetings,
            recogniser=self.recogniser,
            greetings=self.layout.greetings,
            calls_out=self.calls_out,
        )
        return Mailbox(parts)
