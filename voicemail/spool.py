"""The spool: what the dialplan wrote about calls that the controller has not taken in yet.

A call is `<call>.call` (its start), `<call>.end` (its end), any `<call>-<tag>.wav` (its recordings) and, of one on the
urgent path, `<call>.urgent` (`voicemail.urgent_journal`), in the spool or, where that failed, in the spare folder;
`<call>` is a UUID. Everything here is read as if a stranger had written it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pbx.domain.outcome import CallEnd, OutEnd, Stage
from pbx.domain.tree import KeyPress
from voicemail import urgent_journal
from voicemail.spool_out import Decided, SpoolOut, parse_out, parse_out_end
from voicemail.urgent_journal import Journal, parse_journal

SAFE_TAG = "safe"
"""Tag of a recording that was made without the controller. Other tags are the position of the step."""

QUARANTINE = "quarantine"
MARKER = ".mounted"
"""A file that tells that a spool folder is the real one (`pbx.asterisk.layout`)."""

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAME = re.compile(rf"(?P<call>{_UUID})(?:\.(?P<kind>call|end|urgent|done)|-(?P<tag>[0-9]{{1,3}}|{SAFE_TAG})\.wav)")
_EPOCH = r"[0-9]{9,11}(?:\.[0-9]{1,6})?"
_START = re.compile(
    rf"v1\|(?P<at>{_EPOCH})\|(?P<did>(?:\+[0-9]{{1,15}})?)\|(?P<caller>[+0-9]{{0,256}}|anonymous)\|[^|\n]{{0,150}}"
    rf"(?:\|(?P<former>{_UUID})?\|(?P<mover>[A-Za-z0-9_.\-]{{0,80}})\|(?P<whom>[a-z0-9_\-]{{1,80}}))?"
)
_END = re.compile(
    rf"v1\|(?P<at>{_EPOCH})\|(?P<stage>{'|'.join(Stage)})\|(?:-?[0-9]{{1,3}})?\|(?P<by>[A-Za-z0-9_.\-]{{0,80}})"
    rf"\|(?P<answered>{_EPOCH})?\|(?P<safe>[01])\|[0-9]{{0,3}}(?:\|(?P<choices>(?:[0-9]{{1,3}}\.[0-9*#]/)*))?"
)
_LARGEST_SIDECAR = 1024


@dataclass(frozen=True, slots=True)
class SpoolStart:
    """A call's start as written down: `dialled` is E.164, `caller` what the trunk sent (filtered), `at` UTC.

    `moved` is set of a part that one of the practice's people passed on to a colleague.
    """

    at: datetime
    dialled: str
    caller: str
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """`former` is the part before, `mover` the endpoint, phone.ENDPOINT, outside.KEY or person.KEY who passed it on.

    `whom` is the person (key) who was to have it. `former` is None, and `mover` empty, where it was not known any more.
    """

    former: UUID | None
    mover: str
    whom: str


@dataclass(frozen=True, slots=True)
class SpoolEnd:
    """A call's end as written down. `answered_at` is UTC, None where nobody answered; `presses` are keys in menus."""

    call_end: CallEnd
    answered_at: datetime | None
    presses: tuple[KeyPress, ...] = ()


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """A file of the spool as it was when it was looked at: `size` in bytes, `mtime` in ns since 1970."""

    path: Path
    size: int
    mtime: int


@dataclass(frozen=True, slots=True)
class SpooledRecording:
    """A recording. `tag` names it within its call: the same call can have one of a step here and one in the spare."""

    tag: str
    spare: bool
    file: SpoolFile

    @property
    def key(self) -> str:
        """What tells this recording from the others of its call, for ever."""
        return f"{self.tag}+spare" if self.spare else self.tag


