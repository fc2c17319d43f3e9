"""What the practice's people hear when they pass a call on to a colleague. Nothing of the patient is in it."""

from __future__ import annotations

from pbx.domain.moving import NOBODY_PROMPT, WHOM_PROMPT, movables
from pbx.domain.policy import Greeting, Policy

WHOM_TEXT = "Key the short number of your colleague."
NOBODY_TEXT = "Nobody has that short number."


def moving_prompts(policy: Policy) -> dict[str, Greeting]:
    """The prompts for who passes a call on; none where there is nobody to pass it to."""
    if not movables(policy, outside=True):
        return {}
    return {
        WHOM_PROMPT: Greeting(WHOM_PROMPT, text=WHOM_TEXT),
        NOBODY_PROMPT: Greeting(NOBODY_PROMPT, text=NOBODY_TEXT),
    }
