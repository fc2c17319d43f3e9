"""The mailbox by phone: which key does what, where. Pure; `agi.mailbox` carries it out.

The keys of a message are those of Asterisk's own voicemail, which FreePBX has too: whoever knows one knows this one.
Two are ours: `*` goes back everywhere, and 0 says the keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

BACK = "*"
"""Goes back to where one came from; in the main menu it says goodbye."""

SILENT_TRIES = 3
"""How often a question is asked of somebody who keys nothing, before goodbye."""


class Place(StrEnum):
    """Where in the mailbox somebody is: what is asked, and which keys there are."""

    MAIN = "main"
    MESSAGE = "message"
    COLLEAGUE = "colleague"
    NOTE = "note"
    NOTED = "noted"
    GREETINGS = "greetings"
    GREETING = "greeting"
    RECORDED = "recorded"
    CALLING = "calling"
    OVER = "over"


class Deed(StrEnum):
    """What is done on the way to the next place. What cannot be done leads to a place of its own: `FALLS_TO`."""

    NOTHING = "nothing"
    HELP = "help"
    GOODBYE = "goodbye"
    OPEN_NEW = "open-new"
    OPEN_OLD = "open-old"
    NEXT_MAILBOX = "next-mailbox"
    ENVELOPE = "envelope"
    PREVIOUS = "previous"
    AGAIN = "again"
    NEXT = "next"
    DELETE = "delete"
    SAVE = "save"
    CHOOSE = "choose"
    RECORD_NOTE = "record-note"
    SEND = "send"
    PICK_NORMAL = "pick-normal"
    PICK_CLOSED = "pick-closed"
    PICK_TEMPORARY = "pick-temporary"
    RECORD = "record"
    HEAR = "hear"
    RESET = "reset"
    HEAR_RECORDED = "hear-recorded"
    KEEP = "keep"
    CALL_BACK = "call-back"
    CALL_CHOSEN = "call-chosen"
    CALL_NUMBER = "call-number"


@dataclass(frozen=True, slots=True)
class Turn:
    """What a key does: first `deed`, then one is at `place`."""

    deed: Deed
    place: Place


def _at(place: Place, **deeds: Deed) -> dict[str, Turn]:
    """Keys that stay at `place`; `k1` is the key 1."""
    return {key.removeprefix("k"): Turn(deed, place) for key, deed in deeds.items()}


KEYS: Mapping[Place, Mapping[str, Turn]] = {
    Place.MAIN: {
        "1": Turn(Deed.OPEN_NEW, Place.MESSAGE),
        "2": Turn(Deed.OPEN_OLD, Place.MESSAGE),
        "3": Turn(Deed.NEXT_MAILBOX, Place.MAIN),
        "4": Turn(Deed.CALL_NUMBER, Place.OVER),
        "0": Turn(Deed.NOTHING, Place.GREETINGS),
        "#": Turn(Deed.GOODBYE, Place.OVER),
        BACK: Turn(Deed.GOODBYE, Place.OVER),
    },
    Place.MESSAGE: {
        **_at(Place.MESSAGE, k3=Deed.ENVELOPE, k4=Deed.PREVIOUS, k5=Deed.AGAIN, k6=Deed.NEXT),
        **_at(Place.MESSAGE, k7=Deed.DELETE, k9=Deed.SAVE, k0=Deed.HELP),
        "#": Turn(Deed.NEXT, Place.MESSAGE),
        "2": Turn(Deed.CALL_BACK, Place.CALLING),
        "8": Turn(Deed.NOTHING, Place.COLLEAGUE),
        BACK: Turn(Deed.NOTHING, Place.MAIN),
    },
    Place.CALLING: {
        **{digit: Turn(Deed.CALL_CHOSEN, Place.OVER) for digit in "123456789"},
        BACK: Turn(Deed.NOTHING, Place.MESSAGE),
    },
    Place.COLLEAGUE: {
        **{digit: Turn(Deed.CHOOSE, Place.NOTE) for digit in "0123456789"},
        BACK: Turn(Deed.NOTHING, Place.MESSAGE),
    },
    Place.NOTE: {
        "1": Turn(Deed.RECORD_NOTE, Place.NOTED),
        "#": Turn(Deed.SEND, Place.MESSAGE),
        BACK: Turn(Deed.NOTHING, Place.COLLEAGUE),
    },
    Place.NOTED: {
        "1": Turn(Deed.SEND, Place.MESSAGE),
        "2": Turn(Deed.RECORD_NOTE, Place.NOTED),
        BACK: Turn(Deed.NOTHING, Place.NOTE),
    },
    Place.GREETINGS: {
        "1": Turn(Deed.PICK_NORMAL, Place.GREETING),
        "2": Turn(Deed.PICK_CLOSED, Place.GREETING),
        "3": Turn(Deed.PICK_TEMPORARY, Place.GREETING),
        BACK: Turn(Deed.NOTHING, Place.MAIN),
    },
    Place.GREETING: {
        "1": Turn(Deed.RECORD, Place.RECORDED),
        "2": Turn(Deed.HEAR, Place.GREETING),
        "3": Turn(Deed.RESET, Place.GREETING),
        BACK: Turn(Deed.NOTHING, Place.GREETINGS),
    },
    Place.RECORDED: {
        "1": Turn(Deed.KEEP, Place.GREETING),
        "2": Turn(Deed.HEAR_RECORDED, Place.RECORDED),
        "3": Turn(Deed.RECORD, Place.RECORDED),
        BACK: Turn(Deed.NOTHING, Place.GREETING),
    },
}

FALLS_TO: Mapping[Deed, Place] = {
    Deed.OPEN_NEW: Place.MAIN,
    Deed.OPEN_OLD: Place.MAIN,
    Deed.PREVIOUS: Place.MESSAGE,
    Deed.NEXT: Place.MAIN,
    Deed.CALL_BACK: Place.MESSAGE,
    Deed.CALL_CHOSEN: Place.MESSAGE,
    Deed.CALL_NUMBER: Place.MAIN,
    Deed.CHOOSE: Place.COLLEAGUE,
    Deed.RECORD_NOTE: Place.NOTE,
    Deed.RECORD: Place.GREETING,
    Deed.KEEP: Place.RECORDED,
}
"""Where one is after a deed that there was nothing for: no messages, no further one, a recording that is none, nobody
who may be called."""


def turn(place: Place, keyed: str) -> Turn:
    """What an entry at `place` does. A key that the place does not have says the keys; so does none."""
    return KEYS.get(place, {}).get(keyed[:1], Turn(Deed.HELP, place))


def place_after(done: Turn, *, worked: bool) -> Place:
    """Where one is once the deed was tried."""
    return done.place if worked else FALLS_TO.get(done.deed, done.place)
