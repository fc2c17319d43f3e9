"""What is written down of a data key: never the key itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The data key of `subject` (a call, a message) under the master key `kek`.

    `fingerprint` (hex) tells keys apart and says nothing about them: the audit names a destroyed one by it.
    """

    subject: UUID
    kek: str
    wrapped: bytes
    fingerprint: str
