"""Channels and notices in words, so that whoever wrote the file sees who is told what, and what leaves the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pbx.config.senders import ProgramHook
from pbx.domain.notices import NoticePlan
from pbx.domain.policy import Policy
from pbx.domain.templates import Kind, TrustedChannel

_KINDS = {Kind.EMAIL: "mail", Kind.WEBHOOK: "a webhook", Kind.PHONE_MESSAGE: "texts on phones"}


def notices_in_words(policy: Policy) -> Iterator[str]:
    """Sentences on the notices of each mailbox, then on each channel."""
    for mailbox, plan in policy.notices.items():
        yield f"Messages for {policy.mailboxes.get(mailbox, mailbox)}: {'; '.join(_plan(policy, plan))}."
    watch = policy.watch
    if watch.channels:
        yield f"When something does not work: told to {_names(policy, watch.people)} by {', '.join(watch.channels)}."
    every = f"every {_minutes(watch.heartbeat.total_seconds())}" if watch.heartbeat else "never"
    yield f"A call to one of the numbers, to hear its greeting: {every}."
    for key, channel in policy.channels.items():
        if isinstance(channel, TrustedChannel):
            yield f"Channel {key!r} is {_KINDS[channel.kind]} and may carry patient data: {channel.because}"
        else:
            yield f"Channel {key!r} is {_KINDS[channel.kind]} and carries nothing of a patient."


def webhooks_in_words(hooks: Mapping[str, ProgramHook]) -> Iterator[str]:
    """A sentence on each program that is told of events."""
    for key, one in hooks.items():
        carries = "numbers and words of patients" if one.subscription.trusted else "nothing of a patient"
        paused = ", paused" if one.subscription.paused else ""
        kinds = ", ".join(sorted(one.subscription.kinds))
        yield f"Webhook {key!r} is told of {kinds}, with {carries}{paused}."


def _plan(policy: Policy, plan: NoticePlan) -> Iterator[str]:
    if plan.channels:
        yield f"told to {_names(policy, plan.people)} by {', '.join(plan.channels)}"
    if plan.remind_after:
        yield f"a reminder every {_minutes(plan.remind_after.total_seconds())} while unread, at most {plan.reminders}"
    for group in plan.groups:
        whom, by = _names(policy, group.people), ", ".join(group.channels)
        yield f"after {_minutes(group.after.total_seconds())} {whom} by {by} until somebody takes it"
    if plan.groups and plan.rounds > 1:
        yield f"{plan.rounds} rounds, {_minutes(plan.again.total_seconds())} apart"


def _names(policy: Policy, people: Iterable[str]) -> str:
    return ", ".join(policy.people[person].name if person in policy.people else person for person in people)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min"
