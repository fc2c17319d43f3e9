"""The practice's database: the embedded one or that of `database.url`, kept up while the server runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pbx.asterisk.layout import Layout
from pbx.config.settings import Settings
from pbx.instance import AlreadyRunning, only_instance
from pbx.key_ring import vault_of
from pbx.services.health import Health, Part
from pbx.services.ports import StoreUnavailable
from pbx.store.answers import PgAnswers
from pbx.store.calls import PgCallBook, PgCallLog, PgPastCalls
from pbx.store.chain import PgAudit
from pbx.store.database import Addresses, Database
from pbx.store.door import PgDoorAudit
from pbx.store.down import DatabaseDown
from pbx.store.embedded import EmbeddedPostgres
from pbx.store.emergencies import PgEmergencyAudit
from pbx.store.errors import StoreError
from pbx.store.hooks import PgHookBook
from pbx.store.inbox import PgInbox
from pbx.store.keeping import PgKeeping
from pbx.store.key_book import PgKeyBook
from pbx.store.messages import PgMessageBox
from pbx.store.migrate import SchemaRefused
from pbx.store.outbox import PgOutbox
from pbx.store.overrides import PgOverrideBook
from pbx.store.own_greetings import PgGreetingAudit
from pbx.store.pins import PgPinBook
from pbx.store.placed import PgPlacedAudit
from pbx.store.swaps import PgSwapBook
from pbx.store.text_links import PgLinkBook
from pbx.store.text_outbox import PgTextOutbox
from pbx.store.texts import PgTextBook
from pbx.store.tokens import PgTokenBook
from pbx.store.urgent import PgUrgentBook

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often the server looks whether its database answers."""

DatabaseProblem = (StoreUnavailable, DatabaseDown, SchemaRefused, StoreError)


def embedded(settings: Settings, layout: Layout) -> EmbeddedPostgres | None:
    """The cluster in the data folder, or None where the file names a database of its own."""
    return None if settings.database_url else EmbeddedPostgres(layout.postgres)


def dsn_of(settings: Settings, cluster: EmbeddedPostgres | None) -> Addresses:
    """Where the database is, for the program and for its owner."""
    if cluster:
        return cluster.addresses
    url = settings.database_url or ""
    return Addresses(app=url, owner=settings.database_owner_url or url)


class DatabaseKeeper:
    """Brings the database up, and up again whenever it went away; calls go on meanwhile."""

    def __init__(self, database: Database, cluster: EmbeddedPostgres | None, health: Health) -> None:
        self._database = database
        self._cluster = cluster
        self._health = health
        self._migrated = False

    async def run(self) -> None:
        """Look after it for ever; meant to be cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Bring it up if it is not, and tell its health. Raises nothing that an outage can cause."""
        try:
            if self._cluster and not self._cluster.running():
                await self._cluster.start()
            if not self._migrated:
                await self._database.migrate()
                self._migrated = True
            version = await self._database.server_version()
            await self._database.check_keys()
        except DatabaseProblem as error:
            if self._health.parts[Part.DATABASE].ok:
                log.warning("the database cannot be used (calls go on): %s", error)
            self._health.failing(Part.DATABASE, str(error))
        else:
            self._health.working(Part.DATABASE, f"PostgreSQL {version}")


@dataclass(frozen=True, slots=True)
class Records:
    """The call log, the messages, how long they are kept, and what people change by command."""

    calls: PgCallLog
    messages: PgMessageBox
    swaps: PgSwapBook
    overrides: PgOverrideBook
    tokens: PgTokenBook
    pins: PgPinBook
    urgent: PgUrgentBook
    keeping: PgKeeping
    past_calls: PgPastCalls
    outbox: PgOutbox
    greeting_audit: PgGreetingAudit
    emergency_audit: PgEmergencyAudit
    placed_audit: PgPlacedAudit
    door_audit: PgDoorAudit
    inbox: PgInbox
    call_book: PgCallBook
    answers: PgAnswers
    hooks: PgHookBook
    audit: PgAudit
    texts: PgTextBook
    text_outbox: PgTextOutbox
    text_links: PgLinkBook
    keys: PgKeyBook


@asynccontextmanager
async def open_records(settings: Settings, layout: Layout) -> AsyncIterator[Records]:
    """The records for a command, beside a running server or without one (the embedded database runs meanwhile).

    Raises StoreUnavailable or DatabaseDown.
    """
    cluster = embedded(settings, layout)
    if cluster is None:
        async with Database.connect(dsn_of(settings, None), vault_of(settings, layout)) as database:
            await database.migrate()
            yield records_of(database)
        return
    layout.make()
    try:
        with only_instance(layout.lock):
            try:
                await cluster.start()
                async with Database.connect(cluster.addresses, vault_of(settings, layout)) as database:
                    await database.migrate()
                    yield records_of(database)
            finally:
                await cluster.stop()
    except AlreadyRunning:
        async with Database.connect(cluster.addresses, vault_of(settings, layout)) as database:
            yield records_of(database)


@asynccontextmanager
async def database_up(settings: Settings, layout: Layout) -> AsyncIterator[str]:
    """The DSN of the practice's database, with the rights of its owner, beside a running server or without one (the
    embedded database runs meanwhile). Raises DatabaseDown.
    """
    cluster = embedded(settings, layout)
    if cluster is None:
        yield dsn_of(settings, None).owner
        return
    try:
        with only_instance(layout.lock):
            try:
                yield await cluster.start()
            finally:
                await cluster.stop()
    except AlreadyRunning:
        yield cluster.dsn


def records_of(database: Database) -> Records:
    """Everything that is kept in `database`."""
    return Records(
        calls=PgCallLog(database),
        messages=PgMessageBox(database),
        swaps=PgSwapBook(database),
        overrides=PgOverrideBook(database),
        tokens=PgTokenBook(database),
        pins=PgPinBook(database),
        urgent=PgUrgentBook(database),
        keeping=PgKeeping(database),
        past_calls=PgPastCalls(database),
        outbox=PgOutbox(database),
        greeting_audit=PgGreetingAudit(database),
        emergency_audit=PgEmergencyAudit(database),
        placed_audit=PgPlacedAudit(database),
        door_audit=PgDoorAudit(database),
        inbox=PgInbox(database),
        call_book=PgCallBook(database),
        answers=PgAnswers(database),
        hooks=PgHookBook(database),
        audit=PgAudit(database),
        texts=PgTextBook(database),
        text_outbox=PgTextOutbox(database),
        text_links=PgLinkBook(database),
        keys=PgKeyBook(database),
    )