@dataclass(frozen=True, slots=True)
class SpooledCall:
    """All that lies in the spool of one call; `start` and `end` are None where there is none that can be read.

    `finished` tells that the call was taken in already and only its files are left to be removed.
    """

    id: UUID
    start: SpoolStart | None = None
    end: SpoolEnd | None = None
    recordings: tuple[SpooledRecording, ...] = ()
    files: tuple[SpoolFile, ...] = ()
    finished: bool = False
    journal: Journal | None = None
    out: SpoolOut | None = None
    out_end: OutEnd | None = None

    @property
    def is_over(self) -> bool:
        """Whether its end was written down."""
        return self.end is not None or self.out_end is not None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is none of ours or that makes no sense. `call` is set if its name is one of ours."""

    file: SpoolFile
    call: UUID | None


@dataclass(frozen=True, slots=True)
class SpoolContent:
    calls: tuple[SpooledCall, ...]
    unreadable: tuple[Unreadable, ...]


def parse_start(text: str) -> SpoolStart | None:
    """Read a start sidecar; None if it is not one."""
    match = _START.fullmatch(text.removesuffix("\n"))
    if match is None or not (match["did"] or match["whom"]):
        return None
    return SpoolStart(_utc(match["at"]), match["did"], match["caller"], _moved(match) if match["whom"] else None)


def _moved(match: re.Match[str]) -> Moved:
    return Moved(UUID(match["former"]) if match["former"] else None, match["mover"], match["whom"])


def parse_end(text: str) -> SpoolEnd | None:
    """Read an end sidecar; None if it is not one."""
    match = _END.fullmatch(text.removesuffix("\n"))
    if match is None:
        return None
    end = CallEnd(_utc(match["at"]), Stage(match["stage"]), match["by"] or None, match["safe"] == "1")
    return SpoolEnd(end, _utc(match["answered"]) if match["answered"] else None, _presses(match["choices"] or ""))


def _presses(text: str) -> tuple[KeyPress, ...]:
    pairs = (press.partition(".") for press in text.split("/") if press)
    return tuple(KeyPress(int(position), key) for position, _, key in pairs)


def read_spool(spool: Path, spare: Path) -> SpoolContent:
    """Look at both folders (a missing one is empty), oldest call first. Raises OSError if one cannot be listed."""
    calls: dict[UUID, _Gathered] = {}
    unreadable: list[Unreadable] = []
    for file, mode in [*_files(spool), *_files(spare)]:
        match = _NAME.fullmatch(file.path.name)
        call = UUID(match["call"]) if match else None
        gathered = calls.setdefault(call, _Gathered()) if call and stat.S_ISREG(mode) else None
        if match is None or gathered is None or not gathered.add(file, match, file.path.parent == spare):
            unreadable.append(Unreadable(file, call))
    found = [gathered.as_call(call) for call, gathered in calls.items() if gathered.files]
    return SpoolContent(tuple(sorted(found, key=_age)), tuple(unreadable))


def read_call(call: UUID, spool: Path, spare: Path) -> SpooledCall:
    """What lies in both folders of one call; nothing where there is none of it. Raises OSError."""
    gathered = _Gathered()
    for file, mode in [*_files(spool, str(call)), *_files(spare, str(call))]:
        match = _NAME.fullmatch(file.path.name)
        if match is not None and stat.S_ISREG(mode):
            gathered.add(file, match, file.path.parent == spare)
    return gathered.as_call(call)


def quarantine(file: SpoolFile) -> None:
    """Put a file aside, in a folder beside it, where nothing looks at it again. Raises OSError."""
    aside = file.path.parent / QUARANTINE
    aside.mkdir(mode=0o700, exist_ok=True)
    file.path.rename(aside / file.path.name)


@dataclass(slots=True)
class _Gathered:
    start: SpoolStart | None = None
    end: SpoolEnd | None = None
    out: SpoolOut | None = None
    out_end: OutEnd | None = None
    decided: Decided = (None, None, None)
    finished: bool = False
    journal: Journal | None = None
    recordings: list[SpooledRecording] = field(default_factory=list)
    files: list[SpoolFile] = field(default_factory=list)

    def add(self, file: SpoolFile, name: re.Match[str], spare: bool) -> bool:
        """Take a file in; False if it is a sidecar that makes no sense.

        An empty sidecar is what a full disk leaves: the same one in the spare folder has the text.
        """
        if name["kind"] in ("call", "end") and file.size == 0:
            self.files.append(file)
            return True
        if name["kind"] == "call":
            text = _text(file.path)
            start, out = parse_start(text), parse_out(text)
            self.start, self.out = self.start or start, self.out or out
            readable = start is not None or out is not None
        elif name["kind"] == "end":
            text = _text(file.path)
            end, out_end = parse_end(text), parse_out_end(text)
            self.end = self.end or end
            if out_end is not None:
                self.out_end, self.decided = out_end
            readable = end is not None or out_end is not None
        elif name["kind"] == "urgent":
            text = _text(file.path, urgent_journal.LARGEST)
            self.journal = self.journal or parse_journal(UUID(name["call"]), text)
            readable = True
        else:
            readable = True
            self.finished = self.finished or name["kind"] == "done"
            if name["tag"]:
                self.recordings.append(SpooledRecording(name["tag"], spare, file))
        if readable:
            self.files.append(file)
        return readable

    def as_call(self, call: UUID) -> SpooledCall:
        recordings = tuple(sorted(self.recordings, key=lambda r: (r.file.mtime, r.key)))
        out = self.out
        if out is not None and out.reason is None:
            to, shown, reason = self.decided
            out = replace(out, to=to, shown=shown, reason=reason)
        files, rest = tuple(self.files), (self.finished, self.journal, out, self.out_end)
        return SpooledCall(call, self.start, self.end, recordings, files, *rest)


def _files(folder: Path, prefix: str = "") -> Iterator[tuple[SpoolFile, int]]:
    """The files with their mode. Names with a dot (the mount marker) and folders (`lost+found`) are not looked at."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if not entry.name.startswith(prefix) or entry.name.startswith(".") or entry.is_dir(follow_symlinks=False):
                continue
            try:
                seen = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield SpoolFile(Path(entry.path), seen.st_size, seen.st_mtime_ns), seen.st_mode


def _text(path: Path, most: int = _LARGEST_SIDECAR) -> str:
    try:
        with path.open("rb") as file:
            return file.read(most).decode("ascii", errors="replace")
    except OSError:
        return ""


def _age(call: SpooledCall) -> tuple[int, UUID]:
    return min(file.mtime for file in call.files), call.id


def _utc(epoch: str) -> datetime:
    return datetime.fromtimestamp(float(epoch), UTC)
