"""A swap on a rota as somebody asks for it, and why there is none. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from pbx.domain.facts import Facts
from pbx.domain.nearest import did_you_mean
from pbx.domain.oncall import Rota, Swap
from pbx.domain.policy import Policy

LONGEST_NOTE = 200
"""Characters of `by` and of `reason`."""

LONGEST = timedelta(days=366)
"""The longest swap: what is to stay belongs in the practice's file."""

Named = Callable[[str], str]
"""How whoever asks calls what they gave, such as `--end` for `end`."""


class SwapRefused(Exception):
    """No swap can be made of what was asked for; the text is a sentence that says what to do."""


def check_swap(policy: Policy, wanted: Swap, known: Facts, now: datetime, named: Named) -> None:
    """Raises SwapRefused where `wanted` cannot be made of its rota (one of the policy's) as `known` has it."""
    _check_times(wanted, now, named)
    if wanted.out == wanted.into:
        sentence = f"{named('from')} and {named('to')} are the same person: name who stands in with {named('to')}"
        raise SwapRefused(sentence)
    if not policy.can_ring(wanted.into):
        people = sorted({phone.owner for phone in policy.phones})
        raise SwapRefused(f"{named('to')} {wanted.into!r} is nobody with a phone ({did_you_mean(wanted.into, people)})")
    for name, text in (("by", wanted.by), ("reason", wanted.reason)):
        check_line(named(name), text)
    _check_use(policy.rotas[wanted.rota], wanted, known)


def check_line(name: str, text: str) -> None:
    """Raises SwapRefused for what does not belong into the record."""
    if not text.strip() or not text.isprintable() or len(text) > LONGEST_NOTE:
        raise SwapRefused(f"{name} must be one line of at most {LONGEST_NOTE} characters")


def _check_times(wanted: Swap, now: datetime, named: Named) -> None:
    if wanted.end <= wanted.start:
        raise SwapRefused(f"{named('end')} is not after {named('start')}: write the earlier time first")
    if wanted.end <= now:
        raise SwapRefused("the time is over already: a swap changes what comes")
    if wanted.end - wanted.start > LONGEST:
        raise SwapRefused(f"a swap holds for at most {LONGEST.days} days: what is to stay belongs in the file")


def _check_use(rota: Rota, wanted: Swap, known: Facts) -> None:
    stretches = rota.stretches(wanted.start, wanted.end, known.swaps)
    on_call = dict.fromkeys(person for _, now in stretches for person in now.people)
    if wanted.out not in on_call:
        others = ", ".join(on_call) or "nobody"
        raise SwapRefused(
            f"{wanted.out!r} is not on call in {rota.name!r} in that time, so nothing would change (there is: {others})"
        )
