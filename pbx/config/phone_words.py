"""How phones are let in, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config.settings import Allowance, PhoneException, PhoneSecurity
from pbx.domain.policy import Policy


def security_in_words(security: PhoneSecurity, policy: Policy) -> Iterator[str]:
    """Sentences for `check`, each exception with its reason."""
    if not policy.phones:
        return
    whose = "the practice's own" if security.certificate else "one that is made here"
    yield f"Phones use TLS and SRTP; the certificate is {whose}. They prove their secret by {_digests(security)}."
    yield from (f"    {_exception(one)} Because: {one.because}" for one in security.exceptions)


def _digests(security: PhoneSecurity) -> str:
    return " or ".join(security.digests)


def _exception(one: PhoneException) -> str:
    phones = f"The phones {', '.join(one.on)}" if one.on else "All phones"
    if one.allow is Allowance.UDP or one.allow is Allowance.TCP:
        return f"{phones} speak over {one.allow.upper()}, WITHOUT encryption: whoever is on the way hears the calls."
    if one.allow is Allowance.MD5:
        return f"{phones} may use MD5, which is then offered to all phones besides SHA-256."
    return f"{phones} need MD5 alone, which is then the only way for all phones."
