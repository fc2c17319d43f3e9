"""The channels' ways out, by their keys, as the file in force has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pbx.config import senders as config
from pbx.config.senders import Hook, MailServer
from pbx.notify.email import Mail
from pbx.notify.phone_message import PhoneMessage, Phones
from pbx.notify.webhook import Webhook
from pbx.services.ports import Sender


@dataclass(frozen=True, slots=True)
class Senders:
    """`wanted` gives what the file says; `phones` is the way to the practice's phones."""

    wanted: Callable[[], Mapping[str, config.Sender]]
    phones: Phones

    def in_force(self) -> dict[str, Sender]:
        """One for each channel; they hold nothing, so new ones are as good as those of before."""
        return {key: self._one(wanted) for key, wanted in self.wanted().items()}

    def _one(self, wanted: config.Sender) -> Sender:
        match wanted:
            case MailServer():
                return Mail(wanted)
            case Hook():
                return Webhook(wanted)
        return PhoneMessage(self.phones)
