"""Call one of the practice's numbers from the inside and record what is heard, over the manager link."""

from __future__ import annotations

from uuid import UUID

from pbx.ami.client import AmiClient
from pbx.ami.errors import AmiError

LISTEN_SECONDS = 45
"""The longest that is listened to: the emergency sentence and a long greeting."""

_ANSWER_SECONDS = 10


class CallFailed(Exception):
    """Asterisk did not make the call. The text is the end of a sentence."""


async def listen(ami: AmiClient, number: str, beat: UUID) -> None:
    """Begin the call. What it hears is `<beat>.wav` in the folder SL_EARS; `<beat>.over` is there when it is over.

    The one Originate that this sends goes to two contexts that do nothing else. Raises CallFailed.
    """
    if not number.removeprefix("+").isdigit():
        raise ValueError("a number has a form that the dialplan cannot take")
    values = {"SL_BEAT": str(beat), "SL_SECONDS": str(LISTEN_SECONDS)}
    try:
        await ami.action(
            "Originate",
            Channel=f"Local/{number}@sl-beat/n",
            Context="sl-beat-ear",
            Exten="s",
            Priority="1",
            Timeout=str(_ANSWER_SECONDS * 1000),
            Async="true",
            Variable=[f"{name}={value}" for name, value in values.items()],
        )
    except AmiError:
        raise CallFailed("could not be made: Asterisk does not answer") from None
