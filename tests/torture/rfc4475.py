"""The 49 messages of RFC 4475, by its names, each built from the property that it is there for.

They are our own: the same twist in a message to this server. So every one is about a host and a number that the
server knows, and gets further into it than the RFC's examples would.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.torture import beyond, invalid, valid
from tests.torture.draft import Place

Maker = Callable[[Place], bytes]

VALID: tuple[Maker, ...] = (
    valid.wsinv,
    valid.intmeth,
    valid.esc01,
    valid.escnull,
    valid.esc02,
    valid.lwsdisp,
    valid.longreq,
    valid.dblreq,
    valid.semiuri,
    valid.transports,
    valid.mpart01,
    valid.unreason,
    valid.noreason,
)
INVALID: tuple[Maker, ...] = (
    invalid.badinv01,
    invalid.clerr,
    invalid.ncl,
    invalid.scalar02,
    invalid.scalarlg,
    invalid.quotbal,
    invalid.ltgtruri,
    invalid.lwsruri,
    invalid.lwsstart,
    invalid.trws,
    invalid.escruri,
    invalid.baddate,
    invalid.regbadct,
    invalid.badaspec,
    invalid.baddn,
    invalid.badvers,
    invalid.mismatch01,
    invalid.mismatch02,
    invalid.bigcode,
)
BEYOND_SYNTAX: tuple[Maker, ...] = (
    beyond.badbranch,
    beyond.insuf,
    beyond.unkscm,
    beyond.novelsc,
    beyond.unksm2,
    beyond.bext01,
    beyond.invut,
    beyond.regaut01,
    beyond.multi01,
    beyond.mcl01,
    beyond.bcast,
    beyond.zeromf,
    beyond.cparam01,
    beyond.cparam02,
    beyond.regescrt,
    beyond.sdp01,
    beyond.inv2543,
)
ALL: tuple[Maker, ...] = (*VALID, *INVALID, *BEYOND_SYNTAX)
