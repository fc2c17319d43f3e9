"""Texts as the dialplan wrote them down: `<id>.text` says from where to where, `<id>.body` is what was written.

`<id>` is a UUID; both lie in the folder `texts` of the spool, or of the spare one. Everything is read as if a stranger
had written it. A text that came over HTTP while the database was away lies there too, as `<id>.kept`.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pbx.asterisk.layout import TEXTS
from pbx.asterisk.state import write_private
from pbx.domain.texting import Arrived
from pbx.services.text_ports import Spooled

log = logging.getLogger(__name__)

LONGEST_BODY = 1022
"""Bytes that Asterisk takes; of a longer text it gives nothing (res_pjsip_messaging.c, MAX_BODY_SIZE, print_body)."""

QUARANTINE = "quarantine"

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAME = re.compile(rf"({_UUID})\.(text|body|kept)")
_LINE = re.compile(
    r"v1\|(?P<at>[0-9]{9,11}(?:\.[0-9]{1,6})?)\|(?P<phone>[a-z0-9-]{0,120})\|(?P<patient>[+0-9]{0,64})"
    r"\|(?P<to>[+0-9]{0,64})\|(?P<length>[0-9]{0,9})\|end"
)
_LARGEST = 64 * 1024


class FileTextSpool:
    """`pbx.services.text_ports.TextSpool` on the spool folders."""

    def __init__(self, spool: Path, spare: Path) -> None:
        self._folders = (spool / TEXTS, spare / TEXTS)

    def waiting(self) -> Sequence[Spooled]:
        """All that are whole, the oldest first. What makes no sense is put aside. Raises OSError."""
        found = [one for folder in self._folders for one in self._in(folder)]
        return sorted(found, key=lambda one: one.at)

    def taken(self, text: UUID) -> None:
        """It is written down elsewhere now. Raises OSError."""
        for folder in self._folders:
            for kind in ("text", "kept", "body"):  # the body last: without the line it is nothing
                (folder / f"{text}.{kind}").unlink(missing_ok=True)

    def keep(self, text: Arrived) -> None:
        """Keep a text that cannot be written down elsewhere now, durably. Raises OSError."""
        values = {
            "at": text.at.isoformat(),
            "line": text.line,
            "patient": text.patient,
            "body": text.body,
            "ref": text.ref,
            "pictures": text.pictures,
            "said": text.said,
        }
        write_private(self._folders[0] / f"{text.id}.kept", json.dumps(values))

    def _in(self, folder: Path) -> Iterator[Spooled]:
        if not folder.is_dir():
            return
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        for name in names:
            match = _NAME.fullmatch(name)
            if match is None or match[2] == "body":
                continue
            read = _kept if match[2] == "kept" else _written
            one = read(folder / name, UUID(match[1]))
            if one is not None:
                yield one
            elif _is_old(folder / name):
                self._put_aside(folder / name)

    def _put_aside(self, file: Path) -> None:
        aside = file.parent / QUARANTINE
        aside.mkdir(mode=0o700, exist_ok=True)
        file.rename(aside / file.name)
        log.error("a text in the spool cannot be read and was put aside: %s", file.stem)


def _written(file: Path, id_: UUID) -> Spooled | None:
    match = _LINE.fullmatch(_text(file).removesuffix("\n"))
    if match is None:
        return None
    body = _text(file.with_suffix(".body")).removesuffix("\n")
    length = int(match["length"] or 0)
    return Spooled(
        id=id_,
        at=datetime.fromtimestamp(float(match["at"]), UTC),
        phone=match["phone"],
        patient=match["patient"],
        to=match["to"],
        body=body,
        cut=not body and length > LONGEST_BODY,
    )


def _kept(file: Path, id_: UUID) -> Spooled | None:
    try:
        found = json.loads(_text(file))
        return Spooled(
            id=id_,
            at=datetime.fromisoformat(found["at"]),
            phone="",
            patient=found["patient"],
            to=found["line"],
            body=found["body"],
            ref=found["ref"],
            pictures=found["pictures"],
            said=found["said"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def _text(file: Path) -> str:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return ""
    with os.fdopen(handle, "rb") as opened:
        return opened.read(_LARGEST).decode(errors="replace")


def _is_old(file: Path) -> bool:
    """A file that is being written makes no sense for a moment."""
    try:
        return datetime.now(UTC).timestamp() - file.stat().st_mtime > 60
    except FileNotFoundError:
        return False
