"""What fails without being killed: the wire to Asterisk's manager, and the mail server."""

from __future__ import annotations

import random

from tests.torture.wire import Duplicated, Lost, Shuffled
from tests.torture.world import World

LEAST_SECONDS, MOST_SECONDS = 1.0, 6.0
PATIENCE = 10.0
"""Seconds for an event to come, of which each call has one at its end."""


async def events_duplicated(world: World, luck: random.Random) -> bool:
    """Each of Asterisk's events comes twice, at once or again later."""
    return await world.wire.fails(Duplicated(luck), _seconds(luck), PATIENCE) > 0


async def events_shuffled(world: World, luck: random.Random) -> bool:
    """Events are held back and come in another order, those of several calls among each other."""
    return await world.wire.fails(Shuffled(luck), _seconds(luck), PATIENCE) > 0


async def events_lost(world: World, luck: random.Random) -> bool:
    """Most events do not arrive."""
    return await world.wire.fails(Lost(luck), _seconds(luck), PATIENCE) > 0


async def events_cut(world: World, luck: random.Random) -> bool:
    """The link ends in the middle of an event, and nobody is let in for a while."""
    return await world.wire.is_cut(PATIENCE, _seconds(luck))


async def mail_down(world: World, luck: random.Random) -> bool:
    """The mail server is away, takes ages, has no room, or takes a mail and says that it did not."""
    await world.post.fails(luck, _seconds(luck))
    return True


def _seconds(luck: random.Random) -> float:
    return luck.uniform(LEAST_SECONDS, MOST_SECONDS)
