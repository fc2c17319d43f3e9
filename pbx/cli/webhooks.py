"""`secondline webhooks`: programs that are told of what happens; what waits, what was sent, and trying it out."""

from __future__ import annotations

from argparse import Namespace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.cli.records import with_records
from pbx.config.load import Practice, load
from pbx.config.problems import did_you_mean
from pbx.config.senders import ProgramHook
from pbx.database import Records
from pbx.domain.events import Delivery, told
from pbx.domain.ring_oncall import clock
from pbx.hook_secrets import HookSecrets
from pbx.output import print_json, rfc3339
from pbx.program_hooks import ProgramHooks
from pbx.services.ports import Backlog, Fate, Parcel, Verdict

_NOTHING = Backlog("", 0, 0, "")


class NoSuchDelivery(Exception):
    """What was typed is no delivery that could be sent again. `secondline webhooks deliveries` shows the ids."""


def show(options: Namespace) -> int:
    """List the webhooks, with what waits and what failed."""

    async def use(records: Records, practice: Practice) -> int:
        backlogs, kept = await records.hooks.backlogs(), _secrets(options)
        hooks = practice.settings.webhooks
        found = [_hook_json(key, hook, backlogs.get(key, _NOTHING), kept) for key, hook in hooks.items()]
        if options.json:
            print_json(found)
            return 0
        for one in found:
            marks = [", paused" if one["paused"] else "", "" if one["signed"] else ", NO SECRET YET"]
            print(f"{one['key']}: {one['url']}{''.join(marks)}")
            print(f"  told of {', '.join(one['events'])}{', with patient data' if one['trusted'] else ''}")
            print(f"  {one['waiting']} waiting, {one['failed']} failed within a week. {one['failure']}".rstrip())
        if not found:
            print("The practice's file has no webhook: add [webhooks.ehr]; `secondline describe` shows one.")
        return 0

    return with_records(options, use)


def deliveries(options: Namespace) -> int:
    """Show what was sent and how it went, the newest first."""

    async def use(records: Records, practice: Practice) -> int:
        found = await records.hooks.deliveries(options.hook, options.state, options.limit)
        if options.json:
            print_json([_delivery_json(one) for one in found])
            return 0
        for one in found:
            happened = one.happening
            at = clock(happened.at, practice.policy.timezone)
            print(f"{one.id}  {at}  {one.hook}  {happened.kind} {happened.subject}: {one.state}")
            for attempt in one.tries:
                how = attempt.result or "not known how it ended"
                print(f"    {clock(attempt.at, practice.policy.timezone)}  {how}. {attempt.why}".rstrip())
        if not found:
            print("Nothing was sent within 30 days.")
        return 0

    return with_records(options, use)


def retry(options: Namespace) -> int:
    """Have what failed, or waits for a later time, sent again by the server now."""
    ids = None if options.id is None else [_id(options.id)]

    async def use(records: Records, _: Practice) -> int:
        count = await records.hooks.retry(ids, options.hook)
        if ids and not count:
            raise NoSuchDelivery("no delivery of that id failed or waits: `secondline webhooks deliveries` shows them")
        if options.json:
            print_json({"again": count})
        else:
            print(f"{count} sent again as soon as the server runs." if count else "Nothing failed or waits.")
        return 0

    return with_records(options, use)


def test(options: Namespace) -> int:
    """Send an event that says nothing, and say how it went. 1 if it was not taken."""

    async def use(records: Records, practice: Practice) -> int:
        _known(practice, options.hook)
        program = ProgramHooks(lambda: practice.settings.webhooks, _secrets(options))
        delivery = await records.hooks.begin_test(options.hook)
        sender = program.senders()[options.hook]
        verdict = await sender.send(Parcel(delivery.id, "", "", "", told(delivery.happening, None)))
        # Tried once: whoever tests sees how it went, and tries again.
        settled = verdict if verdict.fate is Fate.SENT else Verdict(Fate.PERMANENT, verdict.why)
        await records.hooks.settle(delivery, settled, timedelta())
        sent = verdict.fate is Fate.SENT
        if options.json:
            print_json({"id": str(delivery.id), "sent": sent, "why": verdict.why})
        else:
            print(f"Taken: {options.hook} has event {delivery.id}." if sent else f"Not taken. {verdict.why}")
        return 0 if sent else 1

    return with_records(options, use)


def secret(options: Namespace) -> int:
    """Make the secret with which a webhook's events are signed, and show it, once."""
    practice = load(Path(options.config))
    hook, kept = _known(practice, options.hook), _secrets(options)
    if hook.hook.secret:
        raise BadOption(f"the secret of {options.hook!r} is in the file that secret_file names, and is not shown")
    if kept.of(options.hook) and not options.new:
        raise BadOption(f"{options.hook!r} has a secret, which was shown when it was made: --new makes another")
    made = kept.make(options.hook)
    if options.json:
        print_json({"webhook": options.hook, "secret": made})
    else:
        print(made)
        print(f"With this the server signs what it tells {options.hook!r}, from now on. It is shown this once.")
    return 0


def _secrets(options: Namespace) -> HookSecrets:
    layout = Layout(Path(options.data))
    layout.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return HookSecrets(layout.hook_secrets)


def _known(practice: Practice, key: str) -> ProgramHook:
    hooks = practice.settings.webhooks
    if key not in hooks:
        raise BadOption(f"there is no webhook {key!r} in the practice's file ({did_you_mean(key, list(hooks))})")
    return hooks[key]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NoSuchDelivery(f"{text!r} is no delivery's id: `secondline webhooks deliveries` shows them") from error


def _hook_json(key: str, one: ProgramHook, backlog: Backlog, kept: HookSecrets) -> dict[str, Any]:
    return {
        "key": key,
        "url": one.hook.url,
        "events": sorted(one.subscription.kinds),
        "trusted": one.subscription.trusted,
        "paused": one.subscription.paused,
        "signed": bool(one.hook.secret or kept.of(key)),
        "waiting": backlog.waiting,
        "failed": backlog.failed,
        "failure": backlog.failure,
    }


def _delivery_json(one: Delivery) -> dict[str, Any]:
    happened = one.happening
    tries = [{"at": rfc3339(attempt.at), "result": attempt.result, "why": attempt.why} for attempt in one.tries]
    return {
        "id": str(one.id),
        "webhook": one.hook,
        "event": happened.kind,
        "subject": happened.subject,
        "at": rfc3339(happened.at),
        "state": one.state,
        "attempts": one.attempts,
        "due_at": rfc3339(one.due_at) if one.state == "waiting" else None,
        "settled_at": rfc3339(one.settled_at),
        "failure": one.failure,
        "tries": tries,
    }
