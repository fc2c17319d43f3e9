"""Why the embedded server does not start, in one sentence with its remedy."""

from __future__ import annotations

import re
from pathlib import Path


class DatabaseDown(Exception):
    """The embedded server cannot be started; the text is one sentence that says what to do."""


_CAUSES = (
    ("No space left on device", "The disk of {folder} is full: free some space on it, then start again."),
    ("Disk quota exceeded", "The disk quota of {folder} is used up: free some space, then start again."),
    (
        "Read-only file system",
        "The disk of {folder} is read-only: mount it for writing, or choose another --data folder.",
    ),
    ("Permission denied", "{folder} may not be written or entered: give it to the user that runs Secondline."),
    ("Operation not permitted", "{folder} belongs to another user: give it to the user that runs Secondline."),
    ("Not a directory", "{folder} is not a folder: move the file away, or choose another --data folder."),
    ("File exists", "{folder} is not a folder: move the file away, or choose another --data folder."),
)


def explain(folder: Path, said: str) -> str:
    """What went wrong, in one sentence with its remedy."""
    for sign, sentence in _CAUSES:
        if sign in said:
            return sentence.format(folder=folder)
    reasons = re.findall(r"(?:FATAL|PANIC|initdb: error|setpriv): +(.*)", said)
    reason = f" ({reasons[0].strip()})" if reasons else ""
    return (
        f"The database in {folder} does not start{reason}: restore the folder from a backup, or move it away to begin "
        "with an empty one; its server.log tells more."
    )
