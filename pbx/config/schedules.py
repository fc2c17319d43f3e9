"""Schedules and greetings of the file as the domain's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from pydantic_core import PydanticCustomError

from pbx.config.closed_dates import parse_closed
from pbx.config.exceptions import build_exceptions
from pbx.config.hours import DAYS, overlaps, parse_days, parse_long_hours
from pbx.config.problems import KeyPath
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.schedules import ScheduleSection
from pbx.domain.callers import NOT_TAKEN_PROMPT
from pbx.domain.legs import LEG_PROMPTS, MUSIC_PROMPT
from pbx.domain.policy import Greeting
from pbx.domain.routing import EMERGENCY_PROMPT, THANKS_PROMPT
from pbx.domain.schedule import Range, Schedule

RESERVED_GREETINGS = (EMERGENCY_PROMPT, THANKS_PROMPT, NOT_TAKEN_PROMPT, MUSIC_PROMPT, *LEG_PROMPTS)


def build_schedules(file: PracticeFile, report: Report) -> dict[str, Schedule]:
    """Every schedule by its key."""
    return {
        key: Schedule(
            key,
            section.timezone or file.practice.timezone,
            build_week(("schedules", key, "open"), section.open, report),
            _closed(section),
            build_exceptions(key, section, report),
        )
        for key, section in file.schedules.items()
    }


def build_week(place: KeyPath, content: Mapping[str, list[str]], report: Report) -> dict[int, tuple[Range, ...]]:
    """The hours of each weekday, of a table at `place` that maps days to hours."""
    week: dict[int, tuple[Range, ...]] = {}
    written: dict[int, str] = {}
    before = len(report.problems)
    for days, hours in content.items():
        path: KeyPath = (*place, days)
        for day in parse_days(days):
            if day in written:
                what = f"{DAYS[day].title()} is already in {written[day]!r}"
                report.problem(path, what, "give each day once; several hours go in a list")
                continue
            written[day] = days
            for each, found in _hours_of(day, hours, path, report):
                week[each] = (*week.get(each, ()), found)
    for day, both in overlaps(week):
        path = (*place, *([written[day]] if day in written else []))
        report.problem(path, f"{both} lie over each other", "let the second start when the first ends, or join them")
    if not any(week.values()) and len(report.problems) == before:
        remedy = 'add hours such as weekdays = "09:00-17:00", or leave the schedule out for a line that is always open'
        report.problem(place, "is never open", remedy)
    return week


def _hours_of(day: int, hours: list[str], path: KeyPath, report: Report) -> list[tuple[int, Range]]:
    found: list[tuple[int, Range]] = []
    for text in hours:
        try:
            found += parse_long_hours(text, day)
        except PydanticCustomError as error:
            context = error.context or {}
            report.problem(path, context["what"], context["remedy"])
    return found


def _closed(section: ScheduleSection) -> dict[date, str]:
    dates: dict[date, str] = {}
    for text in section.closed_on:
        for day, name in parse_closed(text).items():
            if day not in dates or name != text:  # a holiday's name says more than a bare date
                dates[day] = name
    return dates


Listen = Callable[[Greeting], tuple[str, str] | None]
"""Makes a greeting and listens to it: what is wrong with it and what to do, or None."""


def build_greetings(file: PracticeFile, report: Report, listen: Listen | None = None) -> dict[str, Greeting]:
    """Every greeting by its key; a file is given by its whole path. `listen` is asked about those that are there."""
    greetings = {}
    for key, section in file.greetings.items():
        if key in RESERVED_GREETINGS:
            report.problem(("greetings", key), f"{key!r} is a prompt of the program's own", "choose another key")
        sound, usable = None, True
        if section.file is not None:
            sound = report.document.beside(("greetings", key, "file"), section.file)
            usable = check_sound(("greetings", key, "file"), sound, report)
        greetings[key] = Greeting(key, section.text, str(sound) if sound else None)
        if listen and usable and (complaint := listen(greetings[key])):
            report.problem(("greetings", key, "file" if sound else "text"), *complaint)
    return greetings


def build_music(file: PracticeFile, report: Report, listen: Listen | None = None) -> Greeting | None:
    """What callers hear while it rings, if the file names something."""
    if file.practice.waiting_music is None:
        return None
    path: KeyPath = ("practice", "waiting_music")
    sound = report.document.beside(path, file.practice.waiting_music)
    music = Greeting(MUSIC_PROMPT, file=str(sound))
    if check_sound(path, sound, report) and listen and (complaint := listen(music)):
        report.problem(path, *complaint)
    return music


def check_sound(path: KeyPath, sound: Path, report: Report) -> bool:
    """Whether a sound file that `path` names is there and looks like one."""
    try:
        with sound.open("rb") as stream:
            head = stream.read(12)
    except FileNotFoundError:
        report.problem(path, f"{sound} does not exist", "check the name and the folder, or write a text instead")
    except OSError as error:
        report.problem(path, f"{sound} cannot be read: {error.strerror}", "check its name and permissions")
    else:
        if _is_wav(head) or _is_mp3(head):
            return True
        report.problem(path, f"{sound} is neither WAV nor MP3", "save the recording as one of them")
    return False


def _is_wav(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def _is_mp3(head: bytes) -> bool:
    # An ID3 tag, or the sync word of an MPEG audio frame (ISO 11172-3, 2.4.1.3).
    return head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)
