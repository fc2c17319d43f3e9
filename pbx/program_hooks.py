"""The hooks for events: what the file says of them, their secrets, their way out, and what a trusted one is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pbx.config.senders import ProgramHook
from pbx.database import Records
from pbx.domain.events import EventKind, Happening, Subscription
from pbx.domain.policy import Policy
from pbx.hints import hints_of
from pbx.hook_secrets import HookSecrets
from pbx.notify.webhook import Webhook
from pbx.output import call_json, message_json
from pbx.services.ports import Fate, Parcel, Sender, Verdict

NO_SECRET = "The webhook has no secret yet: `secondline webhooks secret` makes one and shows it."


@dataclass(frozen=True, slots=True)
class NoSecret:
    """The way out of a hook that cannot sign yet: nothing goes out unsigned."""

    async def send(self, _: Parcel) -> Verdict:
        return Verdict(Fate.HELD, NO_SECRET)


@dataclass(frozen=True, slots=True)
class ProgramHooks:
    """`wanted` gives the hooks of the file in force."""

    wanted: Callable[[], Mapping[str, ProgramHook]]
    secrets: HookSecrets

    def subscriptions(self) -> dict[str, Subscription]:
        """What each wants to be told."""
        return {key: one.subscription for key, one in self.wanted().items()}

    def senders(self) -> dict[str, Sender]:
        """Each one's way out."""
        return {key: self._sender(key, one) for key, one in self.wanted().items()}

    def _sender(self, key: str, one: ProgramHook) -> Sender:
        secret = one.hook.secret or self.secrets.of(key)
        return Webhook(replace(one.hook, secret=secret)) if secret else NoSecret()


@dataclass(frozen=True, slots=True)
class Details:
    """What a trusted hook is told of a call or a message: as the interface shows it."""

    records: Records
    policy: Callable[[], Policy]

    async def of(self, happening: Happening) -> Mapping[str, Any] | None:
        """None where there is no more to say than the event does. Raises StoreUnavailable."""
        if happening.kind == EventKind.CALL_ENDED:
            call = await self.records.call_book.call(UUID(happening.subject))
            return None if call is None else call_json(call)
        if happening.kind.startswith("message."):
            message = await self.records.messages.message(UUID(happening.subject))
            policy = self.policy()
            return None if message is None else message_json(message, hints_of(message, policy), policy.country)
        return None
