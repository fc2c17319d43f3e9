"""The parts that have to do with texts, put together; `pbx.assembly` gives them what they share with the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pbx.ami.client import AmiClient
from pbx.ami.texts import AmiTextPhones, AmiTexts, AmiTrunkTexts
from pbx.asterisk.layout import Layout
from pbx.asterisk.text_spool import FileTextSpool
from pbx.config.settings import Settings
from pbx.database import Records
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy
from pbx.gateways.carrier import carrier_of
from pbx.notify.senders import Senders
from pbx.services.pins import Pins
from pbx.services.ports import CallLog
from pbx.services.text_calls import MissedCalls
from pbx.services.text_carriers import Carrier
from pbx.services.text_keeping import TextKeeping
from pbx.services.text_links import TextLinks
from pbx.services.text_post import TextPost
from pbx.services.texting import Texts
from pbx.web.refusals import Refusals
from pbx.web.texts import TextSite


@dataclass
class TextAssembly:
    """`settings`, `policy` and `facts` give what is in force; `refused` counts wrong codes."""

    records: Records
    layout: Layout
    ami: AmiClient
    pins: Pins
    call_log: CallLog
    settings: Callable[[], Settings]
    policy: Callable[[], Policy]
    facts: Callable[[], Facts]
    refused: Callable[[], None]

    def carrier(self) -> Carrier | None:
        """The way to patients' phones that the file in force says."""
        settings = self.settings()
        trunk = settings.trunk
        host = f"{trunk.host}:{trunk.port}{trunk.uri_parameter}" if trunk else None
        return carrier_of(settings.texts, AmiTrunkTexts(self.ami, host))

    @cached_property
    def phones(self) -> AmiTextPhones:
        return AmiTextPhones(self.ami)

    @cached_property
    def texts(self) -> Texts:
        records, spool = self.records, FileTextSpool(self.layout.spool, self.layout.spare)
        return Texts(records.texts, records.text_outbox, spool, self.phones, self.policy, self.facts)

    @cached_property
    def links(self) -> TextLinks:
        return TextLinks(self.records.text_links, self.records.texts, self.pins, self.policy)

    @cached_property
    def post(self) -> TextPost:
        senders = Senders(lambda: self.settings().senders, AmiTexts(self.ami))
        parts = (self.records.texts, self.records.text_outbox, self.phones, self.links)
        return TextPost(*parts, self.policy, self.carrier, senders.in_force)

    @cached_property
    def missed_calls(self) -> MissedCalls:
        return MissedCalls(self.call_log, self.records.texts, self.policy)

    @cached_property
    def keeping(self) -> TextKeeping:
        return TextKeeping(self.records.text_outbox, self.policy)

    @cached_property
    def site(self) -> TextSite:
        return TextSite(self.texts, self.links, self.policy, self.carrier, Refusals(self.refused))
