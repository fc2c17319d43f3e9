"""A large practice, made up: 1,000 numbers and 500 people, with everything that such a practice has."""

from __future__ import annotations

from collections.abc import Iterator

NUMBERS = 1000
PEOPLE = 500
_TEAMS = 60
_SCHEDULES = 40
_ROTAS = 40
_GREETINGS = 1000
_MENUS = 40
_TESTS = 200
_SHIFTS = (
    ("weekdays", "08:00-17:00"),
    ("mon-thu", "17:00-08:00"),
    ("fri", "17:00-08:00"),
    ("weekend", "08:00-20:00"),
    ("weekend", "20:00-08:00"),
)
_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Pacific/Honolulu")


def large_file(head: str = "", numbers: int = NUMBERS, people: int = PEOPLE) -> str:
    """The practice's file; `head` holds tables of its own, such as [server]."""
    parts = [
        '[practice]\nname = "Susquehanna Health Partners"\ntimezone = "America/New_York"\n',
        '[trunk]\nhost = "127.0.0.2"\n' if "[trunk]" not in head else "",
        head,
        *_people(people),
        *_schedules(),
        *_rotas(people),
        *_menus(people),
        *(_greeting(n) for n in range(_GREETINGS)),
        *(_number(n, people) for n in range(numbers)),
        *(_test(n, people) for n in range(min(_TESTS, numbers))),
    ]
    return "\n".join(parts)


def e164_of(number: int) -> str:
    """The practice number at a place of the file."""
    return f"+1717555{number:04d}"


def _people(count: int) -> Iterator[str]:
    for n in range(count):
        phones = ", ".join(f'"p{n}-{place}"' for place in ("desk", "home")[: 1 + n % 2])
        yield f'[people.p{n}]\nname = "Dr. Alex Person{n}"\nphones = [{phones}]\n'
    for n in range(_TEAMS):
        members = ", ".join(f'"p{(n * 8 + k) % count}"' for k in range(4))
        yield f'[teams.t{n}]\nname = "Team {n}"\nmembers = [{members}]\n'


def _schedules() -> Iterator[str]:
    for n in range(_SCHEDULES):
        yield (
            f'[schedules.s{n}]\ntimezone = "{_ZONES[n % len(_ZONES)]}"\n'
            f'open = {{ mon-thu = ["0{7 + n % 3}:30-12:00", "13:00-17:{n:02d}"], fri = "09:00-15:00" }}\n'
            'closed_on = ["us-federal-holidays", "2026-11-27", "2026-12-26..2027-01-01"]\n'
            '[[schedules.s%d.exceptions]]\non = "2026-12-24"\nname = "Christmas Eve"\nopen = "09:00-12:00"\n' % n
        )


def _rotas(people: int) -> Iterator[str]:
    for n in range(_ROTAS):
        crew = [f'"p{(n * 12 + k) % people}"' for k in range(7)]
        backup = f'backup = "p{(n * 12 + 8) % people}"\n'
        if n % 2:
            written = (
                f'{{ days = "{days}", hours = "{hours}", people = [{crew[k]}, {crew[k + 1]}] }}'
                for k, (days, hours) in enumerate(_SHIFTS)
            )
            yield f"[rotas.r{n}]\nshifts = [{', '.join(written)}]\n{backup}"
        else:
            turns = ", ".join(crew)
            swap = f'{{ off = {crew[2]}, on = {crew[3]}, start = "2026-12-24T08:00", end = "2026-12-26T08:00" }}'
            times = 'start = "2026-01-05"\nperiod = "week"\nhand_over = "08:00"\nhand_over_day = "mon"'
            yield f"[rotas.r{n}]\nturns = [{turns}]\n{times}\nswaps = [{swap}]\n{backup}"


def _menus(people: int) -> Iterator[str]:
    for n in range(_MENUS):
        owner = f"p{n * 12 % people}"
        yield (
            f'[menus.m{n}]\nsay = "Thank you for calling clinic {n}."\n'
            f'options.1 = {{ say = "For prescriptions, press 1.", voicemail = "t{n % _TEAMS}" }}\n'
            f'options.2 = [{{ ring = "{owner}", seconds = 20 }}, {{ voicemail = "{owner}", greeting = "g{n}" }}]\n'
            'options.9 = { say = "For the nurse, press 2. To hear this again, press 9.", repeat = true }\n'
            f'otherwise = [{{ voicemail = "{owner}", greeting = "g{n}" }}]\n'
        )


def _greeting(n: int) -> str:
    return (
        f'[greetings.g{n}]\ntext = "You have reached line {n} of Susquehanna Health Partners. '
        'If this is an emergency, hang up and dial 911. Please leave a message, and we call you back tomorrow."\n'
    )


def _number(n: int, people: int) -> str:
    person, greeting = f"p{n % people}", f"g{n % _GREETINGS}"
    schedule = f"s{n % _SCHEDULES}"
    voicemail = f'{{ voicemail = "{person}", greeting = "{greeting}" }}'
    opened = f'{{ ring = "{person}", seconds = 20 }}, {{ ring = "t{n % _TEAMS}", seconds = 20 }}, {voicemail}'
    if n % 10 == 9:
        opened = f'{{ menu = "m{n % _MENUS}" }}'
    closed = f'{{ oncall = "r{n % _ROTAS}", seconds = 25 }}, {voicemail}'
    return (
        f'[numbers."{e164_of(n)}"]\nlabel = "Line {n}"\nschedule = "{schedule}"\n'
        f"open = [{opened}]\nclosed = [{closed}]\n"
    )


def _test(n: int, people: int) -> str:
    """In the afternoon of a Monday every line is open, in all of the zones."""
    then = f"menu m{n % _MENUS}" if n % 10 == 9 else f"ring p{n % people} for 20 s, ring t{n % _TEAMS}"
    return f'[[expect]]\ncall = "{e164_of(n)}"\nat = "2026-11-23T16:15"\nstate = "open"\nthen = "{then}"\n'
