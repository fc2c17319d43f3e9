"""What every table of the file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the file: unknown keys and values of another type are refused, never guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
