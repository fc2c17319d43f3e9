"""The only list of the channel variables and globals that carry a call through the dialplan.

A test compares it with the dialplan templates in both directions, so a name is written here first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SetBy(StrEnum):
    """Who gives a variable its value; nobody else does."""

    DIALPLAN = "dialplan"
    CONTROLLER = "controller"
    CONFIG = "rendered configuration"


@dataclass(frozen=True, slots=True)
class Variable:
    """One name, who sets it, and what it holds."""

    name: str
    set_by: SetBy
    doc: str


CALL = Variable("SL_CALL", SetBy.DIALPLAN, "The call's id: a UUID made when the call comes in.")
TOKEN = Variable("SL_TOKEN", SetBy.DIALPLAN, "A fresh UUID for each question; a valid answer repeats it.")
DID = Variable("SL_DID", SetBy.DIALPLAN, "The practice number that was called, E.164.")
FROM = Variable("SL_FROM", SetBy.DIALPLAN, "The caller's number, filtered: [+0-9]*, `anonymous`, or empty.")
VERDICT = Variable(
    "SL_VERDICT", SetBy.DIALPLAN, "What is known of SL_FROM: a value of pbx.domain.callers.Verdict, mostly empty."
)
STARTED = Variable("SL_STARTED", SetBy.DIALPLAN, "When the call came: seconds since 1970 in UTC, with milliseconds.")
STAGE = Variable("SL_STAGE", SetBy.DIALPLAN, "How far the call got: a value of pbx.domain.outcome.Stage.")
RESULT = Variable("SL_RESULT", SetBy.DIALPLAN, "What became of the last step: a value of pbx.domain.steps.Result.")
SAFE_GREETING = Variable("SL_SAFE_GREETING", SetBy.DIALPLAN, "The prompt for the fail-safe path of this number.")
IN_SAFE = Variable("SL_IN_SAFE", SetBy.DIALPLAN, "1 once the call is on the fail-safe path.")
CHOICES = Variable("SL_CHOICES", SetBy.DIALPLAN, "What was chosen in menus so far: position.key/ each.")
RECORDED = Variable("SL_RECORDED", SetBy.DIALPLAN, "The tag of a recording that this call has already made.")
RING = Variable("SL_RING", SetBy.DIALPLAN, "While it rings: a UUID of that ring, which its legs know too.")
ANSWERED_BY = Variable("SL_ANSWERED_BY", SetBy.DIALPLAN, "The endpoint that took the call, outside.NAME, or mailbox.")
ANSWERED_AT = Variable("SL_ANSWERED_AT", SetBy.DIALPLAN, "When it took it: seconds since 1970 in UTC.")
TALK = Variable("SL_TALK", SetBy.DIALPLAN, "For `sl-talk`: the talk that is wanted, one that agi.server has.")
ABOUT = Variable("SL_ABOUT", SetBy.DIALPLAN, "For `sl-talk`: what it is about, such as a code; never what was keyed.")

DIALLED = Variable("SL_DIALLED", SetBy.DIALPLAN, "For a call outside: what was typed, filtered: [+*0-9]*.")
MADE_BY = Variable("SL_MADE_BY", SetBy.DIALPLAN, "Who calls outside: phone. and an endpoint, or person. and a key.")
NUMBER = Variable("SL_NUMBER", SetBy.DIALPLAN, "The emergency number that the carrier is asked for.")

PAGE = Variable("SL_PAGE", SetBy.DIALPLAN, "On a leg that fetches somebody: the step's position, or the attempt's id.")
JOURNAL = Variable("SL_JOURNAL", SetBy.DIALPLAN, "The file in which the urgent path of a waiting caller is noted.")
ASKED = Variable("SL_ASKED", SetBy.DIALPLAN, "What one who was fetched decided; the talk with the controller sets it.")
PAGED = Variable("SL_PAGED", SetBy.DIALPLAN, "The verdict of the last who was fetched, on the caller's channel.")

STEP = Variable("SL_STEP", SetBy.CONTROLLER, "The step to take: a value of pbx.domain.steps.StepKind.")
PHONES = Variable("SL_PHONES", SetBy.CONTROLLER, "For `ring`: endpoints that ring at once, joined by `&`.")
LEGS = Variable(
    "SL_LEGS",
    SetBy.CONTROLLER,
    "For `ring`: what rings later or outside, for `page`: all: kind-after-seconds-name each, joined by `&`.",
)
WHO = Variable("SL_WHO", SetBy.CONTROLLER, "For `page`: the key of the person.")
OPENING = Variable(
    "SL_OPENING", SetBy.CONTROLLER, "For `menu`: prompts before it that no key cuts short, joined by `&`."
)
PROMPTS = Variable("SL_PROMPTS", SetBy.CONTROLLER, "For `say`, `menu`, `hold`: names of prompts, joined by `&`.")
KEYS = Variable("SL_KEYS", SetBy.CONTROLLER, "For `menu`: the keys that it has, without anything between them.")
SECONDS = Variable("SL_SECONDS", SetBy.CONTROLLER, "For all that waits: the most it may wait, in whole seconds.")
POSITION = Variable("SL_POSITION", SetBy.CONTROLLER, "The step's place in the call's plan, from 0; at first -1.")
OK = Variable("SL_OK", SetBy.CONTROLLER, "Set last: the SL_TOKEN of the question that this answers.")

TO = Variable("SL_TO", SetBy.CONTROLLER, "The number outside that may be called, E.164; empty where none may.")
SHOW = Variable("SL_SHOW", SetBy.CONTROLLER, "The practice number that who is called sees, E.164.")
REASON = Variable("SL_REASON", SetBy.CONTROLLER, "Why a call outside is placed or not: pbx.domain.outbound.OutReason.")

WISH = Variable("SL_WISH", SetBy.CONTROLLER, "Whom a talk that is over wants called: what was keyed, or E.164.")
WISHER = Variable("SL_WISHER", SetBy.CONTROLLER, "Who wants that: the key of a person who gave the PIN.")
WISH_SHOW = Variable("SL_WISH_SHOW", SetBy.CONTROLLER, "The practice number that is to be shown; empty: as usual.")
WISH_ABOUT = Variable("SL_WISH_ABOUT", SetBy.CONTROLLER, "The message that is called back about: its UUID, or empty.")

BOX = Variable("SL_BOX", SetBy.CONTROLLER, "For `sl-lamp`: whose lamp, a person's key.")
NEW = Variable("SL_NEW", SetBy.CONTROLLER, "For `sl-lamp`: how many messages are new.")
OLD = Variable("SL_OLD", SetBy.CONTROLLER, "For `sl-lamp`: how many are not.")

BEAT = Variable("SL_BEAT", SetBy.CONTROLLER, "On the ear of a heartbeat call: its id.")

EARS = Variable("SL_EARS", SetBy.CONFIG, "The folder of what a heartbeat call hears.")
AGI = Variable("SL_AGI", SetBy.CONFIG, "Where the controller listens, as agi://address:port.")
SPOOL = Variable("SL_SPOOL", SetBy.CONFIG, "The folder of recordings and sidecars.")
SPARE = Variable("SL_SPARE", SetBy.CONFIG, "The folder to use when the spool cannot be written.")
GREETINGS = Variable("SL_GREETINGS", SetBy.CONFIG, "The folder of the rendered prompts.")
PLANS = Variable("SL_PLANS", SetBy.CONFIG, "The folder of what is done by itself, a file a number.")
MUSIC = Variable("SL_MUSIC", SetBy.CONFIG, "The class of music while it rings; empty: ring-back.")
MAX_SECONDS = Variable("SL_MAX_SECONDS", SetBy.CONFIG, "The longest message, in seconds.")
EMERGENCIES = Variable("SL_EMERGENCIES", SetBy.CONFIG, "The folder of calls to 911 that people are yet to hear of.")

ANSWER = (STEP, WHO, PHONES, LEGS, OPENING, PROMPTS, KEYS, SECONDS, POSITION, OK)
"""What an answer may set, in the order in which it is set."""

OUT_ANSWER = (TO, SHOW, REASON, PROMPTS, SECONDS, OK)
"""The same of an answer to `out`."""

ALL = (
    *(
        CALL,
        TOKEN,
        DID,
        FROM,
        VERDICT,
        STARTED,
        STAGE,
        RESULT,
        SAFE_GREETING,
        IN_SAFE,
        CHOICES,
        RECORDED,
        RING,
        ANSWERED_BY,
        ANSWERED_AT,
        PAGE,
        JOURNAL,
        ASKED,
        PAGED,
        TALK,
        ABOUT,
        DIALLED,
        MADE_BY,
        NUMBER,
    ),
    *ANSWER,
    *(TO, SHOW, REASON),
    *(WISH, WISHER, WISH_SHOW, WISH_ABOUT),
    *(BOX, NEW, OLD, BEAT),
    *(AGI, SPOOL, SPARE, GREETINGS, PLANS, EARS, MUSIC, MAX_SECONDS, EMERGENCIES),
)
