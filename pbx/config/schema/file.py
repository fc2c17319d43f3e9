"""The whole file: which tables it has."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from pbx.config.schema.actions import MenuSection
from pbx.config.schema.audit import AuditSection
from pbx.config.schema.callers import CalledNumberSection, CallersSection, ContactsSection
from pbx.config.schema.notify import NoticesSection, NotifySection
from pbx.config.schema.outbound import EmergencySection, OutboundSection
from pbx.config.schema.people import GreetingSection, PersonSection, PromptSection, TeamSection
from pbx.config.schema.phones import PhoneExceptionSection
from pbx.config.schema.proof import AcceptSection, ExpectSection
from pbx.config.schema.ringing import OutsideSection
from pbx.config.schema.rotas import RotaSection
from pbx.config.schema.schedules import ScheduleSection
from pbx.config.schema.section import Section
from pbx.config.schema.site import (
    DatabaseSection,
    KeysSection,
    MailboxSection,
    PracticeSection,
    ServerSection,
    TrunkSection,
    VoicemailSection,
)
from pbx.config.schema.texts import TextsSection
from pbx.config.schema.watch import WatchSection
from pbx.config.schema.webhooks import WebhookSection
from pbx.config.values import (
    About,
    Key,
    as_list,
)

OwnPrompt = Literal["emergency", "thanks", "default", "menu-again"]


class PracticeFile(Section):
    """The whole file."""

    include: Annotated[
        Annotated[list[str], BeforeValidator(as_list)],
        About("Further files, beside this one; they are read as if they stood here.", '["people.toml"]'),
    ] = []
    practice: Annotated[PracticeSection, About("The practice as a whole.", "")]
    trunk: Annotated[TrunkSection | None, About("The carrier's line.", "", shown=True)] = None
    people: Annotated[dict[Key, PersonSection], About("People, by a short key.", "rictor")] = {}
    teams: Annotated[dict[Key, TeamSection], About("Teams, by a short key.", "front-desk")] = {}
    outside: Annotated[dict[Key, OutsideSection], About("Numbers outside, by a short key.", "answering-service")] = {}
    schedules: Annotated[dict[Key, ScheduleSection], About("Schedules, by a short key.", "office")] = {}
    rotas: Annotated[dict[Key, RotaSection], About("Who is on call, by a short key.", "doctors")] = {}
    greetings: Annotated[dict[Key, GreetingSection], About("Greetings, by a short key.", "after-hours")] = {}
    prompts: Annotated[
        dict[OwnPrompt, PromptSection], About("Translations of the program's own prompts.", "emergency")
    ] = {}
    menus: Annotated[dict[Key, MenuSection], About("Menus of a phone tree, by a short key.", "main")] = {}
    numbers: Annotated[dict[str, CalledNumberSection], About("Numbers, as people write them.", "+17175550100")] = {}
    contacts: Annotated[ContactsSection | None, About("People whom the practice knows.", "")] = None
    callers: Annotated[CallersSection, About("Rules by who is calling.", "")] = CallersSection()
    watch: Annotated[WatchSection, About("What keeps an eye on Secondline itself.", "")] = WatchSection()
    notify: Annotated[dict[Key, NotifySection], About("Channels for notices, by a short key.", "mail")] = {}
    notices: Annotated[dict[Key, NoticesSection], About("Notices of a mailbox's messages, by its key.", "rictor")] = {}
    webhooks: Annotated[dict[Key, WebhookSection], About("Programs told of events, by a short key.", "ehr")] = {}
    outbound: Annotated[OutboundSection | None, About("Calls to numbers outside.", "")] = None
    emergency: Annotated[dict[Key, EmergencySection], About("Where phones stand, by a short key.", "office")] = {}
    texts: Annotated[TextsSection | None, About("Texts with patients.", "")] = None
    expect: Annotated[list[ExpectSection], About("Tests of this file.", "")] = []
    accept: Annotated[list[AcceptSection], About("Warnings that are known and meant.", "")] = []
    voicemail: Annotated[VoicemailSection, About("Messages.", "")] = VoicemailSection()
    mailboxes: Annotated[dict[Key, MailboxSection], About("Mailboxes, by a short key.", "rictor")] = {}
    phone_exceptions: Annotated[
        list[PhoneExceptionSection], About("Phones that may do with less protection, and why.", "")
    ] = []
    server: Annotated[ServerSection, About("This machine.", "")] = ServerSection()
    database: Annotated[DatabaseSection, About("The database.", "")] = DatabaseSection()
    audit: Annotated[AuditSection, About("The audit.", "")] = AuditSection()
    keys: Annotated[KeysSection, About("The keys that patients' data are sealed with.", "")] = KeysSection()
