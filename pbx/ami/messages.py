"""What goes over the manager interface, as values: headers going out are checked here, headers coming in read here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pbx.ami.errors import UnsafeField

LINE_BYTES = 1000
"""Asterisk drops a line past 1024 with its end, and then answers without an ActionID (manager.c, `get_input`)."""

HEADERS = 100
"""Asterisk ignores headers past its 128 (AST_MAX_MANHEADERS)."""

OUR_ACTION_ID = "actionid"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_NEVER_IN_A_VALUE = frozenset("\r\n\0")

Value = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Fields:
    """The headers of a received message: names in lower case, the values of each in their order.

    A header that is not there is None and never an empty text, so that a misspelt name does not pass for a value.
    """

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, items: Iterable[tuple[str, str | list[str]]]) -> Fields:
        return cls({k.lower(): (v,) if isinstance(v, str) else tuple(v) for k, v in items})

    def get(self, name: str) -> str | None:
        """The first value of the header `name`, in any case."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> tuple[str, ...]:
        return self.values.get(name.lower(), ())


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an action: its response, and for a list the events between its start and its end."""

    response: Fields
    items: tuple[Fields, ...] = ()


def checked(action: str, fields: Mapping[str, Value]) -> dict[str, str | list[str]]:
    """The headers of `action`, sure to arrive as they are. A sequence becomes one line an element.

    Raises UnsafeField: panoramisk would send a line break as it is, which begins another header or another action.
    """
    headers: dict[str, str | list[str]] = {"Action": _checked("Action", action)}
    for name, value in fields.items():
        if not _NAME.fullmatch(name) or name.lower() in ("action", OUR_ACTION_ID):
            raise UnsafeField("an AMI header has a name that cannot be sent")
        if isinstance(value, str):
            headers[name] = _checked(name, value)
        else:
            headers[name] = [_checked(name, element) for element in value]
    if sum(1 if isinstance(value, str) else len(value) for value in headers.values()) > HEADERS:
        raise UnsafeField("an AMI action has too many headers")
    return headers


def _checked(name: str, value: str) -> str:
    if not _NEVER_IN_A_VALUE.isdisjoint(value):
        raise UnsafeField(f"the AMI header {name} holds a line break")
    # Asterisk skips leading characters below 33 (`astman_get_header`): the value would not be the one that was meant.
    if value and ord(value[0]) <= ord(" "):
        raise UnsafeField(f"the AMI header {name} begins with a blank")
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise UnsafeField(f"the AMI header {name} is not text") from None
    if len(name) + len(": ") + len(data) > LINE_BYTES:
        raise UnsafeField(f"the AMI header {name} is too long")
    return value
