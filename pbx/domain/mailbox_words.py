"""What the mailbox says by phone. Pure.

Sentences about a patient (`envelope`, `note_back`) are for private sounds only; all others hold nothing about one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers

from pbx.domain.call import MessageRecord
from pbx.domain.inbox import Item
from pbx.domain.mailbox_menu import Place
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.own_greetings import GreetingKind
from pbx.domain.policy import Policy
from pbx.domain.spoken import spoken_day, spoken_moment

MAIN = "For new messages, press 1. For messages that you have heard, press 2."
OTHER_MAILBOX = "For the next mailbox, press 3."
CALL_SOMEBODY = "To call a number outside, press 4."
MAIN_END = "For your greetings, press 0. To end, press star."
ASKED: Mapping[Place, str] = {
    Place.MESSAGE: "For the keys, press 0.",
    Place.CALLING: "To call, press the key of the number. To go back, press star.",
    Place.NOTE: "To say a note first, press 1. To forward it without one, press pound. To go back, press star.",
    Place.NOTED: "To forward it with this note, press 1. To say the note again, press 2. To go back, press star.",
    Place.GREETINGS: "For the greeting when your line is open, press 1. For the one when it is closed, press 2. "
    "For a temporary greeting, press 3. To go back, press star.",
    Place.GREETING: "To record it, press 1. To hear it, press 2. To go back to the one of the practice, press 3. "
    "To go back to the greetings, press star.",
    Place.RECORDED: "To keep it, press 1. To hear it, press 2. To record it again, press 3. To drop it, press star.",
}
"""What is asked at each place; that of the main menu and of a colleague depends on the practice."""

MESSAGE_KEYS = (
    "Call back, 2. From whom and when, 3. The one before, 4. Again, 5. The next one, 6. Delete, or take that back, 7. "
    "Forward, 8. Save, 9. To go back, press star."
)
GOODBYE = "Goodbye."
NO_MESSAGES = "There are none."
NO_FURTHER = "There are no further messages."
FIRST = "This is the first one."
DELETED = "Deleted. To take that back, press 7."
UNDELETED = "The message is back."
SAVED = "Saved."
FORWARDED = "Forwarded."
NOT_DONE = "That cannot be done now. Please try again later."
NOT_ALLOWED = "That cannot be done with this message."
CLAIMED = "Somebody else takes care of this message."
HELD = "This message is on hold and cannot be deleted."
NO_CALL_BACK = "There is no number to call back."
ASK_NUMBER = "Enter the number with its area code, then press pound."
CONNECTING = "You are being connected."
NOBODY = "There is nobody to forward it to."
SAY_NOTE = "Please say your note after the tone, then press pound."
DAMAGED = "This message cannot be played: its recording was damaged. Please tell whoever looks after the system."
NOTE_LOST = "Your note was not understood."
SAY_GREETING = "Please say your greeting after the tone, then press pound."
GREETING_BAD = "That is too short, or too quiet. Please say a whole sentence."
GREETING_KEPT = "Callers hear it from now on."
GREETING_RESET = "Callers hear the greeting of the practice."
NO_GREETING = "There is no recording of yours. Callers hear the greeting of the practice."
ASK_END = "Until the end of which day shall it be heard? Enter the month and the day with two digits each."
BAD_DAY = "There is no such day ahead."

_KINDS = {
    GreetingKind.NORMAL: "The greeting when your line is open.",
    GreetingKind.CLOSED: "The greeting when your line is closed.",
    GreetingKind.TEMPORARY: "The temporary greeting.",
}
_OWN = "your mailbox"
ORDINARY_DIGITS = 2


def main_menu(several: bool, calls: bool) -> str:
    """What the main menu asks; `several`: there is more than one mailbox, `calls`: one may call numbers outside."""
    return " ".join([MAIN, *([OTHER_MAILBOX] if several else []), *([CALL_SOMEBODY] if calls else []), MAIN_END])


def offer_call_back(policy: Policy, message: MessageRecord, choices: Sequence[str]) -> str:
    """Which number each key calls, and what is shown there. About a patient."""
    offers = (_offer(policy, message, number, key) for key, number in enumerate(choices, 1))
    line = policy.numbers.get(message.dialled)
    shown = f" They see {line.label}." if line else ""
    return f"{' '.join(offers)}{shown} To go back, press star."


def _offer(policy: Policy, message: MessageRecord, number: str, key: int) -> str:
    which = "the number that called" if number == message.caller.number else "the number that was said"
    return f"To call {which}, {spoken_number(number, policy.country)}, press {key}."


def counts(policy: Policy, mailbox: str, person: str, new: int, old: int) -> str:
    """How many messages there are."""
    whose = _OWN if mailbox == person else f"the mailbox of {policy.mailboxes.get(mailbox, mailbox)}"
    return f"In {whose}: {_number(new)} new, {_number(old)} that you have heard."


def _number(count: int) -> str:
    return "none" if count == 0 else str(count)


def envelope(policy: Policy, item: Item, place: int, of: int, now: datetime) -> str:
    """From whom a message is, to which line it came, and when. About a patient."""
    found = item.message
    line = policy.numbers.get(found.dialled)
    to = f", for {line.label}" if line else ""
    when = spoken_moment(found.received_at, now, policy.timezone)
    return f"Message {place} of {of}. From {_caller(policy, found.caller)}{to}. It came {_ago(when)}."


def _ago(when: str) -> str:
    return when if when.startswith("today") else f"on {when}"


def _caller(policy: Policy, caller: Caller) -> str:
    if caller.kind is NumberKind.WITHHELD:
        return "somebody who hides the number"
    if caller.number is None:
        return "an unknown number"
    contact = policy.contacts.get(caller.number)
    number = spoken_number(caller.number, policy.country)
    return f"{contact.name}, {number}" if contact else number


def spoken_number(number: str, country: str) -> str:
    """A number as people read it aloud, digit by digit: `2 1 5, 5 5 5, 0 1 0 0`."""
    text = number
    if number.startswith("+"):
        parsed = phonenumbers.parse(number, None)
        own = phonenumbers.country_code_for_region(country) == parsed.country_code
        style = phonenumbers.PhoneNumberFormat
        text = phonenumbers.format_number(parsed, style.NATIONAL if own else style.INTERNATIONAL)
    groups = "".join(letter if letter.isdigit() else " " for letter in text).split()
    return ", ".join(" ".join(group) for group in groups)


def colleagues(policy: Policy, mailbox: str) -> tuple[tuple[str, str], ...]:
    """Whom a message in `mailbox` can be forwarded to, as (number to key, mailbox), in the order of the file."""
    others = [key for key in policy.members if key != mailbox and policy.members[key]]
    width = len(str(len(others)))
    return tuple((str(place).zfill(width), key) for place, key in enumerate(others, 1))


def ask_colleague(policy: Policy, choices: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """One sentence for each, and how to go back."""
    named = [f"For {policy.mailboxes[key]}, press {' '.join(keys)}." for keys, key in choices]
    return (*named, "To go back, press star.")


def note_back(text: str) -> str:
    """What was understood of a note. It may tell of a patient."""
    return f"Your note is: {text}"


def greeting_name(kind: GreetingKind) -> str:
    return _KINDS[kind]


def end_of_day(keyed: str, now: datetime, timezone: str) -> datetime | None:
    """When the next day that is keyed as month and day (`1127`) is over; None where there is no such day."""
    if len(keyed) != 2 * ORDINARY_DIGITS or not keyed.isdecimal():
        return None
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    for year in (today.year, today.year + 1):
        try:
            day = date(year, int(keyed[:2]), int(keyed[2:]))
        except ValueError:
            continue
        if day >= today:
            after = day + timedelta(days=1)
            return datetime(after.year, after.month, after.day, tzinfo=zone)
    return None


def confirm_end(ends: datetime, now: datetime, timezone: str) -> str:
    """Says a temporary greeting's end back."""
    zone = ZoneInfo(timezone)
    day = (ends.astimezone(zone) - timedelta(hours=1)).date()
    until = spoken_day(day, now.astimezone(zone).date())
    return f"It is heard until the end of {until}. To keep it so, press 1. To go back, press star."
