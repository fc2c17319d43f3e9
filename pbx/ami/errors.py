"""What can go wrong between the controller and Asterisk's manager interface. No text holds anything of a caller."""

from __future__ import annotations


class AmiError(Exception):
    """Any of these; catch it where a hint from Asterisk is welcome and its absence is no fault."""


class LinkLost(AmiError):
    """There is no link, or it broke before the answer was whole. The action is not sent again: ask anew if need be."""


class LoginRefused(AmiError):
    """Asterisk does not let the controller in. The text is a sentence for practice IT."""


class ActionRefused(AmiError):
    """Asterisk answered an action with an error, which the text repeats."""


class AnswerLate(AmiError):
    """An action was not answered in time. It may or may not have been carried out."""


class UnsafeField(AmiError, ValueError):
    """A header that would not arrive as it is meant to. The text names the header, never its value."""
