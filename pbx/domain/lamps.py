"""The message lamp of a person: the messages of their own mailbox and of those of their teams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pbx.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages are new, and how many are not."""

    new: int = 0
    old: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.new + other.new, self.old + other.old)


def lamps(policy: Policy, counts: Mapping[str, Count]) -> dict[str, Count]:
    """For everybody who has a phone (by key), from the counts of the mailboxes (by key)."""
    found = {phone.owner: Count() for phone in policy.phones}
    for mailbox, count in counts.items():
        for person in policy.members.get(mailbox, ()):
            if person in found:
                found[person] += count
    return found
