"""Commands that talk to the running server over its private socket: status, reload, heartbeat."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pbx.asterisk.layout import Layout
from pbx.domain.ring_oncall import clock
from pbx.output import console, print_json

if TYPE_CHECKING:
    from rich.console import Console

ANSWER_SECONDS = 60.0
"""How long a command may take: a reload speaks new greetings first."""

NOT_RUNNING = "the server is not running on this data folder (start it with `secondline run`)"


class NotRunning(Exception):
    """No server answers on the data folder's socket."""


async def ask(layout: Layout, method: str, path: str, about: dict[str, Any] | None = None) -> Any:
    """Send one command to the server, with what it is about. Raises NotRunning."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return json.loads(await _answer(layout.operator_socket, f"{method} {path} HTTP/1.0", about))
    except (OSError, ValueError) as error:
        raise NotRunning(NOT_RUNNING) from error


async def _answer(socket: Path, request: str, about: dict[str, Any] | None) -> bytes:
    """The body of the server's answer; HTTP/1.0, because then it ends with the connection. An HTTP client's import
    would take longer than most commands.
    """
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        body = b"" if about is None else json.dumps(about).encode()
        writer.write(f"{request}\r\nHost: server\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        _, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return body
    finally:
        writer.close()


async def tell(layout: Layout, path: str) -> str:
    """Tell the server, if one runs, that something changed in the database; gives what is said of it."""
    try:
        answer = await ask(layout, "POST", path)
    except NotRunning:
        return "No server is running: it holds from its next start on."
    return "The server follows it." if answer["ok"] else "The server follows it in a few seconds."


def status(options: Namespace) -> int:
    """Show the state of every part. 0 when ready, 1 when not."""
    try:
        state = asyncio.run(ask(Layout(Path(options.data)), "GET", "/status"))
    except NotRunning:
        state = {"ready": False, "running": False, "components": _all_down(), "degraded": []}
    if options.json:
        print_json(state)
    else:
        _tell(state)
    return 0 if state["ready"] else 1


def _all_down() -> dict[str, Any]:
    parts = ("asterisk", "database", "controller", "transcriber")
    return {name: {"ok": False, "detail": NOT_RUNNING, "since": None} for name in parts}


def _tell(state: dict[str, Any]) -> None:
    out = console()
    if not state.get("running", True):
        out.print(f"Not running: {NOT_RUNNING}.")
        return
    out.print("Ready." if state["ready"] else "NOT READY: see the parts below.")
    _tell_parts(out, state)
    _tell_phones(out, state)
    _tell_sent(out, state)
    queue, disk = state["queue"], state["disk"]
    out.print(f"Calls in progress: {state['live_calls']}. Waiting for a transcript: {queue['transcription']}.")
    out.print(f"Free disk: {disk['free_bytes'] / 1e9:.1f} GB. Secondline {state['version']}.")
    for warning in _warnings(state):
        out.print(warning, markup=False)


def _tell_parts(out: Console, state: dict[str, Any]) -> None:
    for name, part in state["components"].items():
        mark = "ok " if part["ok"] else "BAD"
        out.print(f"  {mark} {name:12} {part['detail']} (since {part['since']})")
    for trouble in state["degraded"]:
        if trouble["what"] not in state["components"]:
            out.print(f"  BAD {trouble['what']:12} {trouble['detail']} (since {trouble['since']})")
        out.print(f"      {trouble['what']}: callers notice: {trouble['callers']}", markup=False)
        out.print(f"      {trouble['what']}: what to do: {trouble['remedy']}", markup=False)
    for name, calendar in state["calendars"].items():
        mark = "ok " if calendar["ok"] else "BAD"
        out.print(f"  {mark} calendar {name} {calendar['detail']} (since {calendar['since']})")


def _tell_phones(out: Console, state: dict[str, Any]) -> None:
    for one in state["overrides"]:
        out.print(f"  --  override {one['id']}: {one['for']} {one['mode']} until {_local(one)}, set by {one['by']}")
    for name, registered in state["phones"].items():
        out.print(f"  {'ok ' if registered else '-- '} phone {name:12} {_phone(registered)}")
    if certificate := state["certificate"]:
        out.print(f"Certificate for phones: {certificate['days_left']} days left.")
    if not state["backup"]["old"]:
        out.print(f"Last backup: {state['backup']['made_at']}.")


def _tell_sent(out: Console, state: dict[str, Any]) -> None:
    for one in state["notices"] or ():
        counts = f"{one['waiting']} waiting, {one['failed']} failed within a week"
        out.print(f"  {'BAD' if one['failed'] else '-- '} notices over {one['channel']}: {counts}. {one['failure']}")
    if (texts := state["texts"]) and any(texts.values()):
        mark = "BAD" if texts["failed"] else "-- "
        out.print(f"  {mark} texts: {texts['waiting']} wait to be sent, {texts['failed']} failed within a week.")


def _warnings(state: dict[str, Any]) -> Iterator[str]:
    """What the staff should look after; no patient is refused because of it."""
    if state["disk"]["low"]:
        yield f"LOW DISK: {state['disk']['detail']}."
    if state["audit"]["problem"]:
        yield f"AUDIT: {state['audit']['problem']}."
    if state["backup"]["old"]:
        made = state["backup"]["made_at"]
        yield f"BACKUP: {f'the last is of {made}' if made else 'there is none'}; run `secondline backup` every night."
    yield from _of_the_door(state)
    yield from _of_messages(state)


def _of_the_door(state: dict[str, Any]) -> Iterator[str]:
    if state["certificate"] and state["certificate"]["warning"]:
        yield state["certificate"]["warning"]
    for place, until in state["door"]["banned"].items():
        yield f"Banned for wrong SIP secrets: {place} until {until} (secondline bans lift {place.partition('/')[0]})."
    for phone in state["door"]["unencrypted"]:
        yield f"Phone {phone} is registered without encryption and does not ring: set it to TLS and SRTP."


def _of_messages(state: dict[str, Any]) -> Iterator[str]:
    for name, box in (state["mailboxes"] or {}).items():
        if box["full"]:
            yield f"FULL: mailbox {name} has {box['messages']} messages ({box['limit']} are allowed); it takes more."
        if box["overdue"]:
            yield f"Mailbox {name} has {box['overdue']} messages that nobody opened in the time they are kept."
    if state["audio"]["adopted"]:
        yield f"{state['audio']['adopted']} recordings without a message went to the unassigned mailbox."
    if state["audio"]["foreign"]:
        yield f"{state['audio']['foreign']} files in the message folder are no recordings of ours."
    if state["audio"]["damaged"]:
        yield f"{state['audio']['damaged']} recordings were changed and lie in messages/quarantine/: restore them."


def _local(one: dict[str, Any]) -> str:
    return clock(datetime.fromisoformat(one["end"]), one["timezone"])


def _phone(registered: bool | None) -> str:
    if registered is None:
        return "not known now"
    return "registered" if registered else "not registered"


def reload(options: Namespace) -> int:
    """Have the server take the practice's file anew. 1 if the file is refused."""
    answer = asyncio.run(ask(Layout(Path(options.data)), "POST", "/reload"))
    if options.json:
        print_json(answer)
    else:
        _tell_reload(answer)
    return 0 if answer["ok"] else 1


def _tell_reload(answer: dict[str, Any]) -> None:
    for problem in answer["problems"]:
        print(problem)
    if not answer["ok"]:
        print("The file is refused; the server goes on with the one it has.")
        return
    print("Taken." if answer["changed"] else "Nothing changed.")
    for change in answer["changed"]:
        print(f"  {change}")


def heartbeat(options: Namespace) -> int:
    """Have the server call one of its numbers and listen. 1 if the greeting is not the right one."""
    number = f"?number={quote(options.number)}" if options.number else ""
    answer = asyncio.run(ask(Layout(Path(options.data)), "POST", f"/heartbeat{number}"))
    if options.json:
        print_json(answer)
    else:
        print(f"{answer['number']}: {answer['problem'] or 'the right greeting was heard'}.")
    return 0 if answer["ok"] else 1
