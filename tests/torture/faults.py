"""What breaks. Each fault is a coroutine that returns when it is over: what was killed is dead, what was stopped is
killed by the watchdog or goes on, what was full has room again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pbx.supervisor import HUNG_SECONDS
from tests.torture.breaking import events_cut, events_duplicated, events_lost, events_shuffled, mail_down
from tests.torture.world import World, kill

Fault = Callable[[World, random.Random], Awaitable[bool]]
"""Whether there was anything to break."""


async def controller_killed(world: World, luck: random.Random) -> bool:
    """kill -9; the supervisor starts another."""
    return kill(world.controller)


async def controller_hangs(world: World, luck: random.Random) -> bool:
    """SIGSTOP: it answers nothing, while the kernel still takes connections. The supervisor kills it."""
    pid = world.controller
    if not kill(pid, signal.SIGSTOP):
        return False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HUNG_SECONDS + 5):
            while world.controller == pid:
                await asyncio.sleep(0.1)
    kill(pid, signal.SIGCONT)
    return True


async def controller_pauses(world: World, luck: random.Random) -> bool:
    """It stands still for a while and goes on, as on a machine that is out of breath."""
    pid = world.controller
    if not kill(pid, signal.SIGSTOP):
        return False
    await asyncio.sleep(luck.uniform(0.5, HUNG_SECONDS * 0.7))
    kill(pid, signal.SIGCONT)
    return True


async def everything_of_ours_killed(world: World, luck: random.Random) -> bool:
    """The supervisor too: an operator, or systemd, starts it again."""
    if not world.supervisor:
        return False
    await world.server.kill()
    await asyncio.sleep(luck.uniform(0.0, 3.0))
    await world.server.start()
    return True


async def asterisk_killed(world: World, luck: random.Random) -> bool:
    """kill -9 with calls in progress."""
    if not kill(world.asterisk):
        return False
    world.asterisk_killed.append(asyncio.get_running_loop().time())
    return True


async def database_killed(world: World, luck: random.Random) -> bool:
    """kill -9 of one backend, upon which PostgreSQL throws out all and recovers."""
    backends = world.backends
    return kill(luck.choice(backends)) if backends else False


async def postmaster_killed(world: World, luck: random.Random) -> bool:
    """kill -9 of the server itself, whose backends live a moment longer."""
    return kill(world.postmaster)


async def recogniser_killed(world: World, luck: random.Random) -> bool:
    """kill -9 in the middle of a word."""
    return kill(world.worker)


async def spool_unmounted(world: World, luck: random.Random) -> bool:
    """The spool's disk goes away under running calls and comes back."""
    if not world.has_disk:
        return False
    world.unmount()
    await asyncio.sleep(luck.uniform(1.0, 5.0))
    world.mount()
    return True


async def spool_read_only(world: World, luck: random.Random) -> bool:
    """The spool's disk takes nothing any more, as after an error."""
    if not world.has_disk:
        return False
    for _ in range(30):  # the kernel refuses while a file is open for writing
        if world.remount("ro"):
            break
        await asyncio.sleep(0.1)
    else:
        return False
    await asyncio.sleep(luck.uniform(1.0, 5.0))
    return world.remount("rw")


async def spool_full(world: World, luck: random.Random) -> bool:
    """Not a byte more goes onto the spool's disk for a while."""
    if not world.has_disk:
        return False
    filler = world.disk / ".filler"
    await asyncio.to_thread(_fill, filler)
    await asyncio.sleep(luck.uniform(1.0, 5.0))
    filler.unlink()
    return True


async def listener_down(world: World, luck: random.Random) -> bool:
    """The program that is told of messages fails for a while."""
    world.hook.answers += [luck.choice([500, 503, 404])] * luck.randint(1, 5)
    return True


def _fill(filler: object) -> None:
    with contextlib.suppress(OSError), open(str(filler), "wb") as out:  # noqa: PTH123 - unbuffered to the last byte
        while True:
            out.write(bytes(65536))
            out.flush()


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault, how often it comes beside the others, whether it is a kill, and whether calls can come meanwhile."""

    fault: Fault
    weight: int
    is_kill: bool = True

    @property
    def name(self) -> str:
        return self.fault.__name__.replace("_", " ")


KINDS = (
    Kind(controller_killed, 8),
    Kind(asterisk_killed, 4),
    Kind(database_killed, 5),
    Kind(postmaster_killed, 2),
    Kind(recogniser_killed, 4),
    Kind(everything_of_ours_killed, 2),
    Kind(controller_hangs, 1),
    Kind(controller_pauses, 1, is_kill=False),
    Kind(spool_unmounted, 1, is_kill=False),
    Kind(spool_read_only, 1, is_kill=False),
    Kind(spool_full, 1, is_kill=False),
    Kind(listener_down, 1, is_kill=False),
    Kind(mail_down, 1, is_kill=False),
    Kind(events_duplicated, 1, is_kill=False),
    Kind(events_shuffled, 1, is_kill=False),
    Kind(events_cut, 1, is_kill=False),
    Kind(events_lost, 1, is_kill=False),
)
