"""What leaves the machine for a notice: to whom it goes, and what is said, by how far its channel is trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pbx.domain.call import MessageRecord
from pbx.domain.notices import SENTENCES, Notice, Standing, due, most_pressing
from pbx.domain.numbers import for_people
from pbx.domain.policy import Policy
from pbx.domain.templates import Kind, PatientFields, PlainChannel, PlainFields, TrustedChannel

SUBJECT = "Secondline"
"""Of every mail: a subject is shown where a text is not, on locked screens and in lists."""


def notices_for(policy: Policy, standing: Standing, now: datetime) -> tuple[Notice, ...]:
    """The notices that a message asks for at `now` (aware), each with the phone or the program that it goes to."""
    plan = policy.notices.get(standing.mailbox)
    if plan is None:
        return ()
    return tuple(_addressed(policy, due(plan, standing, now)))


def _addressed(policy: Policy, notices: Sequence[Notice]) -> Iterable[Notice]:
    programs: dict[str, Notice] = {}
    for notice in notices:
        channel = policy.channels.get(notice.channel)
        if channel is None:
            continue
        if channel.kind is Kind.PHONE_MESSAGE:
            yield from (replace(notice, phone=phone) for phone in policy.phones_of(notice.person))
        elif channel.kind is Kind.WEBHOOK:
            programs[notice.channel] = replace(notice, person="")  # a program is told once, whoever it is about
        else:
            yield notice
    yield from programs.values()


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of some notices: as a text for people, as data for programs."""

    text: str
    data: dict[str, Any]


def plain_words(policy: Policy, channel: PlainChannel, told: Sequence[tuple[Notice, Standing]]) -> Words:
    """What a channel that is not trusted says. There is nothing of a patient in what this is given."""
    cause = most_pressing([notice.cause for notice, _ in told])
    names = dict.fromkeys(_mailbox(policy, standing) for _, standing in told)
    fields = PlainFields(SENTENCES[cause], ", ".join(names), policy.practice)
    return Words(channel.text.render(fields), _data(told, asdict(fields)))


def trusted_words(
    policy: Policy, channel: TrustedChannel, told: Sequence[tuple[Notice, Standing, MessageRecord]]
) -> Words:
    """What a trusted channel says: each message with its number and its words."""
    fields = [_of_the_patient(policy, notice, standing, record) for notice, standing, record in told]
    text = "\n\n".join(channel.text.render(one) for one in fields)
    return Words(text, _data([(notice, standing) for notice, standing, _ in told], asdict(fields[0])))


def _data(told: Sequence[tuple[Notice, Standing]], fields: dict[str, Any]) -> dict[str, Any]:
    notice, standing = told[0]
    ids = {"message": str(notice.message), "mailbox_key": standing.mailbox}
    return {"type": f"message.{notice.cause}", "data": ids | fields}


def _of_the_patient(policy: Policy, notice: Notice, standing: Standing, record: MessageRecord) -> PatientFields:
    number = record.caller.number
    words = record.transcript.text if record.transcript else record.failure or ""
    return PatientFields(
        notice=SENTENCES[notice.cause],
        mailbox=_mailbox(policy, standing),
        practice=policy.practice,
        number=for_people(number, policy.country) if number else "a number that is not known",
        received=f"{record.received_at.astimezone(ZoneInfo(policy.timezone)):%a %d %b %Y %H:%M}",
        words=words or "(no words yet: listen to it)",
    )


def _mailbox(policy: Policy, standing: Standing) -> str:
    return policy.mailboxes.get(standing.mailbox, standing.mailbox)
