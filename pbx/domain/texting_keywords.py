"""STOP, START and HELP: what a patient who wants no more texts, wants them again or wants to know writes.

The words are those of CTIA's Messaging Principles and Best Practices and of the carriers. The FCC takes any reasonable
way of saying it (47 CFR 64.1200(a)(10)), so a few plain sentences count too; but only where they are the whole text,
because in a medical conversation "should I stop the tablets" is about tablets.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Keyword(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


_STOP = frozenset(
    {
        *("stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"),
        *("stop it", "stop texting", "stop texting me", "stop messaging", "stop messaging me", "stop sending texts"),
        *("do not text", "do not text me", "dont text", "dont text me", "no more texts", "no texts", "unsubscribe me"),
        *("alto", "parar"),
    }
)
_START = frozenset({"start", "unstop", "optin", "opt in", "subscribe"})
_HELP = frozenset({"help", "info", "ayuda"})
_POLITE = frozenset({"please", "pls", "thanks", "thank", "you", "now"})

# What Twilio calls it (OptOutType).
_OF_CARRIERS = {"stop": Keyword.STOP, "start": Keyword.START, "help": Keyword.HELP}


def keyword_of(text: str, said: str = "") -> Keyword | None:
    """The keyword that a whole text is, if it is one. `said` is what the carrier took it for, which goes first."""
    if (known := _OF_CARRIERS.get(said.strip().lower())) is not None:
        return known
    plain = re.sub(r"['’`]", "", text.lower())
    words = re.findall(r"[a-z]+|[^\sa-z.,;:!?\"“”()\[\]<>*_~/\\|–-]+", plain)
    whole = " ".join(words)
    for choice in (whole, " ".join(word for word in words if word not in _POLITE)):
        for keyword, known_words in ((Keyword.STOP, _STOP), (Keyword.START, _START), (Keyword.HELP, _HELP)):
            if choice in known_words:
                return keyword
    return None
