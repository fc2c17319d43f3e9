"""Times at which a rota leaves patients without somebody who can be rung: found ahead, so that they can be filled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pbx.domain.facts import Facts
from pbx.domain.oncall import OnCall, Rota
from pbx.domain.policy import Policy


class Lack(StrEnum):
    """What is missing, the worst first."""

    NOBODY = "nobody"
    NO_PHONE = "no-phone"
    BACKUP_ALONE = "backup-alone"
    ONE_WITHOUT_PHONE = "one-without-phone"


@dataclass(frozen=True, slots=True)
class Gap:
    """`rota` lacks something from `start` until `end` (UTC). Of the `people` on call, `phoneless` have no phone."""

    rota: str
    lack: Lack
    start: datetime
    end: datetime
    people: tuple[str, ...]
    phoneless: tuple[str, ...]

    @property
    def serious(self) -> bool:
        """Whether a call in this time reaches nobody."""
        return self.lack in (Lack.NOBODY, Lack.NO_PHONE)

    @property
    def what(self) -> str:
        """What is wrong, without its times."""
        match self.lack:
            case Lack.NOBODY:
                return "nobody is on call"
            case Lack.NO_PHONE:
                return f"nobody on call has a phone ({', '.join(self.people)})"
            case Lack.BACKUP_ALONE:
                return f"nobody has the shift, the backup alone is rung ({', '.join(self.people)})"
            case Lack.ONE_WITHOUT_PHONE:
                return f"somebody on call has no phone ({', '.join(self.phoneless)})"


def gaps(policy: Policy, rota: Rota, facts: Facts, start: datetime, end: datetime) -> list[Gap]:
    """Every gap of a rota between two instants (aware), in order."""
    found: list[Gap] = []
    for begins, now in rota.stretches(start, end, facts.swaps):
        phoneless = tuple(person for person in now.people if not policy.can_ring(person))
        lack = _lack(now, phoneless)
        if lack:
            found.append(Gap(rota.name, lack, begins, min(now.until or end, end), now.people, phoneless))
    return found


def _lack(now: OnCall, phoneless: tuple[str, ...]) -> Lack | None:
    if not now.people:
        return Lack.NOBODY
    if phoneless == now.people:
        return Lack.NO_PHONE
    if now.hole:
        return Lack.BACKUP_ALONE
    return Lack.ONE_WITHOUT_PHONE if phoneless else None
