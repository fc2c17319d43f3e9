"""One sentence for every error that a person can meet."""

from __future__ import annotations

import traceback

from pbx.config.problems import ConfigProblems

OUR_PACKAGES = frozenset({"pbx", "agi", "voicemail"})


class BadOption(Exception):
    """An option's value cannot be used; the text says what to write instead."""


def sentence(error: Exception) -> str:
    """What happened and what to do. Exceptions of our own carry their sentence; others are named with their place.

    The text of a foreign exception is left out: it may hold what a caller said or dialled.
    """
    if isinstance(error, ExceptionGroup):  # a loop of the server broke, or its start failed beside running loops
        return "; ".join(dict.fromkeys(sentence(inner) for inner in error.exceptions))
    if isinstance(error, ConfigProblems):
        lines = [str(problem) for problem in error.problems]
        return "\n".join(["the practice's file has problems:", *lines])
    if type(error).__module__.partition(".")[0] in OUR_PACKAGES:
        return str(error)
    if isinstance(error, PermissionError):
        return f"{error.filename}: not allowed; give it to the account that runs Secondline (chown), or run as that one"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}"
    return f"unexpected {type(error).__name__} at {_place(error)}: please report this line"


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if any(f"/{package}/" in f.filename for package in OUR_PACKAGES)]
    frame = (ours or list(frames))[-1]
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
