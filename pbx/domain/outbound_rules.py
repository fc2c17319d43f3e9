"""What the practice's file says about calls to numbers outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a person may do: call numbers of these `countries` (ISO 3166-1), so many calls and minutes a day (of the
    practice's time zone), so many calls `at_once`. `shows` is the practice number (E.164) that patients usually see.
    """

    shows: str
    countries: frozenset[str]
    calls_a_day: int
    minutes_a_day: int
    at_once: int


@dataclass(frozen=True, slots=True)
class OutboundRules:
    """`people` who may call (by key); nobody else does. `codes` choose another number for one call: `*81` to E.164.

    `refused` are beginnings of numbers (E.164) that nobody calls. `at_once` and `longest_minutes` hold for the practice
    and for each call. `inbound_only`: nobody calls, and the file says so.
    """

    people: Mapping[str, Allowance] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    at_once: int = 0
    longest_minutes: int = 0
    inbound_only: bool = False
