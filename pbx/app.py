"""The server: its parts are made ready, its ports opened, and all of it is run.

Order matters twice. At the start, everything that a patient's call needs (prompts, files, Asterisk) comes up whether or
not the database does. At the stop, calls in progress finish first, while the controller still answers; what they left
in the spool is taken in; then the rest goes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from agi.server import serve
from pbx.assembly.server import Assembly
from pbx.asterisk.certificate import refresh
from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import LOOPBACK, Ports
from pbx.asterisk.programs import find_asterisk
from pbx.asterisk.render import Machine, render
from pbx.asterisk.running import find_running
from pbx.asterisk.secrets import Secrets
from pbx.config.load import Practice, load
from pbx.database import dsn_of, embedded
from pbx.instance import WAIT_SECONDS, only_instance
from pbx.key_ring import ring_of
from pbx.prompts import make_prompts
from pbx.running import Running, Signals
from pbx.sealing.keys import KeysMissing
from pbx.sealing.vault import Vault
from pbx.services.health import Health
from pbx.store.database import Database
from pbx.supervisor import Before
from pbx.web.metrics import Metrics
from pbx.web.server import serve_control, serve_web
from pbx.web.texts import serve_texts

log = logging.getLogger(__name__)


class Server:
    """Everything that `secondline run` runs, on one practice's file and one data folder.

    `owner` is the process that an operator sees (default: this one), `before` how a controller before this one ended.
    """

    def __init__(self, config: Path, data: Path, owner: int | None = None, before: Before | None = None) -> None:
        self.serving = False
        self._config = config
        self._owner = owner
        self._before = before
        self._layout = Layout(data)
        self._health = Health()
        self._metrics = Metrics()
        self._signals = Signals(asyncio.Event(), asyncio.Event(), asyncio.Event())

    def stop(self) -> None:
        """Stop when the calls in progress are over or the drain time is; called again, stop at once."""
        if self._signals.stop.is_set():
            self._signals.hurry.set()
        self._signals.stop.set()

    def reload_soon(self) -> None:
        """Take the practice's file anew."""
        self._signals.reload.set()

    async def run(self) -> None:
        """Serve until `stop`. Raises what keeps it from starting, each with a sentence for people."""
        began = time.monotonic()
        practice = load(self._config)
        for warning in practice.warnings:
            log.warning("%s", warning)
        self._layout.make()
        with only_instance(self._layout.lock, self._owner, WAIT_SECONDS):
            machine = await self._prepare(practice)
            async with AsyncExitStack() as stack:
                running = await self._open(stack, practice, machine)
                self.serving = True
                await running.serve(self._signals, practice.settings.drain_seconds, began)
        log.info("stopped")

    async def _prepare(self, practice: Practice) -> Machine:
        """Bring everything on the disk that Asterisk reads up to date."""
        await make_prompts(practice.policy, self._layout)
        ports = Ports.load_or_choose(self._layout, asterisk_runs=find_running(self._layout) is not None)
        secrets = Secrets.load_or_create(self._layout, [phone.name for phone in practice.policy.phones])
        machine = Machine(self._layout, secrets, ports, find_asterisk())
        settings = practice.settings
        refresh(self._layout, settings.network, settings.phone_security, datetime.now(UTC))
        render(practice.policy, practice.settings, machine)
        return machine

    def _vault(self, practice: Practice) -> Vault:
        """The vault. Where its keys are missing calls go on all the same: what they leave waits in the spool."""
        ring = ring_of(practice.settings, self._layout)
        try:
            ring.make_first()
        except KeysMissing as problem:
            log.error("%s", problem)
        return Vault(ring)

    async def _open(self, stack: AsyncExitStack, practice: Practice, machine: Machine) -> Running:
        """Put the parts together, and open all ports but those of Asterisk."""
        cluster = embedded(practice.settings, self._layout)
        if cluster:
            stack.push_async_callback(cluster.stop)
        vault = self._vault(practice)
        database = await stack.enter_async_context(Database.connect(dsn_of(practice.settings, cluster), vault))
        world = (practice, machine, database, cluster, self._health, self._metrics, self._before)
        parts = Assembly(self._config, *world)
        await parts.calendars.follow(practice.calendars, datetime.now(UTC))
        await parts.operations.notes.loaded(practice.policy.version)
        await stack.enter_async_context(parts.messages.recogniser)
        await stack.enter_async_context(parts.messages.head_starts)
        agi = serve(parts.router, LOOPBACK, machine.ports.agi, talks=parts.by_phone.talks, out=parts.calls_out)
        await stack.enter_async_context(agi)
        web = practice.settings.web
        port = await stack.enter_async_context(
            serve_web(parts.operations, web.host, web.port, parts.programs.api.routes())
        )
        await stack.enter_async_context(serve_texts(parts.texting.site, practice.settings.texts_web))
        await stack.enter_async_context(serve_control(parts.operations, self._layout.operator_socket))
        log.info("health, readiness, metrics and the interface for programs on http://%s:%d", web.host, port)
        return parts.running()
