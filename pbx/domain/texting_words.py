"""What phones of the practice, notices and programs are told about texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pbx.domain.numbers import for_people
from pbx.domain.policy import Policy
from pbx.domain.telling import Words
from pbx.domain.templates import Channel, PatientFields, PlainChannel, PlainFields
from pbx.domain.texting import State, TextRecord
from pbx.domain.texting_rules import lines_of

PART_BYTES = 690
"""The most that goes to a phone at once: as base64 it has to fit into a line of the manager interface."""

SECURE = "secure:"
"""What a text written on a phone begins with, to go as a link instead."""

_QUOTED = 30


class Showing(StrEnum):
    """As what a text is shown on a phone."""

    TEXT = "text"
    COPY = "copy"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class OnPhone:
    """A text that `phone` of `person` is to show; `note` is what the staff is told beside it."""

    text: TextRecord
    showing: Showing
    note: str = field(default="")
    person: str = ""


def shown_on_phone(policy: Policy, one: OnPhone) -> tuple[str, ...]:
    """The words of it, in parts that a phone can be sent."""
    return tuple(parts_of(" ".join(part for part in _pieces(policy, one) if part)))


def _pieces(policy: Policy, one: OnPhone) -> Iterator[str]:
    text = one.text
    if len(lines_of(policy.texting, one.person)) > 1:
        yield f"[{policy.numbers[text.line].label if text.line in policy.numbers else text.line}]"
    match one.showing:
        case Showing.TEXT:
            yield text.body
            if text.pictures:
                yield f"(with {text.pictures} picture{'s' if text.pictures > 1 else ''}, which stayed at the carrier)"
            if one.note:
                yield f"({one.note})"
        case Showing.COPY:
            yield f"{_name(policy, text.person)} wrote: {text.body}"
        case Showing.TROUBLE:
            begin = text.body if len(text.body) <= _QUOTED else f"{text.body[:_QUOTED]}…"
            yield f"({one.note} It was: “{begin}”)"


_TROUBLE = {
    State.REFUSED: "Not sent.",
    State.WAITING: "Not sent yet.",
    State.FAILED: "Not delivered.",
    State.UNSURE: "Perhaps not delivered.",
}


def trouble_note(text: TextRecord) -> str:
    """What whoever wrote a text is told of it: how it stands now, and why."""
    return f"{_TROUBLE.get(text.state, 'Not sent.')} {text.failure}".strip()


def _name(policy: Policy, person: str) -> str:
    return policy.people[person].name if person in policy.people else person or "An operator"


def parts_of(text: str, most: int = PART_BYTES) -> Iterator[str]:
    """A text in pieces of at most so many bytes, none cut inside a letter."""
    data = text.encode(errors="replace")
    while len(data) > most:
        cut = most
        while data[cut] & 0xC0 == 0x80:  # in the middle of a letter
            cut -= 1
        yield data[:cut].decode()
        data = data[cut:]
    yield data.decode()


WAITS = "A text from a patient waits for you in Secondline."
NOT_DELIVERED = "A text to a patient was not delivered."


def notice_words(policy: Policy, channel: Channel, text: TextRecord, link: str | None = None) -> Words:
    """What a channel says of a text that reached no phone, or that could not be delivered; `link` leads to it."""
    sentence = WAITS if text.inbound else NOT_DELIVERED
    if link is not None:
        sentence = f"{sentence} {link} shows it; your PIN opens it."
    line = policy.texting.lines.get(text.line)
    box = line.to if line else ""
    plain = PlainFields(sentence, policy.mailboxes.get(box, box), policy.practice)
    data = event_data(policy, "text.waiting" if text.inbound else "text.failed", text, trusted=False)
    if isinstance(channel, PlainChannel):
        return Words(channel.text.render(plain), data)
    fields = PatientFields(
        notice=plain.notice,
        mailbox=plain.mailbox,
        practice=plain.practice,
        number=for_people(text.patient, policy.country),
        received=f"{text.at.astimezone(ZoneInfo(policy.timezone)):%a %d %b %Y %H:%M}",
        words=text.body,
    )
    return Words(channel.text.render(fields), event_data(policy, data["type"], text, trusted=True))


def event_data(policy: Policy, kind: str, text: TextRecord, *, trusted: bool) -> dict[str, Any]:
    """What a program is told of a text: ids and states, and only over a trusted channel number and words."""
    line = policy.texting.lines.get(text.line)
    data: dict[str, Any] = {
        "text": str(text.id),
        "line": text.line,
        "to": line.to if line else "",
        "cause": text.cause.value,
        "state": text.state.value,
        "person": text.person,
        "reason": text.reason,
    }
    if trusted:
        data |= {"patient": text.patient, "body": text.body}
    return {"type": kind, "data": data}
