"""The command line: its words, and one sentence for every error that a person can meet."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pbx import __version__
from pbx.cli import errors
from pbx.cli.audit_parser import add_audit_commands
from pbx.cli.inbox_parser import add_by, add_inbox_commands, add_looks, add_report_commands
from pbx.cli.keeping_parser import add_keeping_commands
from pbx.cli.keys_parser import add_key_commands
from pbx.cli.lazy import Command, lazily
from pbx.cli.program_parser import add_program_commands
from pbx.cli.texts_parser import add_texts_commands
from pbx.cli.verbs import with_verb

DATA_BESIDE_CONFIG = "var"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status: 0 done, 1 refused or failed, 2 wrong words, 130 interrupted."""
    options = build_parser().parse_args(with_verb(sys.argv[1:] if argv is None else argv))
    # Absolute, as the telephone system needs it.
    options.data = str(Path(options.data or Path(options.config).parent / DATA_BESIDE_CONFIG).absolute())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", stream=sys.stderr)
    # At INFO it prints whole AMI actions and callers' numbers (panoramisk 1.4, manager.py and fast_agi.py).
    logging.getLogger("panoramisk").setLevel(logging.WARNING)
    try:
        command: Command = options.command
        return command(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 - the edge of main: a person gets a sentence, not a traceback
        print(f"secondline: {errors.sentence(error)}", file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(prog="secondline", description="A second line for physicians.")
    parser.add_argument("--version", action="version", version=f"secondline {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _server_commands(commands)
    _rule_commands(commands)
    _oncall_commands(commands)
    _override_commands(commands)
    _token_commands(commands)
    add_program_commands(commands, _add)
    _urgent_commands(commands)
    _pin_commands(commands)
    _record_commands(commands)
    _model_commands(commands)
    add_key_commands(commands, _add)
    add_report_commands(commands, _add)
    add_audit_commands(commands, _add)
    add_keeping_commands(commands, _add)
    add_texts_commands(commands, _add)
    return parser


def _server_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    _add(commands, "run", lazily("run:run"), "run everything in the foreground; Ctrl-C stops it cleanly")
    demo = _add(commands, "demo", lazily("demo:demo"), "the main job on a throw-away practice, told as a story")
    demo.add_argument("--keep", action="store_true", help="keep the practice's folder to look at")
    _add(commands, "status", lazily("live:status"), "parts, phones, live calls, queue, disk", json=True)
    call = _add(commands, "call", lazily("call:call"), "ring a person, then call a number outside", json=True)
    call.add_argument("person", help="whose phones ring first, by the key in the file")
    call.add_argument("number", help="whom to call, as people write it")
    call.add_argument("--show", metavar="N", help="the practice number to show (default: the usual one)")
    _add(commands, "reload", lazily("live:reload"), "take a changed file without touching calls", json=True)
    beat = _add(commands, "heartbeat", lazily("live:heartbeat"), "call a number of the practice and listen", json=True)
    beat.add_argument("number", nargs="?", help="E.164; default: the one whose turn it is")
    phones = _add(commands, "phones", lazily("phones:phones"), "what to type into each softphone", json=True)
    phones.add_argument("phone", nargs="?", help="only this phone")
    phones.add_argument("--qr", action="store_true", help="show a code to scan with the softphone")
    bans = commands.add_parser("bans", help="addresses from which SIP secrets were guessed")
    of_bans = bans.add_subparsers(required=True, metavar="COMMAND")
    _add(of_bans, "list", lazily("bans:list_bans"), "who is not let in, and until when", json=True)
    lifted = _add(of_bans, "lift", lazily("bans:lift"), "let an address in again")
    lifted.add_argument("address", help="the IP address")


def _rule_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = _add(commands, "check", lazily("rules:check"), "all problems of a file, or what it says", json=True)
    check.add_argument("--days", type=_positive, default=28, metavar="N", help="look N days ahead for holes in rotas")
    check.add_argument("file", nargs="?", help="the file to check (default: --config)")
    explain = _add(commands, "explain", lazily("rules:explain"), "what would happen to a call, and why", json=True)
    explain.add_argument("--to", required=True, metavar="NUMBER", help="the practice number that is dialled")
    person = "may this person call --to, a number outside, and which number of the practice is shown?"
    explain.add_argument("--from-person", metavar="PERSON", help=person)
    last = "with --from-person: as if --to had last called this number of the practice"
    explain.add_argument("--last-called", metavar="NUMBER", help=last)
    explain.add_argument("--from", dest="caller", metavar="NUMBER", help="the caller's number, or withheld")
    earlier = "as if the same number had called N minutes before; may be given several times"
    explain.add_argument("--earlier", type=_positive, action="append", default=[], metavar="N", help=earlier)
    verdict = "what the carrier's check of the number (STIR/SHAKEN) says; default: nothing"
    explain.add_argument("--verdict", choices=["passed", "failed"], default="", help=verdict)
    explain.add_argument("--at", metavar="TIME", help="when (2026-12-25T10:00; default: now)")
    week = _add(commands, "week", lazily("week:week"), "the next seven days of a number as a picture", json=True)
    week.add_argument("number", metavar="NUMBER", help="a number of the practice")
    week.add_argument("--from", dest="first", metavar="DATE", help="the first day (2026-12-24; default: today)")
    week.add_argument("--svg", metavar="FILE", help="write the picture to a file")
    _diff_command(commands)
    _add(commands, "describe", lazily("rules:describe_schema"), "the annotated schema of the practice's file")


def _diff_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    # OLD takes the place of --config, so that the data folder is looked for beside it.
    doc = "what a changed file changes for callers"
    diff = commands.add_parser("diff", help=doc, description=f"{doc[0].upper()}{doc[1:]}: 0 nothing, 1 something.")
    diff.add_argument("config", metavar="OLD", help="the file in force")
    diff.add_argument("new", metavar="NEW", help="the changed file")
    data = os.environ.get("SECONDLINE_DATA")
    diff.add_argument("--data", default=data, metavar="DIR", help=f"where the calls are (default: {data or 'var/'})")
    diff.add_argument("--json", action="store_true", help="one JSON document on stdout")
    diff.set_defaults(command=lazily("diff:diff"))


def _oncall_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    oncall = commands.add_parser("oncall", help="who is on call, and swaps")
    verbs = oncall.add_subparsers(title="on-call commands", required=True, metavar="COMMAND")
    show = _add(
        verbs, "show", lazily("oncall:show"), "who is on call, until when and why (the word may be left out)", json=True
    )
    show.add_argument("rota", nargs="?", metavar="ROTA", help="only this rota")
    show.add_argument("--at", metavar="TIME", help="when (2026-12-25T10:00; default: now)")
    show.add_argument("--days", type=_positive, metavar="N", help="everybody of the N days from then on")
    swap = _add(verbs, "swap", lazily("oncall:swap"), "have somebody stand in for somebody else", json=True)
    swap.add_argument("rota", metavar="ROTA")
    swap.add_argument("--from", dest="off", required=True, metavar="PERSON", help="who is replaced")
    swap.add_argument("--to", dest="on", required=True, metavar="PERSON", help="who stands in")
    swap.add_argument("--start", required=True, metavar="TIME", help="from when, in the rota's time zone")
    swap.add_argument("--end", required=True, metavar="TIME", help="until when")
    swap.add_argument("--by", metavar="NAME", help="who decided it (default: your account)")
    swap.add_argument("--reason", required=True, metavar="TEXT", help="why; nothing about a patient")
    listing = _add(verbs, "swaps", lazily("oncall:swaps"), "the swaps on record", json=True)
    listing.add_argument("rota", nargs="?", metavar="ROTA", help="only this rota")
    listing.add_argument("--all", action="store_true", help="those that were undone too")
    undo = _add(verbs, "undo", lazily("oncall:undo"), "take a swap back", json=True)
    undo.add_argument("id", type=_positive, metavar="ID")
    undo.add_argument("--by", metavar="NAME", help="who decided it (default: your account)")


def _override_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    override = commands.add_parser("override", help="close, open or mute a line for a while")
    verbs = override.add_subparsers(title="override commands", required=True, metavar="COMMAND")
    for mode, doc in (
        ("closed", "calls are treated as when closed"),
        ("open", "calls are treated as when open"),
        ("voicemail", "nobody is rung but those on call"),
        ("snow-day", "closed until the day is over, with the greeting for that"),
    ):
        verb = _add(verbs, mode, lazily("override:set_override"), doc, json=True)
        whom = verb.add_mutually_exclusive_group()
        whom.add_argument("--number", metavar="NUMBER", help="this number alone")
        whom.add_argument("--person", metavar="PERSON", help="this person's own lines, and wherever they are rung")
        whom.add_argument("--practice", action="store_true", help="every number (as without any of these)")
        verb.add_argument(
            "--until", metavar="TIME", help="17:00, +2h, tomorrow 09:00, a date (default: scheduled change)"
        )
        verb.add_argument("--by", metavar="NAME", help="who decided it (default: your account)")
        verb.add_argument("--reason", metavar="TEXT", help="why; nothing about a patient")
        verb.set_defaults(mode=mode)
    listing = _add(verbs, "list", lazily("override:show"), "the overrides that hold", json=True)
    listing.add_argument("--all", action="store_true", help="those that have ended too")
    end = _add(verbs, "end", lazily("override:end"), "end an override before its time", json=True)
    end.add_argument("id", type=_positive, metavar="ID")
    end.add_argument("--by", metavar="NAME", help="who decided it (default: your account)")


def _token_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    token = commands.add_parser("token", help="let programs use the server over HTTP")
    verbs = token.add_subparsers(title="token commands", required=True, metavar="COMMAND")
    create = _add(verbs, "create", lazily("token:create"), "make a token and show it once", json=True)
    create.add_argument("name", nargs="?", metavar="NAME", help="which program it is for (default: the person's key)")
    create.add_argument("--person", metavar="PERSON", help="whose it is: it sees what the person sees")
    scope = "what it allows, such as messages:read; may be given several times (`secondline api` lists them)"
    create.add_argument("--scope", required=True, action="append", metavar="SCOPE", help=scope)
    create.add_argument("--mailbox", action="append", metavar="MAILBOX", help="it sees named mailboxes alone")
    create.add_argument("--number", action="append", metavar="NUMBER", help="it sees calls of named numbers alone")
    create.add_argument("--all", action="store_true", help="a program's: it sees every mailbox and number")
    create.add_argument("--days", type=_positive, metavar="N", help="it ends after N days (default: when revoked)")
    _add(verbs, "list", lazily("token:show"), "the tokens", json=True)
    revoke = _add(verbs, "revoke", lazily("token:revoke"), "let a token be used no more", json=True)
    revoke.add_argument("name", metavar="NAME")


def _pin_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    pin = commands.add_parser("pin", help="the PINs for what people do by phone")
    verbs = pin.add_subparsers(title="PIN commands", required=True, metavar="COMMAND")
    setting = _add(verbs, "set", lazily("pins:set_pin"), "give a person a PIN of 4 to 10 digits; it ends a lock-out")
    setting.add_argument("person", metavar="PERSON")
    setting.add_argument("--stdin", action="store_true", help="read it as one line instead of asking for it")
    clear = _add(verbs, "clear", lazily("pins:clear"), "take a person's PIN away")
    clear.add_argument("person", metavar="PERSON")
    _add(verbs, "list", lazily("pins:show"), "who has one, and who is locked out until when", json=True)


def _urgent_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    urgent = commands.add_parser("urgent", help="the urgent messages, and who took them")
    verbs = urgent.add_subparsers(title="commands for urgent messages", required=True, metavar="COMMAND")
    listing = _add(
        verbs, "list", lazily("urgent:show"), "who was asked about each, and who took it; newest first", json=True
    )
    listing.add_argument("--open", action="store_true", help="only those that nobody has taken")
    listing.add_argument("--limit", type=_positive, default=100, metavar="N", help="at most N (default 100)")
    close = _add(verbs, "close", lazily("urgent:close"), "say that somebody took care of one: nobody is asked any more")
    close.add_argument("call", metavar="CALL")
    close.add_argument("--by", metavar="NAME", help="who did (default: your account)")


def _record_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    calls = _add(commands, "calls", lazily("records:calls"), "the call log", json=True)
    calls.add_argument("--since", metavar="TIME", help="only calls from this time on")
    calls.add_argument("--number", metavar="NUMBER", help="only calls from or to this number")
    calls.add_argument("--limit", type=_positive, default=100, metavar="N", help="at most N calls (default 100)")
    voicemail = commands.add_parser("voicemail", help="the messages")
    verbs = voicemail.add_subparsers(title="voicemail commands", required=True, metavar="COMMAND")
    listing = _add(
        verbs, "list", lazily("records:voicemail_list"), "all messages, urgent ones first, then the newest", json=True
    )
    listing.add_argument("--mailbox", help="only this mailbox")
    listing.add_argument("--search", metavar="WORDS", help="only those in whose words all of these are, in any order")
    listing.add_argument("--limit", type=_positive, default=100, metavar="N", help="at most N (default 100)")
    add_looks(listing)
    show = _add(
        verbs, "show", lazily("records:voicemail_show"), "one message with its words and its history", json=True
    )
    show.add_argument("id", metavar="ID")
    add_by(show)
    export = _add(verbs, "export", lazily("records:voicemail_export"), "copy a message's WAV to a file", json=True)
    export.add_argument("id", metavar="ID")
    export.add_argument("target", metavar="FILE")
    add_by(export)
    add_inbox_commands(verbs, _add)
    hold = _add(verbs, "hold", lazily("holds:hold"), "put a message on legal hold: no rule erases it", json=True)
    hold.add_argument("id", metavar="ID")
    hold.add_argument("--reason", required=True, metavar="TEXT", help="why; nothing about a patient")
    unhold = _add(verbs, "unhold", lazily("holds:release"), "end a legal hold", json=True)
    unhold.add_argument("id", metavar="ID")
    holds = _add(verbs, "holds", lazily("holds:holds"), "the legal holds on record", json=True)
    holds.add_argument("id", nargs="?", metavar="ID", help="only those of this message")
    holds.add_argument("--all", action="store_true", help="those that were released too")


def _model_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    model = commands.add_parser("model", help="recognisers and their models")
    verbs = model.add_subparsers(title="model commands", required=True, metavar="COMMAND")
    _add(verbs, "list", lazily("models:model_list"), "engines and models, and what each needs", json=True)
    check = _add(verbs, "check", lazily("models:model_check"), "try a recogniser with a built-in recording", json=True)
    check.add_argument("--engine", choices=("moonshine", "vosk", "whisper"), help="default: that of the file")
    check.add_argument("--model", metavar="FOLDER", help="the folder of its model")
    check.add_argument("--memory-mb", type=_positive, default=3000, metavar="N", help="most memory (default 3000)")
    install = _add(verbs, "install", lazily("models:model_install"), "fetch a model from its publisher", json=True)
    install.add_argument("model", metavar="MODEL", help="as `secondline model list` shows it")
    install.add_argument("--into", metavar="DIR", help="where models go (default: models/ in the data folder)")
    install.add_argument("--from", dest="source", metavar="PLACE", help="a folder, a file or an address with a copy")
    sums = "the publisher's SHA-256 of a file without a known one; may be repeated"
    install.add_argument("--sha256", action="append", default=[], metavar="[FILE=]HEX", help=sums)
    trust = "take a file without a known checksum as it comes, and write its checksum down"
    install.add_argument("--trust-first", action="store_true", help=trust)


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    command: Command,
    doc: str,
    *,
    json: bool = False,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=doc, description=f"{doc[0].upper()}{doc[1:]}.")
    config, data = os.environ.get("SECONDLINE_CONFIG", "practice.toml"), os.environ.get("SECONDLINE_DATA")
    parser.add_argument("--config", default=config, metavar="FILE", help=f"the practice's file (default: {config})")
    parser.add_argument("--data", default=data, metavar="DIR", help=f"all state (default: {data or 'var/ beside it'})")
    if json:
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(command=command)
    return parser


def _positive(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count
