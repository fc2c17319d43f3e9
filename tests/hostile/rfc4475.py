"""The 49 messages of RFC 4475, by its names, each built from the property that it is there for.

They are our own: the same twist in a message to this server. So every one is about a host and a number that the
server knows, and gets further into it than the RFC's examples would.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from tests.hostile import beyond, invalid, valid
from tests.hostile.draft import Place

Maker = Callable[[Place], bytes]


def _makers(module: ModuleType, names: str) -> tuple[Maker, ...]:
    return tuple(getattr(module, name) for name in names.split())


VALID = _makers(
    valid,
    "wsinv intmeth esc01 escnull esc02 lwsdisp longreq dblreq semiuri transports mpart01 unreason noreason",
)
INVALID = _makers(
    invalid,
    "badinv01 clerr ncl scalar02 scalarlg quotbal ltgtruri lwsruri lwsstart trws escruri baddate regbadct "
    "badaspec baddn badvers mismatch01 mismatch02 bigcode",
)
BEYOND_SYNTAX = _makers(
    beyond,
    "badbranch insuf unkscm novelsc unksm2 bext01 invut regaut01 multi01 mcl01 bcast zeromf cparam01 "
    "cparam02 regescrt sdp01 inv2543",
)
ALL = (*VALID, *INVALID, *BEYOND_SYNTAX)
