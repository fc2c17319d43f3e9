"""Who is told over the channels of notices when a text reaches nobody."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid5

from pbx.domain.policy import Policy
from pbx.domain.templates import Kind
from pbx.domain.texting import TextRecord
from pbx.services.text_ports import DeliveryKind, Telling


def notice_tellings(policy: Policy, record: TextRecord) -> list[Telling]:
    """Those whom [notices] names for the mailbox whose texts they are, over its channels, once for each state.

    A text on a phone is left out: it is by phone that the text itself would have come.
    """
    return list(_tellings(policy, record))


def _tellings(policy: Policy, record: TextRecord) -> Iterator[Telling]:
    line = policy.texting.lines.get(record.line)
    plan = policy.notices.get(line.to) if line else None
    if plan is None:
        return
    channels = plan.channels or tuple(dict.fromkeys(key for group in plan.groups for key in group.channels))
    people = plan.people or tuple(dict.fromkeys(person for group in plan.groups for person in group.people))
    for key in channels:
        channel = policy.channels.get(key)
        if channel is None or channel.kind is Kind.PHONE_MESSAGE:
            continue
        for person in ("",) if channel.kind is Kind.WEBHOOK else people:
            id_ = uuid5(record.id, f"notice/{record.state}/{key}/{person}")
            yield Telling(id_, DeliveryKind.NOTICE, channel=key, person=person)
