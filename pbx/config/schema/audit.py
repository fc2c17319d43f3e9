"""The audit: where its checkpoints go, and how long it is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pbx.config.schema.section import Section
from pbx.config.values import About, Text


class AuditSection(Section):
    """The audit of everything that is done with patients' data and settings. Its rows hold none of that data."""

    checkpoint_copy: Annotated[
        Text | None,
        About(
            "A second file for its signed checkpoints, best on another machine's share, where nobody here can take "
            "them back.",
            '"/mnt/archive/secondline-checkpoints.jsonl"',
        ),
    ] = None
    key_file: Annotated[
        Text | None,
        About("The key that signs them. Left out: one in the data folder, made at the first start.", '"audit-key.pem"'),
    ] = None
    keep_years: Annotated[
        int | None,
        Field(ge=6, le=100),
        About("Rows are let go after so long, never before 6 years. Left out: all are kept.", "10", unit="years"),
    ] = None
