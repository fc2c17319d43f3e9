"""Put a finished call together from what the spool says, the stored decision and the practice's file. No I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from pbx.domain.actions import RingOnCall, Urgent, leaves_in
from pbx.domain.call import CallStart, FinishedCall, Recording, recording_id
from pbx.domain.numbers import Caller, NumberKind, parse_caller
from pbx.domain.outcome import outcome_of
from pbx.domain.policy import UNASSIGNED_MAILBOX, Policy
from pbx.domain.routing import Decision, Reason, decide
from pbx.domain.safe_plan import course_at
from pbx.domain.steps import NumberAskedStep, RecordStep
from pbx.domain.tree import Choice, choices_of
from pbx.domain.urgent import UrgentRequest, settled
from pbx.domain.urgent_path import asks_for_help
from voicemail.spool import SAFE_TAG, SpooledCall, SpoolStart
from voicemail.urgent_journal import Journal

UNKNOWN_DIALLED = ""
"""The number of a call whose start can be read nowhere."""


def finished_call(
    call: SpooledCall, policy: Policy, decision: Decision | None, recordings: tuple[Recording, ...]
) -> FinishedCall:
    """The call as it goes into the log. `decision` is the stored one, `recordings` are those kept as messages."""
    start = _start(call, policy, decision)
    end = call.end.call_end if call.end else None
    return FinishedCall(
        start=start,
        # A clock that was set back during the call must not make it end before it began.
        ended_at=max(start.at, end.at if end else _last_change(call)),
        outcome=outcome_of(end, bool(recordings)),
        reason=None if decision else _reason(call, policy, start),
        answered_by=end.answered_by if end else None,
        answered_at=call.end.answered_at if call.end else None,
        recordings=recordings,
        choices=_choices(call, policy, decision),
        urgent=_urgent(call, policy, decision, recordings),
        safe=_went_safe(call) and not (call.start and call.start.moved),
    )


def mailbox_of(call: SpooledCall, tag: str, policy: Policy, decision: Decision | None) -> str:
    """Where recording `tag` of a call goes.

    A step's recording goes where the call's decision says; where none was stored (the database was away), where the
    same decision taken again says. One of the safe path goes where the dialplan's plan for that time says, and one of a
    call that was passed on to the mailbox of the colleague who did not take it, if there is one.
    """
    if call.start and call.start.moved and call.start.moved.whom in policy.mailboxes:
        return call.start.moved.whom
    if tag != SAFE_TAG:
        known = decision or _decide_again(call, policy)
        steps = known.steps if known else ()
        step = steps[int(tag)] if int(tag) < len(steps) else None
        if isinstance(step, RecordStep):
            return step.mailbox
        if known and (_rings_on_call(policy, known.number) or _by_caller(policy, known.number)):
            return known.mailbox  # who was on call, or had called before, made it a call of more or fewer steps
    dialled = call.start.dialled if call.start else decision.number if decision else UNKNOWN_DIALLED
    number = policy.numbers.get(dialled)
    if number is None:
        return UNASSIGNED_MAILBOX
    return course_at(policy, number, call.start.at).mailbox if call.start else number.fallback_voicemail.mailbox


def _urgent(
    call: SpooledCall, policy: Policy, decision: Decision | None, recordings: tuple[Recording, ...]
) -> UrgentRequest | None:
    """What a call on the urgent path asks for: it left a message there, or got as far as a number or a page."""
    known = decision or _decide_again(call, policy)
    if known is None or (call.start and call.start.moved):
        return None
    kept = {recording.id for recording in recordings}
    tags = [r.tag for r in call.recordings if recording_id(call.id, r.key) in kept]
    found = [asks_for_help(known.steps, None if tag == SAFE_TAG else int(tag)) for tag in tags]
    if call.journal and (call.journal.number or call.journal.attempts):
        found += [step for step in known.steps if isinstance(step, NumberAskedStep)]
    terms = next((step for step in found if step is not None), None)
    return _request(call, terms, recordings[0].mailbox if recordings else known.mailbox) if terms else None


def _request(call: SpooledCall, terms: NumberAskedStep, mailbox: str) -> UrgentRequest:
    journal = call.journal or Journal()
    request = UrgentRequest(
        call=call.id,
        rota=terms.rota,
        mailbox=mailbox,
        rounds=terms.rounds,
        interval=terms.interval,
        seconds=terms.seconds,
        opened=call.end.call_end.at if call.end else _last_change(call),
        callback=journal.number,
        attempts=journal.attempts,
    )
    return settled(request)


def _choices(call: SpooledCall, policy: Policy, decision: Decision | None) -> tuple[Choice, ...]:
    if not call.end or not call.end.presses:
        return ()
    known = decision or _decide_again(call, policy)
    return choices_of(known.steps, call.end.presses) if known else ()


def _rings_on_call(policy: Policy, dialled: str) -> bool:
    number = policy.numbers.get(dialled)
    return number is not None and any(
        isinstance(action, RingOnCall | Urgent) for action in leaves_in((*number.opened, *number.closed))
    )


def _by_caller(policy: Policy, dialled: str) -> bool:
    number = policy.numbers.get(dialled)
    return number is not None and bool(number.callers.rules)


def _decide_again(call: SpooledCall, policy: Policy) -> Decision | None:
    if call.start is None:
        return None
    caller = parse_caller(call.start.caller, policy.country)
    return decide(policy, call.start.dialled, call.start.at, caller=caller)


def _went_safe(call: SpooledCall) -> bool:
    safe = call.end.call_end.safe if call.end else False
    return safe or any(recording.tag == SAFE_TAG for recording in call.recordings)


def _reason(call: SpooledCall, policy: Policy, start: CallStart) -> Reason:
    if call.start and call.start.moved:
        return Reason.MOVED
    if _went_safe(call):
        return Reason.SAFE_MODE
    return decide(policy, start.dialled, start.at, caller=start.caller).reason


def _start(call: SpooledCall, policy: Policy, decision: Decision | None) -> CallStart:
    if call.start:
        return _readable_start(call, call.start, policy)
    caller = Caller(NumberKind.UNUSABLE)
    if decision:
        return CallStart(call.id, decision.number, caller, decision.at)
    return CallStart(call.id, UNKNOWN_DIALLED, caller, _first_change(call))


def _readable_start(call: SpooledCall, start: SpoolStart, policy: Policy) -> CallStart:
    plain = CallStart(call.id, start.dialled, parse_caller(start.caller, policy.country), start.at)
    if start.moved is None:
        return plain
    return replace(plain, moved_from=start.moved.former, moved_by=_mover(start.moved.mover, policy))


def _mover(name: str, policy: Policy) -> str | None:
    """Who passed a call on: the owner of the telephone, or whose cell it was."""
    kind, _, key = name.rpartition(".")
    return key if kind in ("outside", "person") else policy.owner_of(key)


def _first_change(call: SpooledCall) -> datetime:
    return _utc(min(file.mtime for file in call.files))


def _last_change(call: SpooledCall) -> datetime:
    return _utc(max(file.mtime for file in call.files))


def _utc(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
