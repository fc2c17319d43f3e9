"""Tell the practice's people that something of Secondline does not work, and that it works again.

The database may be what is away, so none of this is kept there: what was told lies in a small file, what is to be sent
waits in memory, and a restart tells again only what is still so and was not told.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from pbx.domain.back_off import wait_after
from pbx.domain.policy import Policy
from pbx.domain.telling import SUBJECT
from pbx.domain.templates import Channel, Kind
from pbx.services.health import Health, Trouble
from pbx.services.in_force import Keepsake
from pbx.services.ports import Fate, Parcel, Sender

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
GRACE = timedelta(minutes=1)
"""What heals by itself within this time, as most does, is in the log and in nobody's mail."""

RESTARTS_TOLD_EVERY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=1)
MOST_WAITING = 100


@dataclass(slots=True)
class _Waiting:
    """One telling of one person over one channel. `due` moves with each attempt that failed."""

    channel: str
    parcel: Parcel
    written: datetime
    due: datetime
    attempts: int = 0


@dataclass(slots=True)
class Alarms:
    """`policy` and `senders` (by the channel's key) give what is in force; `kept` outlives the process."""

    health: Health
    policy: Callable[[], Policy]
    senders: Callable[[], Mapping[str, Sender]]
    kept: Keepsake
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    grace: timedelta = GRACE
    _told: dict[str, str] | None = None
    _waiting: list[_Waiting] = field(default_factory=list)

    async def run(self) -> None:
        """Look after it for ever; meant to be cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the edge of a job: calls must not end with it
                log.error("that something does not work could not be told (%s)", type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Find what is new, and send what waits. Raises OSError where it cannot be kept."""
        told, now = self._known(), self.now()
        troubles = {trouble.what: trouble for trouble in self.health.troubles}
        for what, trouble in troubles.items():
            if what not in told and now - trouble.since >= self.grace:
                self._write(f"{_sentence(self.policy(), trouble)}", "degraded", _data(trouble))
                told[what] = trouble.since.isoformat()
        for what in [what for what in told if what not in troubles and what != _RESTART]:
            self._write(f"Secondline: {what} works again.", "recovered", {"what": what, "since": told.pop(what)})
        await self._keep(told)
        await self._send()

    async def restarted(self, why: str, at: datetime) -> None:
        """A controller ended at `at` and this one took over; `why` as in `hung and was killed`."""
        told = self._known()
        last = datetime.fromisoformat(told[_RESTART]) if _RESTART in told else None
        if last is not None and timedelta() <= self.now() - last < RESTARTS_TOLD_EVERY:
            return
        text = (
            f"Secondline: the controller {why} at {_clock(self.policy(), at)} and was started again. Calls in "
            "progress went on. What to do: look for its last lines in the log."
        )
        self._write(text, "restarted", {"what": "controller", "since": at.isoformat(), "detail": why})
        told[_RESTART] = self.now().isoformat()
        await self._keep(told)

    def _known(self) -> dict[str, str]:
        if self._told is None:
            try:
                found = json.loads(self.kept.read() or "{}")
                self._told = {str(what): str(datetime.fromisoformat(at)) for what, at in found.items()}
            except (ValueError, TypeError, AttributeError):
                self._told = {}
        return self._told

    async def _keep(self, told: dict[str, str]) -> None:
        await asyncio.to_thread(self.kept.write, json.dumps(told, indent=1))

    def _write(self, text: str, kind: str, data: dict[str, Any]) -> None:
        policy, now = self.policy(), self.now()
        told = {"type": f"secondline.{kind}", "timestamp": now.isoformat(), "data": data | {"text": text}}
        for channel, to in _addresses(policy):
            self._waiting.append(_Waiting(channel.key, Parcel(uuid4(), to, SUBJECT, text, told), now, now))
        del self._waiting[:-MOST_WAITING]

    async def _send(self) -> None:
        now, senders = self.now(), self.senders()
        for one in [one for one in self._waiting if one.due <= now]:
            sender = senders.get(one.channel)
            if sender is None or await self._is_done(one, sender):
                self._waiting.remove(one)

    async def _is_done(self, one: _Waiting, sender: Sender) -> bool:
        try:
            verdict = await sender.send(one.parcel)
        except Exception as error:  # noqa: BLE001 - the edge of an attempt
            log.warning("an alarm over %s could not be sent (%s)", one.channel, type(error).__name__)
            fate, why = Fate.TEMPORARY, ""
        else:
            fate, why = verdict.fate, verdict.why
        if fate in (Fate.SENT, Fate.PERMANENT) or self.now() - one.written > GIVE_UP_AFTER:
            if fate is not Fate.SENT:
                log.error("an alarm over %s will not arrive. %s", one.channel, why)
            return True
        one.attempts += 1
        one.due = self.now() + wait_after(one.attempts, random.random())
        return False


_RESTART = "restart"
"""Where it is kept when a restart was told last; no part has that name."""


def _addresses(policy: Policy) -> Iterator[tuple[Channel, str]]:
    for key in policy.watch.channels:
        channel = policy.channels.get(key)
        if channel is None:
            continue
        if channel.kind is Kind.WEBHOOK:
            yield channel, ""
            continue
        for person in policy.watch.people:
            if channel.kind is Kind.PHONE_MESSAGE:
                yield from ((channel, phone) for phone in policy.phones_of(person))
            elif person in policy.people and (email := policy.people[person].email):
                yield channel, email


def _sentence(policy: Policy, trouble: Trouble) -> str:
    since = _clock(policy, trouble.since)
    detail = trouble.detail.rstrip(".")
    return (
        f"Secondline: {trouble.what} has not worked since {since}: {detail}. What callers notice: {trouble.callers} "
        f"What to do: {trouble.remedy}"
    )


def _data(trouble: Trouble) -> dict[str, Any]:
    return asdict(trouble) | {"since": trouble.since.isoformat()}


def _clock(policy: Policy, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(policy.timezone)):%a %d %b %Y %H:%M}"
