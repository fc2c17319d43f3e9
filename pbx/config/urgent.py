"""The urgent path in the practice's file."""

from __future__ import annotations

from pbx.config.people import Directory
from pbx.config.problems import KeyPath
from pbx.config.schema.actions import DEFAULT_INTERVAL, DEFAULT_RING_SECONDS, DEFAULT_ROUNDS, ActionSection
from pbx.domain.actions import Urgent
from pbx.domain.urgent_path import HOLD_SECONDS

MOST_ON_CALL = 8
"""So many people are reckoned with at once when a plan's size is judged."""


def urgent_of(section: ActionSection, directory: Directory, path: KeyPath) -> Urgent:
    """The action that `section`, which has `urgent` and `voicemail`, says; `path` is its place in the file."""
    rota, mailbox = section.urgent or "", section.voicemail or ""
    directory.knows(mailbox, (*path, "voicemail"))
    _check_people(rota, directory, path)
    return Urgent(
        rota=rota,
        mailbox=mailbox,
        rounds=section.rounds or DEFAULT_ROUNDS,
        interval=section.interval or DEFAULT_INTERVAL,
        seconds=section.seconds or DEFAULT_RING_SECONDS,
    )


def _check_people(rota: str, directory: Directory, path: KeyPath) -> None:
    """Refuse a rota of which nobody could ever be rung. Single ones without a phone are warned of with the rota."""
    section = directory.file.rotas.get(rota)
    if section is None:
        return
    planned = [*(section.turns or ()), *(shift.people for shift in section.shifts or ()), section.backup]
    people = [directory.file.people[key] for keys in planned for key in keys if key in directory.file.people]
    if people and not any(person.phones or person.cell for person in people):
        remedy = 'give one of them phones = ["..."]'
        directory.report.problem(
            (*path, "urgent"), f"nobody of the rota {rota!r} has a phone or a cell that could ring", remedy
        )


def most_steps(action: Urgent) -> int:
    """The steps that the path may take."""
    return 8 + action.rounds * (MOST_ON_CALL + action.interval // HOLD_SECONDS + 2)


def urgent_in_short(action: Urgent, mailbox: str) -> str:
    """As part of a sentence about a number."""
    times = "once" if action.rounds == 1 else f"{action.rounds} times"
    return (
        f"takes an urgent message for {mailbox} and a number to call back, fetches whoever is on call in "
        f"{action.rota!r} ({action.seconds} s each, {times}, every {action.interval} s), and goes on asking them until "
        "one of them has taken it"
    )
