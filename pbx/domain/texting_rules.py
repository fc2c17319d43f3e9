"""What is done with a text, as a value with its reasons: for whom it is, what is answered by itself, who may write.

All of it is pure: the same value is carried out, is kept with the text and is printed by `secondline texts explain`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from pbx.domain.callers import Incoming, Kind, ruling
from pbx.domain.facts import Facts
from pbx.domain.numbers import NumberKind, for_people, parse_caller
from pbx.domain.policy import Policy
from pbx.domain.routing import State as LineState
from pbx.domain.routing import decide
from pbx.domain.texting import (
    MOST_AUTOMATIC_A_DAY,
    QUIET,
    Arrived,
    Cause,
    Consent,
    ConsentHow,
    Conversation,
    LineTexts,
    Texting,
)
from pbx.domain.texting_keywords import Keyword, keyword_of

_EMERGENCY = re.compile(r"\b(911|9-1-1|999|112|emergenc)", re.IGNORECASE)


class Reason(StrEnum):
    """Why a text is answered by itself, or is not: a closed list."""

    OPEN = "open"
    CLOSED = "closed"
    NOTHING_TO_SAY = "nothing-to-say"
    QUIET_TIME = "quiet-time"
    ENOUGH_TODAY = "enough-today"
    NO_NUMBER = "no-number"
    STOPPED = "stopped"
    STOP = "stop"
    START = "start"
    HELP = "help"
    BLOCKED = "blocked"
    MISSED_CALL = "missed-call"
    NO_TEXTS = "no-texts"


@dataclass(frozen=True, slots=True)
class Reply:
    """A text that is sent by itself."""

    cause: Cause
    body: str


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """What the text says about texts."""

    consent: Consent
    how: ConsentHow


@dataclass(frozen=True, slots=True)
class TextDecision:
    """What to do with a text: tell `people` (keys), answer with `reply`, write `consent` down; `why` in sentences.

    `note` tells the staff what is to be known of the sender, beside the text.
    """

    people: tuple[str, ...]
    reply: Reply | None
    reason: Reason
    why: tuple[str, ...]
    consent: ConsentChange | None = None
    note: str = ""


def decide_text(policy: Policy, text: Arrived, facts: Facts, known: Conversation) -> TextDecision:
    """What is done with a text from a patient. Its line has to be one that has texts."""
    line = policy.texting.lines[text.line]
    keyword = keyword_of(text.body, text.said)
    if keyword is not None:
        return _keyword(policy, text, line, keyword, known)
    if _is_blocked(policy, text):
        return _blocked(policy, text, known)
    why = [_whose(policy, line)]
    if known.consent is Consent.REVOKED:
        note = "They want no texts from us (STOP): call them."
        why.append("The number asked for no texts, so nothing is answered.")
        return TextDecision(line.people, None, Reason.STOPPED, tuple(why), note=note)
    consent = ConsentChange(Consent.GIVEN, ConsentHow.TEXTED) if known.consent is Consent.NONE else None
    reply, reason, because = _auto_reply(policy, text, line, facts, known)
    return TextDecision(line.people, reply, reason, (*why, *because), consent)


def decide_missed_call(policy: Policy, line: str, patient: str, at: datetime, known: Conversation) -> TextDecision:
    """What is sent to somebody (E.164) whose call to `line` nobody took and who left no message."""
    texts = policy.texting.lines.get(line)
    if texts is None or texts.missed_call is None:
        why = "The line has no text for missed calls."
        return TextDecision((), None, Reason.NOTHING_TO_SAY, (why,))
    if (hindrance := _hindrance(policy, patient, at, known)) is not None:
        return TextDecision((), None, *hindrance)
    body = automatic_words(policy.texting, texts.missed_call)
    consent = ConsentChange(Consent.GIVEN, ConsentHow.CALLED) if known.consent is Consent.NONE else None
    why = "Nobody took the call and no message was left."
    return TextDecision((), Reply(Cause.MISSED_CALL, body), Reason.MISSED_CALL, (why,), consent)


class WhyNot(StrEnum):
    """Why a text of the staff is not sent."""

    NO_LINE = "no-line"
    NOT_YOURS = "not-yours"
    STOPPED = "stopped"
    NO_CONSENT = "no-consent"
    BAD_NUMBER = "bad-number"
    EMPTY = "empty"
    TOO_LONG = "too-long"
    NO_PAGE = "no-page"


LONGEST = 1600
"""Characters of a text that the carriers take (Twilio's `Body`); longer ones they refuse."""


class NotSent(Exception):
    """A text of the staff is not sent; the text is a sentence that says what to do, without patient data."""

    def __init__(self, why: WhyNot) -> None:
        super().__init__(NOT_SENT[why])
        self.why = why


NOT_SENT = {
    WhyNot.NO_LINE: "No practice number has texts for you: add texts = { to = ... } to one.",
    WhyNot.NOT_YOURS: "The texts of that practice number are not yours.",
    WhyNot.STOPPED: "They asked for no texts (STOP). Call them; a text works again when they text START.",
    WhyNot.NO_CONSENT: "They have not texted us and no consent is on record. Write it down with "
    "`secondline texts consent`, or call them.",
    WhyNot.BAD_NUMBER: "That is no number that texts can go to.",
    WhyNot.EMPTY: "There is nothing in it.",
    WhyNot.TOO_LONG: f"It has more than {LONGEST} characters: make it shorter.",
    WhyNot.NO_PAGE: "Links need an address that patients can reach: add public_url to [texts].",
}


def check_staff_text(texting: Texting, body: str, known: Conversation) -> None:
    """Whether the staff may send `body` in this conversation. Raises NotSent."""
    if not body.strip():
        raise NotSent(WhyNot.EMPTY)
    if len(body) > LONGEST:
        raise NotSent(WhyNot.TOO_LONG)
    if known.consent is Consent.REVOKED:
        raise NotSent(WhyNot.STOPPED)
    if known.consent is Consent.NONE and not texting.staff_may_begin:
        raise NotSent(WhyNot.NO_CONSENT)


def lines_of(texting: Texting, person: str) -> tuple[str, ...]:
    """The practice numbers whose texts are for a person (a key), in the order of the file."""
    return tuple(line for line, texts in texting.lines.items() if person in texts.people)


def automatic_words(texting: Texting, words: str) -> str:
    """An automatic text with the emergency sentence at its end, unless it says it already."""
    text = words.strip()
    return text if _EMERGENCY.search(text) else f"{text} {texting.emergency_sentence}"


def _whose(policy: Policy, line: LineTexts) -> str:
    names = ", ".join(policy.people[p].name if p in policy.people else p for p in line.people)
    return f"Texts of this number go to {policy.mailboxes.get(line.to, line.to)} ({names})."


@dataclass(slots=True)
class _Hindrances:
    """Why nothing automatic is sent, the first that holds."""

    policy: Policy
    patient: str
    at: datetime
    known: Conversation
    found: list[tuple[Reason, str]] = field(default_factory=list)

    def all(self) -> Iterator[tuple[Reason, str]]:
        if parse_caller(self.patient, self.policy.country).kind is not NumberKind.E164:
            yield Reason.NO_NUMBER, "The sender is no telephone, so nothing is answered."
        if self.known.consent is Consent.REVOKED:
            yield Reason.STOPPED, "The number asked for no texts, so nothing is answered."
        last = max((t for t in (self.known.last_automatic, self.known.last_staff) if t), default=None)
        if last is not None and self.at - last < QUIET:
            minutes = QUIET.seconds // 60
            yield Reason.QUIET_TIME, f"Less than {minutes} minutes have passed since the last text to the patient."
        if self.known.automatic_today >= MOST_AUTOMATIC_A_DAY:
            yield Reason.ENOUGH_TODAY, f"{MOST_AUTOMATIC_A_DAY} automatic texts went there within a day; no more do."


def _hindrance(
    policy: Policy, patient: str, at: datetime, known: Conversation
) -> tuple[Reason, tuple[str, ...]] | None:
    found = next(_Hindrances(policy, patient, at, known).all(), None)
    return None if found is None else (found[0], (found[1],))


def _auto_reply(
    policy: Policy, text: Arrived, line: LineTexts, facts: Facts, known: Conversation
) -> tuple[Reply | None, Reason, tuple[str, ...]]:
    decision = decide(policy, text.line, text.at, facts)
    is_open = decision.state is LineState.OPEN
    words = line.auto_reply_open if is_open else line.auto_reply_closed
    state = f"The line is {decision.state} ({decision.reason}, {decision.rule})."
    if words is None:
        return None, Reason.NOTHING_TO_SAY, (state, "Then nothing is answered by itself.")
    if (hindrance := _hindrance(policy, text.patient, text.at, known)) is not None:
        return None, hindrance[0], (state, *hindrance[1])
    reply = Reply(Cause.AUTO_REPLY, automatic_words(policy.texting, words))
    return reply, Reason.OPEN if is_open else Reason.CLOSED, (state, "It is answered by itself.")


def _keyword(policy: Policy, text: Arrived, line: LineTexts, keyword: Keyword, known: Conversation) -> TextDecision:
    decision = _of_keyword(policy, text, line, keyword, known)
    if policy.texting.answers_keywords or decision.reply is None:
        return decision
    why = (*decision.why, "The carrier answers such a word itself.")
    return replace(decision, reply=None, why=why)


def _of_keyword(policy: Policy, text: Arrived, line: LineTexts, keyword: Keyword, known: Conversation) -> TextDecision:
    how = ConsentHow.CARRIER if text.said else ConsentHow.KEYWORD
    practice, number = policy.practice, for_people(text.line, policy.country)
    change: ConsentChange | None
    match keyword:
        case Keyword.STOP:
            words = f"You get no more texts from {practice}. Text START to get them again."
            change = ConsentChange(Consent.REVOKED, how)
            note, reason = "They want no more texts from us: call them instead.", Reason.STOP
            why = "The text asks for no more texts. That is written down and holds for all numbers of the practice."
        case Keyword.START:
            words = f"You get texts from {practice} again. Text STOP to end them, HELP for help."
            change, note, reason = ConsentChange(Consent.GIVEN, how), "They want texts from us again.", Reason.START
            why = "The text asks for texts. That is written down."
        case Keyword.HELP:
            words = f"{practice}: call {number}. Text STOP to get no more texts. Message and data rates may apply."
            note, reason = "", Reason.HELP
            change = ConsentChange(Consent.GIVEN, ConsentHow.TEXTED) if known.consent is Consent.NONE else None
            why = "The text asks for help."
    reply: Reply | None = Reply(Cause.KEYWORD, automatic_words(policy.texting, words))
    is_number = parse_caller(text.patient, policy.country).kind is NumberKind.E164
    # The answer to a word that changes nothing is bounded like any other; one confirmation of a change always goes.
    changes = change is not None and change.consent is not known.consent
    if not is_number or (not changes and known.automatic_today >= MOST_AUTOMATIC_A_DAY):
        reply = None
    if keyword is Keyword.STOP and known.consent is Consent.REVOKED:
        reply = None  # it was confirmed once, and nothing is sent to who wants nothing
    return TextDecision(line.people, reply, reason, (_whose(policy, line), why), change, note)


def _is_blocked(policy: Policy, text: Arrived) -> bool:
    caller = parse_caller(text.patient, policy.country)
    found = ruling(policy.numbers[text.line].callers, policy.contacts, Incoming(caller, True, text.at))
    return found.rule is not None and found.rule.kind is Kind.BLOCKED


def _blocked(policy: Policy, text: Arrived, known: Conversation) -> TextDecision:
    """Like a blocked caller: told what to do in an emergency, written down, and nobody is disturbed."""
    why = ["The sender is blocked: no phone shows the text, the record has it."]
    reply: Reply | None = Reply(Cause.AUTO_REPLY, policy.texting.emergency_sentence)
    if (hindrance := _hindrance(policy, text.patient, text.at, known)) is not None:
        reply, why = None, [*why, *hindrance[1]]
    return TextDecision((), reply, Reason.BLOCKED, tuple(why))
