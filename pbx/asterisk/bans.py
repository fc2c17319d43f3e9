"""The ban list as Asterisk takes it: one named list of addresses, looked at before anything else of a message."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from pbx.asterisk.layout import Layout
from pbx.asterisk.state import write_private
from pbx.domain.bans import BanList


def kept_bans(layout: Layout) -> BanList:
    """Those of the last run; none where the file is away or damaged."""
    try:
        return BanList.from_json(json.loads(layout.bans.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return BanList()


def keep_bans(layout: Layout, bans: BanList) -> None:
    write_private(layout.bans, json.dumps(bans.to_json(), indent=1) + "\n")


def banned_now(layout: Layout) -> tuple[str, ...]:
    """For the files at a start."""
    return tuple(kept_bans(layout).in_force(datetime.now(UTC)))


def acl_text(banned: Iterable[str]) -> str:
    """`acl.conf`: the last line that fits an address decides (main/acl.c, `ast_apply_acl`)."""
    head = "; Written by the controller: from where secrets were guessed too often.\n"
    lines = ["[strangers]", "permit = 0.0.0.0/0", "permit = ::/0", *(f"deny = {place}" for place in banned)]
    return head + "\n".join(lines) + "\n"


def write_acl(layout: Layout, banned: Iterable[str]) -> bool:
    """Put the list where Asterisk reads it. True when it changed."""
    return write_private(layout.etc / "acl.conf", acl_text(banned))
