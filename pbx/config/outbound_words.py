"""Say in plain words who may call outside, and what patients see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pbx.domain.numbers import for_people
from pbx.domain.outbound_rules import Allowance
from pbx.domain.policy import Policy


def outbound_in_words(policy: Policy) -> Iterator[str]:
    """Sentences for people; nothing where nobody calls outside, which `places_in_words` says."""
    rules = policy.outbound
    if rules is None or rules.inbound_only:
        return
    alike: dict[Allowance, list[str]] = defaultdict(list)
    for key, allowance in rules.people.items():
        alike[allowance].append(policy.people[key].name)
    for allowance, names in alike.items():
        yield f"{', '.join(names)} may call outside: {_allowance(policy, allowance)}."
    if not rules.people:
        yield "Nobody may call outside; phones call 911 only."
        return
    yield f"At most {rules.at_once} calls outside at once, and each at most {rules.longest_minutes} min."
    if rules.refused:
        yield f"Numbers that begin with {', '.join(rules.refused)} are refused; premium-rate numbers always are."
    for code, number in rules.codes.items():
        yield f"{code} before a number shows {for_people(number, policy.country)} for that call."


def _allowance(policy: Policy, one: Allowance) -> str:
    return (
        f"to {', '.join(sorted(one.countries))}, {one.calls_a_day} calls and {one.minutes_a_day} min a day, "
        f"{one.at_once} at once; patients see {for_people(one.shows, policy.country)}, or the number they called last"
    )
