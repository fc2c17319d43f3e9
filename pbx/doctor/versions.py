"""The versions of what it all stands on."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import metadata

from pbx.asterisk.programs import OLDEST_ASTERISK, version_numbers
from pbx.doctor.finding import Finding, ok, problem
from pbx.doctor.place import Place
from pbx.store.embedded import VERSION as OURS

SUBJECT = "versions"
PYTHONS = ((3, 11), (3, 13))
OLDEST_POSTGRES = 15


async def look(place: Place) -> list[Finding]:
    return [
        judge_python((sys.version_info.major, sys.version_info.minor)),
        judge_asterisk(place.asterisk.version if place.asterisk else None, place.no_asterisk),
        judge_postgres(_postgres(place)),
        judge_packages(_missing()),
    ]


def judge_python(version: tuple[int, int]) -> Finding:
    text, (first, last) = ".".join(map(str, version)), PYTHONS
    if not first <= version <= last:
        return problem(SUBJECT, "Python", text, f"Run it with Python {first[0]}.{first[1]} to {last[0]}.{last[1]}.")
    return ok(SUBJECT, "Python", text)


def judge_asterisk(version: str | None, why_not: str) -> Finding:
    if version is None:
        return problem(SUBJECT, "Asterisk", why_not or "it does not tell its version", "Run `make setup`.")
    if version_numbers(version) < OLDEST_ASTERISK:
        oldest = ".".join(map(str, OLDEST_ASTERISK))
        remedy = f"Bring Asterisk to {oldest} or newer: older ones can be stopped by one message (CVE-2026-57191)."
        return problem(SUBJECT, "Asterisk", version, remedy)
    return ok(SUBJECT, "Asterisk", version)


def judge_postgres(version: str | None) -> Finding:
    if version is None:
        return ok(SUBJECT, "PostgreSQL", f"{OURS} comes with the program; its server does not answer now")
    if version_numbers(version) < (OLDEST_POSTGRES,):
        remedy = f"Bring your database server to PostgreSQL {OLDEST_POSTGRES} or newer."
        return problem(SUBJECT, "PostgreSQL", version, remedy)
    return ok(SUBJECT, "PostgreSQL", version)


def judge_packages(wrong: Iterable[str]) -> Finding:
    if missing := sorted(wrong):
        remedy = "Install the program's requirements again (`make setup`, or pip with requirements.lock)."
        return problem(SUBJECT, "packages", f"missing or other than wanted: {', '.join(missing)}", remedy)
    return ok(SUBJECT, "packages", "all there")


def _postgres(place: Place) -> str | None:
    detail = str(place.status["components"]["database"]["detail"]) if place.status else ""
    return detail.removeprefix("PostgreSQL ") if detail.startswith("PostgreSQL ") else None


def _missing() -> Iterable[str]:
    """What the program requires and this Python does not have, or has in another version than the one pinned."""
    for requirement in metadata.requires("secondline") or ():
        wanted, _, condition = requirement.partition(";")
        if "extra ==" in condition or "python_version >=" in condition:
            continue
        name, _, pinned = wanted.strip().partition("==")
        name = name.split(">")[0].split("[")[0].strip()
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name
        else:
            if pinned and found != pinned:
                yield f"{name} {found}"
