"""Who comes to the door of SIP: bans for guessing, and news of phones that come from somewhere new."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from pbx.ami.client import AmiClient
from pbx.ami.contacts import registrations
from pbx.ami.errors import AmiError
from pbx.ami.events import SignInFailed
from pbx.asterisk.bans import keep_bans, kept_bans, write_acl
from pbx.asterisk.layout import Layout
from pbx.asterisk.networks import own_networks
from pbx.config.settings import Settings
from pbx.domain.registrations import Moved
from pbx.registrations import Registrations
from pbx.services.ports import StoreUnavailable
from pbx.store.door import PgDoorAudit

LOOK_SECONDS = 2.0
_PLAIN = "_plain"
_SAY_EVERY, _SAY_AGAIN, _SAID = timedelta(seconds=10), timedelta(minutes=10), 100
_NEVER = datetime.min.replace(tzinfo=UTC)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DoorParts:
    """What the door needs. `reload_acl` has Asterisk read the list of banned addresses."""

    layout: Layout
    settings: Callable[[], Settings]
    ami: AmiClient
    audit: PgDoorAudit
    reload_acl: Callable[[], Awaitable[object]]


class Door:
    """Watches who signs in and who fails to."""

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts
        self._bans = kept_bans(parts.layout)
        self._registrations = Registrations(parts.layout)
        self._unwritten: list[Callable[[], Awaitable[None]]] = []
        self._poked = asyncio.Event()
        self.failures = 0
        self.exempt_failures = 0
        self._said: dict[str, datetime] = {}

    async def failed(self, event: SignInFailed) -> None:
        """Somebody gave a wrong answer to a challenge."""
        self.failures += 1
        now = datetime.now(UTC)
        if event.account == _PLAIN:
            self._tell_of_plain(event.address, now)
        if event.transport == "UDP":
            return  # over UDP everybody can write any address into a datagram, and have anybody banned
        if self._is_exempt(event.address):
            self.exempt_failures += 1
            if self._may_say(event.address, now):
                log.warning("wrong secrets at an own address, %s, which is never banned", event.address)
            return
        until = self._bans.failed(event.address, now)
        if until is None:
            return
        log.warning("nobody is let in from %s until %s: too many wrong secrets", event.address, f"{until:%H:%M:%S} UTC")
        self._write(lambda: self._parts.audit.banned(event.address, until))
        self._poked.set()  # the events of calls do not wait for Asterisk's console

    async def lift(self, address: str) -> bool:
        """Let `address` in again. False when it was not banned, or is no address."""
        try:
            lifted = self._bans.lift(address)
        except ValueError:
            return False
        if lifted:
            self._write(lambda: self._parts.audit.lifted(address))
            self._poked.set()
        return lifted

    async def run(self) -> None:
        """Look again and again: who is registered, which bans are over, what is still to be written down."""
        while True:
            self._poked.clear()
            now = datetime.now(UTC)
            self._bans.forget(now)
            await self._apply(now)
            await self._look_at_phones()
            await self._write_down()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), LOOK_SECONDS)

    def state(self, now: datetime) -> dict[str, Any]:
        """For `status`."""
        return {
            "banned": {place: until.isoformat(timespec="seconds") for place, until in self._bans.in_force(now).items()},
            "failures": self.failures,
            "registered_from": self._registrations.state(),
            "unencrypted": sorted(self._wrongly_plain()),
        }

    async def _look_at_phones(self) -> None:
        try:
            found = await registrations(self._parts.ami)
        except AmiError:
            return
        for moved in self._registrations.look(found):
            self._tell_of_moved(moved)

    def _tell_of_moved(self, moved: Moved) -> None:
        log.warning(
            "phone %s registered from a new place: %s (%s), before %s (%s); "
            "if that was not its owner, somebody knows its secret",
            *(moved.now.phone, *moved.now.place, *moved.before),
        )
        self._write(lambda: self._parts.audit.moved(moved))

    def _tell_of_plain(self, address: str, now: datetime) -> None:
        if self._may_say(address, now):
            log.warning("a phone at %s tries to sign in without encryption: set its transport to TLS", address)

    def _may_say(self, address: str, now: datetime) -> bool:
        """Of one address not again for ten minutes, and of all together a line in ten seconds: strangers can bring as
        many as they like."""
        since_any, since_this = now - max(self._said.values(), default=_NEVER), now - self._said.get(address, _NEVER)
        # What was said at a time that is yet to come counts for nothing: the clock was set back.
        if timedelta() <= since_any < _SAY_EVERY or timedelta() <= since_this < _SAY_AGAIN:
            return False
        self._said[address] = now
        while len(self._said) > _SAID:
            self._said.pop(next(iter(self._said)))
        return True

    def _wrongly_plain(self) -> set[str]:
        security = self._parts.settings().phone_security
        return {
            one.phone for one in self._registrations.now if not one.secure and security.transport(one.phone) == "tls"
        }

    def _is_exempt(self, address: str) -> bool:
        settings = self._parts.settings()
        networks = own_networks(settings.network, settings.trunk)
        here = ip_address(address)
        registered = {one.address for one in self._registrations.now}
        return address in registered or any(here in ip_network(network) for network in networks)

    async def _apply(self, now: datetime) -> None:
        if write_acl(self._parts.layout, self._bans.in_force(now)):
            keep_bans(self._parts.layout, self._bans)
            await self._parts.reload_acl()

    def _write(self, row: Callable[[], Awaitable[None]]) -> None:
        self._unwritten.append(row)
        del self._unwritten[:-1000]

    async def _write_down(self) -> None:
        while self._unwritten:
            try:
                await self._unwritten[0]()
            except StoreUnavailable:
                return
            self._unwritten.pop(0)
