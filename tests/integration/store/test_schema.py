"""The closed lists of the domain and those of the database are the same lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

import pytest

from pbx.domain.call import Direction, Label
from pbx.domain.inbox import Deed, How, State
from pbx.domain.notices import Cause
from pbx.domain.numbers import NumberKind
from pbx.domain.outbound import OutReason
from pbx.domain.outcome import Outcome
from pbx.domain.override import Mode, Scope
from pbx.domain.routing import Reason
from pbx.domain.texting import Cause as TextCause
from pbx.domain.texting import Consent, ConsentHow
from pbx.domain.texting import State as TextState
from pbx.domain.texting_words import Showing
from pbx.domain.token import TokenScope
from pbx.domain.transcript import TranscriptState
from pbx.domain.urgent import AttemptResult, UrgentState
from pbx.services.ports import Fate
from pbx.services.text_ports import DeliveryKind
from pbx.store.database import Database
from pbx.store.hooks import DeliveryState as HookDeliveryState
from pbx.store.outbox import OutboxState
from pbx.store.text_outbox import DeliveryState

LISTS: dict[str, Iterable[StrEnum]] = {
    "api_token_scopes_closed": TokenScope,
    "call_direction_closed": Direction,
    "call_caller_kind_closed": NumberKind,
    "call_outcome_closed": Outcome,
    "call_reason_closed": (*Reason, *OutReason),
    "hook_attempt_result_closed": Fate,
    "hook_delivery_state_closed": HookDeliveryState,
    "inbox_event_deed_closed": Deed,
    "inbox_event_how_closed": How,
    "inbox_state_closed": State,
    "line_override_mode_closed": Mode,
    "line_override_scope_closed": Scope,
    "outbox_cause_closed": Cause,
    "outbox_state_closed": OutboxState,
    "text_consent_consent_closed": Consent,
    "text_consent_how_closed": ConsentHow,
    "text_delivery_kind_closed": DeliveryKind,
    "text_delivery_showing_closed": Showing,
    "text_delivery_state_closed": DeliveryState,
    "text_message_cause_closed": TextCause,
    "text_message_state_closed": TextState,
    "message_transcript_state_closed": TranscriptState,
    "urgent_request_state_closed": UrgentState,
    "urgent_attempt_result_closed": AttemptResult,
    "message_label_closed": Label,
}


@pytest.mark.parametrize("constraint", LISTS)
async def test_the_database_takes_exactly_the_values_of_the_enumeration(database: Database, constraint: str) -> None:
    async with database.session() as connection:
        rule = await connection.fetchval(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", constraint
        )
    assert set(re.findall(r"'([^']*)'", rule)) == {member.value for member in LISTS[constraint]}


async def test_every_closed_list_of_the_database_is_compared(database: Database) -> None:
    async with database.session() as connection:
        rows = await connection.fetch("SELECT conname FROM pg_constraint WHERE conname LIKE '%\\_closed'")
    assert {row["conname"] for row in rows} == set(LISTS)


async def test_every_time_is_kept_with_its_zone(database: Database) -> None:
    async with database.session() as connection:
        naive = await connection.fetch(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'"
        )
    assert naive == []
