"""What the practice's people hear when a call outside is not placed. Nothing of whom they called is in it."""

from __future__ import annotations

from pbx.domain.emergency import emergency_numbers
from pbx.domain.outbound import OutReason
from pbx.domain.policy import Greeting, Policy

NO_EMERGENCY = "out-no-emergency"
EMERGENCY_FAILED = "out-emergency-failed"

_TEXTS = {
    OutReason.INBOUND_ONLY: (
        "This telephone cannot call numbers outside of the practice, and it cannot call nine one one. "
        "Use a mobile phone."
    ),
    OutReason.PERSON: "You may not call numbers outside of the practice from this telephone.",
    OutReason.CODE: "The code before the number is not known.",
    OutReason.NOT_A_NUMBER: "That is not a telephone number. Dial it with its area code.",
    OutReason.OWN_NUMBER: "That is a number of the practice. Dial it without a code.",
    OutReason.PREMIUM: "Numbers that cost more than a call cannot be called.",
    OutReason.PREFIX: "The practice does not allow calls to this number.",
    OutReason.COUNTRY: "The practice does not allow calls to this country.",
    OutReason.CALLS: "You have made all the calls outside that one day allows.",
    OutReason.MINUTES: "You have used all the minutes that one day allows for calls outside.",
    OutReason.AT_ONCE: "You are in as many calls outside as you may be in at once.",
    OutReason.LINES: "All lines for calls outside are in use. Please try again in a moment.",
    OutReason.NOT_SERVED: (
        "Calls outside are not possible at the moment. In an emergency, you can still dial nine one one."
    ),
}
_NO_EMERGENCY = "This telephone cannot call {number}. Hang up, and dial {number} on a mobile phone now."
_FAILED = "The call to {number} did not go through. Hang up, and dial {number} on a mobile phone now."


def outbound_prompts(policy: Policy) -> dict[str, Greeting]:
    """The prompts for people who call outside, or who hear that they cannot; none in a practice without phones."""
    if not policy.phones and not policy.outside_numbers:
        return {}
    number = "nine one one" if "911" in emergency_numbers(policy.country) else "the emergency number"
    said = {reason.prompt or "": text.replace("nine one one", number) for reason, text in _TEXTS.items()}
    said |= {NO_EMERGENCY: _NO_EMERGENCY.format(number=number), EMERGENCY_FAILED: _FAILED.format(number=number)}
    wanted = said if policy.calls_out else (NO_EMERGENCY, OutReason.INBOUND_ONLY.prompt or "")
    return {name: Greeting(name, text=said[name]) for name in wanted}
