"""The fields of requests and answers: what they take, and as the document shows them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from pbx.output import rfc3339

OF_A_PATIENT = "x-patient-data"
"""Marks in the document what tells something of a patient."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_WHEN = "a time with its zone (write it as 2026-12-24T08:00:00-05:00)"
_YEARS = range(1970, 3000)
_PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
_NO_ZERO = r"^[^\u0000]*$"


class Model(BaseModel):
    """A request or an answer: no field that is not known is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, ser_json_inf_nan="null")


def patient(**more: Any) -> Any:
    """A field that tells something of a patient."""
    return Field(json_schema_extra={OF_A_PATIENT: True}, **more)


def _time_as_text(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise PydanticCustomError("words", f"must be {_WHEN}")
    return value


def _sensible(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise PydanticCustomError("words", f"must be {_WHEN}")
    return value.astimezone(UTC)


def _true_or_false(value: object) -> object:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise PydanticCustomError("words", "must be true or false")
    return value == "true"


def _plain_line(value: str) -> str:
    if not value.isprintable():
        raise PydanticCustomError("words", "must be one line")
    return value


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_time_as_text),
    AfterValidator(_sensible),
    PlainSerializer(rfc3339, return_type=str),
    Field(json_schema_extra={"format": "date-time"}),
]
"""RFC 3339, with its zone; answers are in UTC."""

Flag = Annotated[bool, BeforeValidator(_true_or_false)]
"""`true` or `false` in a query."""

Line = Annotated[str, Field(max_length=200, pattern=_PRINTABLE), AfterValidator(_plain_line)]
"""One line, for the record."""

Key = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\u0000-\u001f]+$")]
"""A key of the practice's file, of a person, a mailbox or a rota."""

Note = Annotated[str, Field(min_length=1, max_length=2000, pattern=_NO_ZERO)]
"""What colleagues should know."""

Number = Annotated[str, Field(min_length=2, max_length=40, pattern=r"^[0-9+().\- ]+$", examples=["+17175550100"])]
"""A telephone number as people type it; answers have E.164."""

Limit = Annotated[int, Field(ge=1, le=200)]
"""How many at most."""
