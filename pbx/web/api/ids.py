"""The ids in paths. What is no id names nothing: the answer is the same as for an id that does not exist."""

from __future__ import annotations

import re
from uuid import UUID

from pbx.web.api.problems import nothing_there
from pbx.web.api.table import Asked

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_LONGEST_NUMBER = 18


def id_in(asked: Asked, what: str) -> UUID:
    """The `{id}` of a call or a message (`what`). Raises Wrong."""
    text = asked.path["id"]
    if not _UUID.fullmatch(text):
        raise nothing_there(what)
    return UUID(text)


def number_in(asked: Asked, what: str) -> int:
    """The `{number}` of an override or a swap (`what`). Raises Wrong."""
    text = asked.path["number"]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise nothing_there(what)
    return int(text)
