"""The FastAGI protocol as bytes and values: no sockets, no clock.

Asterisk opens with an environment (`key: value` lines, then an empty line), afterwards every line that we send is a
command and gets one reply (res/res_agi.c: `setup_env`, `run_agi`, `agi_handle_command`). All parsing is strict: what
does not look as Asterisk writes it raises `WireError`, because the environment carries text that strangers choose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

HEADER_BYTES = 16 * 1024
HEADER_LINES = 64
USAGE_LINES = 64
COMMAND_BYTES = 8192
"""Asterisk reads a command into a buffer of this size (AGI_BUF_LEN); a longer one would be cut, so it is refused."""

_KEY = re.compile(rb"agi_[a-z0-9_]+")
_ARGUMENT = re.compile(r"agi_arg_([1-9][0-9]{0,2})")
_REPLY = re.compile(rb"([1-5][0-9]{2})(?: result=(-?[0-9]{0,10}|[0-9A-D*#]{1,64}))?(?: (.*))?", re.DOTALL)
_HANGUP = b"HANGUP"
_USAGE_BEGINS = b"520-"
_USAGE_ENDS = b"520 "
_NEVER_IN_A_COMMAND = frozenset("\r\n\0")


class WireError(Exception):
    """The peer does not speak as Asterisk does. The text names the kind of fault, never what was received."""


class UnsafeCommand(ValueError):
    """A command that would not arrive as the one line it is meant to be. The text never holds the value."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What Asterisk says of the call. `repeated` are the keys that came more than once: a sign of a forged line."""

    values: dict[str, str] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()

    @property
    def route(self) -> str | None:
        """The script that was asked for, without its query part; Asterisk passes that on with it."""
        script = self.values.get("agi_network_script")
        return None if script is None else script.partition("?")[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of the `AGI()` line, in order. Raises WireError where they have gaps or came twice."""
        numbers = {int(m[1]) for m in map(_ARGUMENT.fullmatch, self.values) if m is not None}
        if numbers != set(range(1, len(numbers) + 1)):
            raise WireError("arguments are missing")
        if any(_ARGUMENT.fullmatch(key) for key in self.repeated):
            raise WireError("an argument came twice")
        return tuple(self.values[f"agi_arg_{n}"] for n in range(1, len(numbers) + 1))


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: `code` 200 is an accepted command; `result` is what stands after `result=`, None if there was none.

    It is a number, or the keys that somebody pressed (`GET DATA`): never to be logged.
    """

    code: int
    result: str | None = None


def parse_environment(head: bytes) -> Environment:
    """Read the environment up to and with its empty line. The first value of a key wins. Raises WireError.

    First wins because Asterisk writes `agi_network_script` before anything that a caller chose; bytes that are not
    UTF-8 are replaced, since a caller's name may hold any.
    """
    if len(head) > HEADER_BYTES:
        raise WireError("the environment is too long")
    lines, end, rest = head.partition(b"\n\n")
    if not end or rest:
        raise WireError("the environment does not end in an empty line")
    values: dict[str, str] = {}
    repeated: set[str] = set()
    for key, value in map(_pair, _lines(lines)):
        if key in values:
            repeated.add(key)
        values.setdefault(key, value)
    return Environment(values, frozenset(repeated))


class ReplyReader:
    """Puts the lines that follow a command together to its reply. `hung_up` tells whether the call is known to be over.

    A `HANGUP` line stands in the stream beside the replies (`run_agi`), so it never counts as one.
    """

    def __init__(self) -> None:
        self.hung_up = False
        self._usage_lines = 0

    def feed(self, line: bytes) -> Reply | None:
        """Take one line without its line feed; the reply once it is whole. Raises WireError."""
        if self._usage_lines:
            return self._usage(line)
        if line == _HANGUP:
            self.hung_up = True
            return None
        if line.startswith(_USAGE_BEGINS):
            self._usage_lines = 1
            return None
        reply = _parse_reply(line)
        # 1xx announces that the real reply is still to come.
        return None if reply.code < 200 else reply

    def _usage(self, line: bytes) -> Reply | None:
        # The block ends with "520 End of proper usage." (`agi_handle_command`).
        if line.startswith(_USAGE_ENDS):
            self._usage_lines = 0
            return Reply(520)
        self._usage_lines += 1
        if self._usage_lines > USAGE_LINES:
            raise WireError("a usage text does not end")
        return None


def format_command(*words: str) -> bytes:
    """One command line with its line feed. Words of letters only stay bare, all others are quoted.

    Raises UnsafeCommand for a value that a line cannot carry.
    """
    line = " ".join(word if word.isascii() and word.isalpha() else quote(word) for word in words)
    try:
        data = line.encode() + b"\n"
    except UnicodeEncodeError:
        raise UnsafeCommand("a value is not text") from None
    if len(data) >= COMMAND_BYTES:
        raise UnsafeCommand("the command is too long")
    return data


def quote(value: str) -> str:
    """A value as `parse_args` of res_agi.c reads it back: in double quotes, with `\\` and `"` escaped."""
    if not _NEVER_IN_A_COMMAND.isdisjoint(value):
        raise UnsafeCommand("a value holds a line break")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    if len(lines) > HEADER_LINES:
        raise WireError("the environment has too many lines")
    return lines


def _pair(line: bytes) -> tuple[str, str]:
    key, colon, value = line.partition(b": ")
    if not colon or not _KEY.fullmatch(key):
        raise WireError("a line of the environment is malformed")
    return key.decode(), value.decode(errors="replace")


def _parse_reply(line: bytes) -> Reply:
    match = _REPLY.fullmatch(line)
    if match is None:
        raise WireError("a reply is malformed")
    result = match[2]
    return Reply(int(match[1]), None if result is None else result.decode())
