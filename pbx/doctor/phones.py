"""The practice's phones: who can be rung now."""

from __future__ import annotations

from collections.abc import Mapping

from pbx.doctor.finding import Finding, ok, warning
from pbx.doctor.place import Place

SUBJECT = "phones"


async def look(place: Place) -> list[Finding]:
    if place.practice is None:
        return []
    names = [phone.name for phone in place.practice.policy.phones]
    known: Mapping[str, bool | None] = place.status["phones"] if place.status else dict.fromkeys(names)
    return [judge_phone(name, known.get(name)) for name in names]


def judge_phone(name: str, registered: bool | None) -> Finding:
    if registered is None:
        return ok(SUBJECT, name, "not known now")
    if not registered:
        remedy = f"Open the softphone; if that does not help, compare it with `secondline phones {name}`."
        return warning(SUBJECT, name, "not registered: it is not rung", remedy)
    return ok(SUBJECT, name, "registered")
