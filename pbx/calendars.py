"""Keep the calendars of the practice's schedules at hand: read them again and again, and stay with the last good copy.

A calendar that cannot be read changes nothing while there is a copy of it in the data folder. Without one, the weekly
hours of the schedule hold (`open_calendar`), and nothing is closed by it (`closed_calendar`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pbx.asterisk.state import write_private
from pbx.config.calendars import CalendarSource, CalendarUnreadable
from pbx.domain.callback import Limits
from pbx.domain.policy import Policy
from pbx.domain.schedule import Calendar, Schedule

log = logging.getLogger(__name__)

REFRESH_SECONDS = 900.0
FETCH_SECONDS = 20.0
MAX_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Known:
    """A calendar as it was read: its digest tells one content from another."""

    calendar: Calendar
    digest: str


@dataclass(frozen=True, slots=True)
class CalendarState:
    """Whether a calendar could be read when it was last tried, since when that is so (UTC), and what holds now."""

    ok: bool
    detail: str
    since: datetime


@dataclass(slots=True)
class Calendars:
    """The calendars of the practice in force; copies lie in `folder`."""

    folder: Path
    sources: tuple[CalendarSource, ...] = ()
    states: dict[str, CalendarState] = field(default_factory=dict)
    _known: dict[str, Known] = field(default_factory=dict)
    _poked: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, sources: tuple[CalendarSource, ...], now: datetime) -> None:
        """Take these sources from `now` (aware) on. Nothing is fetched: what is copied holds until they were read."""
        before = {source.id: source for source in self.sources}
        for source in sources:
            if before.get(source.id) != source:
                self._known.pop(source.id, None)
                self.states.pop(source.id, None)
                await asyncio.to_thread(self._take_copy, source, now)
        self.sources = sources
        ids = {source.id for source in sources}
        for gone in self.states.keys() - ids:
            del self.states[gone]
        self._poked.set()

    def applied_to(self, policy: Policy) -> Policy:
        """The policy with what is known of its calendars. Its version tells other contents apart, too."""
        return with_calendars(policy, {id_: self._known[id_] for id_ in self._ids() if id_ in self._known})

    def _ids(self) -> list[str]:
        return [source.id for source in self.sources]

    async def run(self, changed: Callable[[], None]) -> None:
        """Read all calendars again every quarter of an hour, and at once after `follow`; meant to be cancelled."""
        while True:
            self._poked.clear()
            if self.sources:
                await self.refresh(datetime.now(UTC))
                changed()
            try:
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._poked.wait()
            except TimeoutError:
                continue

    async def refresh(self, now: datetime) -> None:
        """Read every calendar once."""
        for source in self.sources:
            try:
                content = await fetch(source)
                known = await asyncio.to_thread(_read, source, content, now)
                await asyncio.to_thread(self._keep_copy, source, content)
            except CalendarUnreadable as error:
                if source in self.sources:
                    await asyncio.to_thread(self._take_copy, source, now)
                    self._failing(source, str(error), now)
            else:
                if source in self.sources:
                    self._known[source.id] = known
                    self._working(source, len(known.calendar.events), now)

    def _take_copy(self, source: CalendarSource, now: datetime) -> None:
        if known := read_copy(self.folder, source, now):
            self._known[source.id] = known

    def _keep_copy(self, source: CalendarSource, content: bytes) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(_copy(self.folder, source), content.decode("utf-8", "replace"))
        except OSError as error:
            log.warning("the calendar %s cannot be copied into the data folder: %s", source.id, error.strerror)

    def _working(self, source: CalendarSource, events: int, now: datetime) -> None:
        before = self.states.get(source.id)
        if before is None or not before.ok:
            log.info("the calendar %s is read: %d events", source.id, events)
        since = before.since if before and before.ok else now
        self.states[source.id] = CalendarState(True, f"{events} events, read again every 15 minutes", since)

    def _failing(self, source: CalendarSource, why: str, now: datetime) -> None:
        holds = "its last good copy holds" if source.id in self._known else without_copy(source)
        before = self.states.get(source.id)
        if before is None or before.ok:
            log.warning("the calendar %s cannot be read: %s; %s", source.id, why, holds)
        since = before.since if before and not before.ok else now
        self.states[source.id] = CalendarState(False, f"cannot be read: {why}; {holds}", since)


def without_copy(source: CalendarSource) -> str:
    """What holds when nothing is known of a calendar."""
    return "the weekly hours hold" if source.kind == "open_calendar" else "nothing is closed by it"


def with_calendars(policy: Policy, known: dict[str, Known]) -> Policy:
    """`policy` with calendars by their source's id."""
    if not known:
        return policy
    digest = hashlib.sha256(policy.version.encode())
    for id_, one in sorted(known.items()):
        digest.update(f"{id_} {one.digest}\n".encode())
    numbers = {e164: replace(number, schedule=_with(number.schedule, known)) for e164, number in policy.numbers.items()}
    limits = policy.call_back
    call_back = Limits(
        None if limits.usual is None else replace(limits.usual, hours=_with(limits.usual.hours, known)),
        {box: replace(limit, hours=_with(limit.hours, known)) for box, limit in limits.mailboxes.items()},
    )
    return replace(policy, numbers=numbers, call_back=call_back, version=digest.hexdigest())


