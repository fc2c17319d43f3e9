"""What the file says about texts, in words."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config.settings import Settings
from pbx.domain.numbers import for_people
from pbx.domain.policy import Policy

_CARRIERS = {"twilio": "Twilio's format", "telnyx": "Telnyx' format", "trunk": "SIP MESSAGE on the carrier's line"}


def texts_in_words(policy: Policy, settings: Settings) -> Iterator[str]:
    """Sentences on each number's texts, then on the way they take."""
    texting = policy.texting
    if not texting.lines or settings.texts is None:
        return
    for e164, line in texting.lines.items():
        name = for_people(e164, policy.country)
        yield f"Texts to {name} go to the phones of {policy.mailboxes.get(line.to, line.to)}, who may answer there."
        for when, words in (("open", line.auto_reply_open), ("closed", line.auto_reply_closed)):
            if words is not None:
                yield f'    When {when}, it answers by itself, at most once in 15 minutes: "{words}"'
        if line.missed_call is not None:
            yield f'    A caller whom nobody answered gets: "{line.missed_call}"'
    yield f'Every automatic text names the emergency line: "{texting.emergency_sentence}"'
    who = "Secondline" if texting.answers_keywords else "the carrier"
    yield f"Texts go over {_CARRIERS[settings.texts.kind]}; STOP, START and HELP are answered by {who}."
    days = texting.keep.days if texting.keep else None
    yield f"Texts are erased {days} days after they came." if days else "All texts are kept."
    minutes = texting.tell_after.total_seconds() / 60
    yield f"A text that no phone shows within {minutes:.0f} min is told by the notices of its mailbox."
