"""Each target takes bytes and lets only those errors through that are no answer to bytes.

An exception that a target lets out, a hang or a crash is a finding.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from agi import wire
from pbx.ami.errors import UnsafeField
from pbx.ami.events import typed
from pbx.ami.protocol import MESSAGE_CHARACTERS, GuardedAction
from pbx.config.document import read_document
from pbx.config.problems import ConfigProblems
from tests.fuzz.peers import FEED_BYTES, agi_session, ami_link, in_loop
from voicemail.audio import AudioProblem, parse_wav

Target = Callable[[bytes], None]


def agi_wire(data: bytes) -> None:
    """The environment and the replies of FastAGI: read as they are meant, or refused as a whole."""
    with contextlib.suppress(wire.WireError):
        environment = wire.parse_environment(data + b"\n\n")
        assert all(key.startswith("agi_") for key in environment.values)
        assert environment.arguments is not None
    reader = wire.ReplyReader()
    with contextlib.suppress(wire.WireError):
        for line in data.split(b"\n"):
            reply = reader.feed(line)
            assert reply is None or 200 <= reply.code < 600
    words = data.decode("utf-8", "replace").split(" ")
    with contextlib.suppress(wire.UnsafeCommand):
        assert wire.format_command(*words).count(b"\n") == 1


def agi_server(data: bytes) -> None:
    """A whole session of the server's: whatever a peer sends, it ends, and the route's answer is sent once or never."""
    agi_session(data)


def ami_messages(data: bytes) -> None:
    """Values that go out over AMI: each is one header with that value, or refused."""
    name, _, value = data.decode("utf-8", "surrogateescape").partition(":")
    in_loop(lambda: _action(name or "Variable", value))


async def _action(name: str, value: str) -> None:
    with contextlib.suppress(UnsafeField):
        action = GuardedAction("Ping", {name: value})
        lines = str(action).encode().split(b"\r\n")
        assert lines[-2:] == [b"", b""]
        assert len(lines) == 3 + 2  # the action, its ActionID and the header; then an empty line
        assert f"{name}: {value}".encode() in lines
        action.future.cancel()


def ami_wire(data: bytes) -> None:
    """What Asterisk sends, in pieces: events come out whole or not at all, and a peer that floods is dropped."""
    step = 1 + data[0] if data else 1
    events, held = in_loop(lambda: ami_link(data, step))
    assert held <= MESSAGE_CHARACTERS + FEED_BYTES
    for event in events:
        assert event.get("Event") is not None
        typed(event)


def wav(data: bytes) -> None:
    """A recording: its samples, which lie within the file, or a named flaw."""
    with contextlib.suppress(AudioProblem):
        audio = parse_wav(data)
        assert 0 <= len(audio.samples) * 2 <= len(data)


def practice_file(data: bytes) -> None:
    """The practice's file: a document, or problems with their lines."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        file = Path(folder) / "practice.toml"
        file.write_bytes(data)
        try:
            document = read_document(file)
        except ConfigProblems as refused:
            assert refused.problems
            assert all(problem.line >= 1 for problem in refused.problems)
        else:
            assert isinstance(document.data, dict)


TALKATIVE = ("panoramisk", "pbx.ami.protocol", "agi.session")
"""The logs of these say something about each input that is refused."""

TARGETS: dict[str, Target] = {
    target.__name__.replace("_", "-"): target
    for target in (agi_wire, agi_server, ami_messages, ami_wire, wav, practice_file)
}
