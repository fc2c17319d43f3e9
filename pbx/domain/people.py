"""People with their phones, and the rules by which each of them wants to be reached at which hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.domain.schedule import Schedule

CELL_AFTER_SECONDS = 10
"""When a cell joins in without a rule: the desk has had its chance, and a patient still hopes for an answer."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Ring `phone` (an endpoint's name; None: the person's cell) `after` seconds."""

    phone: str | None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """A reach-me rule: while `hours` are open (None: at any time) ring `stages`. No stages: do not ring."""

    hours: Schedule | None
    stages: tuple[Stage, ...]

    def holds(self, at: datetime) -> bool:
        return self.hours is None or self.hours.state_at(at).open


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the practice: the endpoints of `phones`, a `cell` outside (E.164), and rules of which the first that
    holds decides. Where none holds, all phones ring at once and the cell joins in after `CELL_AFTER_SECONDS`.
    """

    key: str
    name: str
    phones: tuple[str, ...] = ()
    cell: str | None = None
    reach: tuple[Reach, ...] = ()
    email: str | None = None

    @property
    def can_ring(self) -> bool:
        """Whether there is anything to ring at all."""
        return bool(self.phones or self.cell)

    @property
    def is_plain(self) -> bool:
        """Whether all there is to it is that the phones ring at once."""
        return self.cell is None and not self.reach

    def stages(self, at: datetime, *, on_call: bool = False) -> tuple[Stage, ...]:
        """What rings at `at` (aware), and when. Somebody on call is rung in spite of a rule that rings nothing."""
        rule = self.rule(at, on_call=on_call)
        if rule is not None:
            return rule.stages
        cell = (Stage(None, CELL_AFTER_SECONDS),) if self.cell else ()
        return (*(Stage(phone) for phone in self.phones), *cell)

    def rule(self, at: datetime, *, on_call: bool = False) -> Reach | None:
        """The rule that decides at `at`, if one does."""
        return next((rule for rule in self.reach if rule.holds(at) and (rule.stages or not on_call)), None)

    def rule_in_words(self, at: datetime, *, on_call: bool = False) -> str:
        """Which rule decides and until when; nothing where no rule does."""
        rule = self.rule(at, on_call=on_call)
        if rule is None:
            return ""
        where = f"reach-me rule {self.reach.index(rule) + 1} of {self.key}"
        if rule.hours is None:
            return where
        state = rule.hours.state_at(at)
        if state.until is None:
            return f"{where}, {state.detail}"
        until = state.until.astimezone(ZoneInfo(rule.hours.timezone))
        return f"{where}, {state.detail}, until {until:%a %d %b %H:%M} {rule.hours.timezone}"


@dataclass(frozen=True, slots=True)
class Outside:
    """A number outside of the practice that belongs to none of its people, such as an answering service (E.164)."""

    key: str
    name: str
    e164: str