def _with(schedule: Schedule | None, known: dict[str, Known]) -> Schedule | None:
    if schedule is None:
        return None
    opens, closes = known.get(f"{schedule.name}.open_calendar"), known.get(f"{schedule.name}.closed_calendar")
    if opens:
        schedule = replace(schedule, open_calendar=opens.calendar)
    if closes:
        schedule = replace(schedule, closed_calendar=closes.calendar)
    return schedule


async def fetch(source: CalendarSource) -> bytes:
    """What a calendar's file or address holds now. Raises CalendarUnreadable."""
    if source.file is not None:
        return await asyncio.to_thread(_file, source.file)
    # Imported here because it takes 0.2 s, which a command need not spend without such an address.
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(source.address or "") as answer,
        ):
            if answer.status != 200:
                raise CalendarUnreadable(f"its server answers with status {answer.status}")
            if answer.url.scheme != urlsplit(source.address).scheme:
                raise CalendarUnreadable("its server sends on to an address that is not safe")
            content = await answer.content.read(MAX_BYTES + 1)
            while len(content) <= MAX_BYTES and (more := await answer.content.read(MAX_BYTES)):
                content += more
    except TimeoutError:
        raise CalendarUnreadable(f"its server did not answer within {FETCH_SECONDS:.0f} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # The text of these errors may hold the address.
        raise CalendarUnreadable(f"its server cannot be reached ({type(error).__name__})") from None
    return _bounded(content)


def _file(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return _bounded(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise CalendarUnreadable(f"{file}: {error.strerror}") from None


def _bounded(content: bytes) -> bytes:
    if len(content) > MAX_BYTES:
        raise CalendarUnreadable(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    return content


def _read(source: CalendarSource, content: bytes, at: datetime) -> Known:
    return Known(source.read(content, at), hashlib.sha256(content).hexdigest())


def _copy(folder: Path, source: CalendarSource) -> Path:
    # The copy is that of a place: after a change of the place it is no copy of the new one.
    place = hashlib.sha256(str(source.file or source.address).encode()).hexdigest()[:16]
    return folder / f"{source.id}.{place}.ics"


def read_copy(folder: Path, source: CalendarSource, at: datetime) -> Known | None:
    """The last good copy, as it is known for calls around `at`; None where there is none."""
    try:
        return _read(source, _copy(folder, source).read_bytes(), at)
    except (OSError, CalendarUnreadable):
        return None


async def look_up(sources: Sequence[CalendarSource], folder: Path, at: datetime) -> dict[str, Known]:
    """For a command: what the server goes by around `at`, which is its copy; without one, what is there now."""
    known: dict[str, Known] = {}
    for source in sources:
        copy = read_copy(folder, source, at)
        try:
            known[source.id] = copy or _read(source, await fetch(source), at)
        except CalendarUnreadable as error:
            log.warning("the calendar %s cannot be read: %s; %s", source.id, error, without_copy(source))
    return known


async def try_out(sources: Sequence[CalendarSource], at: datetime) -> list[str]:
    """For `check`: read every calendar as it is now; a sentence for each."""
    lines = []
    for source in sources:
        try:
            events = (await asyncio.to_thread(_read, source, await fetch(source), at)).calendar.events
        except CalendarUnreadable as error:
            lines.append(
                f"warning: the calendar schedules.{source.id} cannot be read now: {error}; until it can, "
                f"{without_copy(source)}."
            )
        else:
            ahead = sum(end > at for _, end in events)
            does = "opens" if source.kind == "open_calendar" else "closes"
            lines.append(
                f"Schedule {source.schedule!r}: each event of its {source.kind} {does} the line; {ahead} ahead."
            )
    return lines
