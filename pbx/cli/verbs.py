"""What is meant where a command names a thing and not what to do with it."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.cli.texts_parser import TEXTS_VERBS

ONCALL_VERBS = ("show", "swap", "swaps", "undo")
LOOKS = {
    "audit": "show",
    "bans": "list",
    "keys": "list",
    "model": "list",
    "oncall": "show",
    "override": "list",
    "pin": "list",
    "texts": "list",
    "token": "list",
    "urgent": "list",
    "voicemail": "list",
    "webhooks": "list",
}
"""The command that only shows, of those that have several."""


def with_verb(words: Sequence[str]) -> list[str]:
    """Who names a thing and not what to do with it wants to see it.

    So does who names one of them: `oncall ROTA` (no rota has a verb's name, `pbx.config.rotas`), `texts NUMBER`.
    """
    thing, *rest = words or ("",)
    verbs = {"oncall": ONCALL_VERBS, "texts": TEXTS_VERBS}.get(thing)
    asks = rest[:1] in (["-h"], ["--help"])
    bare = not rest or rest[0].startswith("-") or (verbs is not None and rest[0] not in verbs)
    return [thing, LOOKS[thing], *rest] if thing in LOOKS and bare and not asks else list(words)
