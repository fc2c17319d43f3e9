"""What is noted in the audit without the database at hand."""

from __future__ import annotations

from typing import Protocol


class Journal(Protocol):
    """Notes what happens beside the database, such as a PIN that is keyed."""

    async def note(self, actor: str, action: str, thing: str, **detail: str | bool | int) -> None:
        """Make it durable; the audit has it as soon as the database does. `detail` holds no patient data.

        Raises OSError if it cannot be written down.
        """
