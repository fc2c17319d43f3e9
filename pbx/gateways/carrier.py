"""The carrier that the practice's file names."""

from __future__ import annotations

from pbx.config.settings import TextCarrier
from pbx.gateways import telnyx, twilio
from pbx.gateways.telnyx import Telnyx
from pbx.gateways.trunk import Trunk, TrunkTexts
from pbx.gateways.twilio import Twilio
from pbx.services.text_carriers import Carrier


def carrier_of(wanted: TextCarrier | None, asterisk: TrunkTexts) -> Carrier | None:
    """The way that texts go; None where the file has none."""
    if wanted is None:
        return None
    match wanted.kind:
        case "twilio":
            return Twilio(wanted.account, wanted.key, wanted.api or twilio.API)
        case "telnyx":
            return Telnyx(wanted.key, wanted.public_key, wanted.api or telnyx.API)
    return Trunk(asterisk)
