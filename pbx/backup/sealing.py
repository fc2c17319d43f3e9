"""The stream of a backup through age: written and read piece by piece, in memory that does not grow with it.

pyrage pulls what it encrypts and pushes what it decrypts; a pipe and a thread turn that around.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import pyrage
from pyrage import x25519

BUFFER = 1 << 16

_OTHER_KEY = "No matching keys"
"""What rage says where none of the keys opens the header (age, DecryptError::NoMatchingKeys)."""


class NotReadable(Exception):
    """A backup cannot be decrypted; the text is a sentence that says what to do."""


@contextmanager
def sealing(target: BinaryIO, recipient: str) -> Iterator[BinaryIO]:
    """What is written into the block's file comes to `target` encrypted; whole when the block ends without an error.

    Raises what writing to `target` raises.
    """
    read_end, write_end = os.pipe()
    failure: list[BaseException] = []
    watched = _Watched(target)

    def work() -> None:
        with os.fdopen(read_end, "rb", BUFFER) as source:
            try:
                pyrage.encrypt_io(source, watched, [x25519.Recipient.from_str(recipient)])
            except BaseException as error:  # noqa: BLE001 - it is raised where the block ends
                failure.append(watched.failure or error)

    thread = threading.Thread(target=work, name="backup-sealing")
    thread.start()
    try:
        with os.fdopen(write_end, "wb", BUFFER) as plain:
            yield plain
    except BrokenPipeError:
        thread.join()
        raise _why(failure) from None
    finally:
        thread.join()
    if failure:
        raise _why(failure)


@contextmanager
def unsealing(source: BinaryIO, identity: x25519.Identity) -> Iterator[BinaryIO]:
    """The block reads what `source` holds, decrypted. Raises NotReadable when the block ends, if it was not authentic
    to its end: what was read before that is not to be used.
    """
    read_end, write_end = os.pipe()
    failure: list[BaseException] = []

    def work() -> None:
        with suppress(BrokenPipeError), os.fdopen(write_end, "wb", BUFFER) as target:
            try:
                pyrage.decrypt_io(source, target, [identity])
            except BaseException as error:  # noqa: BLE001 - it is raised where the block ends
                failure.append(error)

    thread = threading.Thread(target=work, name="backup-unsealing")
    thread.start()
    try:
        with os.fdopen(read_end, "rb", BUFFER) as plain:
            yield plain
            while plain.read(BUFFER):
                pass  # to the end: only that tells that nothing is missing
    except BaseException:
        thread.join()
        if failure and not isinstance(failure[0], BrokenPipeError):
            raise _not_readable(failure[0]) from None
        raise
    thread.join()
    if failure:
        raise _not_readable(failure[0])


class _Watched:
    """A file that remembers what went wrong with it: pyrage tells it as a text."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._target.write(data)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        self._target.flush()


def _why(failure: list[BaseException]) -> BaseException:
    error = failure[0] if failure else OSError("the backup could not be written")
    if isinstance(error, pyrage.RecipientError):
        return NotReadable("the backup key in the data folder is damaged: make a new one with `secondline backup-key`")
    return error


def _not_readable(error: BaseException) -> NotReadable:
    if isinstance(error, pyrage.DecryptError) and _OTHER_KEY in str(error):
        return NotReadable("this key does not open this backup: give the key that was in use when it was made")
    return NotReadable("this file is damaged, cut short or no backup: use another copy or an older backup")
