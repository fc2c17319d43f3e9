"""Known carriers: defaults for [trunk] from `sip-config/carriers.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

CARRIERS_FILE = Path(__file__).resolve().parents[2] / "sip-config" / "carriers.toml"


class Carrier(BaseModel):
    """What a carrier documents; the fields are described in the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str
    host: str | None = None
    host_hint: str = ""
    registers: bool
    transport: Literal["udp", "tcp", "tls"]
    port: int
    addresses: list[str] = []
    ask_addresses: bool = False
    source: str
    known: str


def load_carriers(file: Path = CARRIERS_FILE) -> dict[str, Carrier]:
    """All presets by their key."""
    with file.open("rb") as stream:
        entries = tomllib.load(stream)
    return {key: Carrier.model_validate(entry) for key, entry in entries.items()}
