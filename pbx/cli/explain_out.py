"""`secondline explain --from-person P --to N`: may this person call that number, and what does it see?"""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from pathlib import Path

from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.config.load import Practice
from pbx.config.problems import did_you_mean
from pbx.domain.numbers import for_people, to_e164
from pbx.domain.outbound import Permission, Usage, Wish, may_call, permission_to_dict
from pbx.domain.policy import Policy
from pbx.kept import KeptFile
from pbx.output import print_json
from pbx.services.calls_today import CallsToday


def explain_out(options: Namespace, practice: Practice, at: datetime) -> int:
    """Print what would become of the call at an instant, under what the person used up of that day.

    Gives 0 whether it is allowed or not. Raises BadOption.
    """
    policy = practice.policy
    if options.caller is not None:
        raise BadOption("--from and --from-person: give one of them, for a call that comes in or one that goes out")
    person = _person(options.from_person, policy)
    today = CallsToday(KeptFile(Layout(Path(options.data)).calls_out), lambda: policy.timezone)
    usage = today.usage(person, at)
    wish = Wish(person, options.to, last_called=_number(options.last_called, policy))
    permission = may_call(policy, wish, usage)
    if options.json:
        used = {"calls": usage.calls, "minutes": round(usage.seconds / 60, 1), "now": usage.now}
        print_json(permission_to_dict(permission) | {"to": permission.to, "used_today": used})
    else:
        _tell(permission, usage, policy)
    return 0


def _tell(permission: Permission, usage: Usage, policy: Policy) -> None:
    if permission.to:
        print(f"To {for_people(permission.to, policy.country)}.")
    for sentence in permission.why:
        print(sentence)
    if permission.allowed:
        minutes = permission.seconds // 60
        print(f"Used today: {usage.calls} calls, {usage.seconds / 60:.0f} min. This one may take {minutes} min.")
    print("Allowed." if permission.allowed else f"Not allowed: {permission.reason}.")


def _person(text: str, policy: Policy) -> str:
    """A person by key or name. Raises BadOption."""
    by_name = {person.name: key for key, person in policy.people.items()}
    key = by_name.get(text, text)
    if key not in policy.people:
        raise BadOption(f"--from-person {text!r}: nobody is called so ({did_you_mean(text, list(policy.people))})")
    return key


def _number(text: str | None, policy: Policy) -> str | None:
    if text is None:
        return None
    try:
        return to_e164(text, policy.country)
    except ValueError as error:
        raise BadOption(f"--last-called {text!r} {error}") from error
