"""What a carrier's error code means, in one sentence for the staff. Texts of the carrier itself are not shown."""

from __future__ import annotations

_CANNOT = "Their number cannot take texts; call them."
_AWAY = "Their phone is off or out of reach."
_FILTERED = "A carrier took it for spam and threw it away: word it otherwise, without links, or call."
_STOP = "They told the carrier STOP: call them."
_UNREGISTERED = "The practice's number is not registered for texts (10DLC): ask the carrier."

_TWILIO = {
    "21610": _STOP,
    "21211": _CANNOT,
    "21614": _CANNOT,
    "30003": _AWAY,
    "30004": "Their carrier or they themselves block it: call them.",
    "30005": "Their number is not in use.",
    "30006": _CANNOT,
    "30007": _FILTERED,
    "30034": _UNREGISTERED,
}
"""Twilio's error and warning dictionary."""

_TELNYX = {
    "40001": _CANNOT,
    "40002": _FILTERED,
    "40003": _FILTERED,
    "40004": "Their carrier rejected it.",
    "40005": _AWAY,
    "40006": _AWAY,
    "40008": "Their carrier did not take it.",
    "40010": _UNREGISTERED,
    "40300": _STOP,
}
"""Telnyx' messaging error codes."""


def twilio(code: str) -> str:
    """In words, from Twilio's ErrorCode."""
    return _TWILIO.get(code, _unknown(code))


def telnyx(code: str) -> str:
    """In words, from the code of Telnyx' errors."""
    return _TELNYX.get(code, _unknown(code))


def _unknown(code: str) -> str:
    return f"The carrier could not deliver it (code {code})." if code else "The carrier could not deliver it."
