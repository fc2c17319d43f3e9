"""From what happens to the program that is told of it: real database and receiver, signed, tried again, logged."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from pbx.config.senders import Hook, ProgramHook
from pbx.database import records_of
from pbx.domain.events import SUBSCRIBED, EventKind, Subscription
from pbx.domain.inbox import How, Who, done
from pbx.domain.oncall import Swap
from pbx.domain.override import Mode, Override, Scope
from pbx.hook_secrets import HookSecrets
from pbx.program_hooks import NO_SECRET, Details, ProgramHooks
from pbx.services.hooks import Hooks
from pbx.store.database import Database
from pbx.store.hooks import PgHookBook
from tests.kit.calls import PATIENT
from tests.kit.hooks import SECRET, Receiver, receiver
from tests.kit.programs import WORDS, Site, care_team

MILLS = Who.person("mills", How.PHONE)
EVERY = frozenset(kind.value for kind in SUBSCRIBED)


@dataclass
class Programs:
    """Two programs that are told of everything, one of them trusted; the clock is turned by hand."""

    database: Database
    plain: Receiver
    trusted: Receiver
    secrets: HookSecrets
    hooks: dict[str, ProgramHook] = field(default_factory=dict)
    later: timedelta = timedelta()

    def service(self) -> Hooks:
        program = ProgramHooks(lambda: self.hooks, self.secrets)
        return Hooks(
            PgHookBook(self.database),
            program.subscriptions,
            program.senders,
            Details(records_of(self.database), care_team).of,
            now=lambda: datetime.now(UTC) + self.later,
            luck=lambda: 0,
        )

    async def looks(self) -> None:
        """Everything that is due is given out and sent."""
        service = self.service()
        await service.book.let_go()
        while await service.spread():
            pass
        for key in self.hooks:
            while await service.send_next(key):
                pass

    async def all_due(self) -> None:
        async with self.database.session() as connection:
            await connection.execute("UPDATE hook_delivery SET due_at = now()")


@pytest.fixture
async def programs(database: Database, tmp_path: Path) -> AsyncIterator[Programs]:
    async with receiver() as plain, receiver() as trusted:
        made = Programs(database, plain, trusted, HookSecrets(tmp_path / "secrets.json"))
        made.hooks["crm"] = ProgramHook(Subscription("crm", EVERY), Hook(plain.url, SECRET))
        made.hooks["ehr"] = ProgramHook(Subscription("ehr", EVERY, trusted=True), Hook(trusted.url, SECRET))
        yield made


async def everything_happens(site: Site) -> UUID:
    """Every kind of event, one after the other."""
    records, now = records_of(site.database), datetime.now(UTC)
    message = await site.message()
    await records.inbox.change(message, MILLS, now, lambda case: done(case, MILLS, now) if case else None)
    closed = Override(None, Scope.PRACTICE, "", Mode.CLOSED, now, now + timedelta(hours=1), "Sam Mills", "roads")
    await records.placed_audit.asked("rictor", "mia", "allowed")
    await records.overrides.add(closed, "mia")
    await records.swaps.add(Swap("doctors", "rictor", "okafor", now, now + timedelta(hours=1), "mia", "family"), "mia")
    return message


async def test_programs_are_told_of_everything_and_only_a_trusted_one_of_patients(
    site: Site, programs: Programs
) -> None:
    message = await everything_happens(site)
    await programs.looks()
    plain, trusted = ([json.loads(body) for body in one.taken] for one in (programs.plain, programs.trusted))
    assert {event["type"] for event in plain} == {event["type"] for event in trusted} == EVERY
    assert len(plain) == len(trusted) == len(EVERY)
    assert len({*programs.plain.ids, *programs.trusted.ids}) == 2 * len(EVERY)
    said = json.dumps(plain)
    assert not any(canary in said for canary in (PATIENT, PATIENT[-7:], WORDS, "canary", "roads", "family"))
    [received] = [event["data"] for event in plain if event["type"] == EventKind.MESSAGE_RECEIVED]
    assert (received["id"], received["mailbox"]) == (str(message), "rictor")
    [words] = [event["data"] for event in trusted if event["type"] == EventKind.MESSAGE_TRANSCRIBED]
    assert (words["detail"]["transcript"]["text"], words["detail"]["from"]) == (WORDS, PATIENT)
    async with programs.database.session() as connection:
        disclosed = await connection.fetch(
            "SELECT object, detail->>'hook' AS hook FROM audit WHERE action = 'told-program'"
        )
    assert {row["hook"] for row in disclosed} == {"ehr"}
    assert len(disclosed) == 4, "the call, and three times the message"
    await programs.looks()
    assert len(programs.plain.taken) == len(EVERY), "each once"


async def test_what_fails_is_tried_again_later_and_given_up_in_the_end(site: Site, programs: Programs) -> None:
    del programs.hooks["ehr"]
    book = PgHookBook(programs.database)
    await site.message()
    programs.plain.answers += [503, 204, 204]
    await programs.looks()
    assert len(programs.plain.taken) == 3, "what fails holds up nothing else"
    [waiting] = await book.deliveries("crm", "waiting", 9)
    assert (waiting.attempts, [one.result for one in waiting.tries]) == (1, ["temporary"])
    await programs.looks()
    assert len(programs.plain.taken) == 3, "not before its time"
    await programs.all_due()
    await programs.looks()
    assert programs.plain.ids.count(str(waiting.id)) == 2, "the same id at every attempt"
    [sent] = [one for one in await book.deliveries("crm", "sent", 9) if one.id == waiting.id]
    assert [one.result for one in sent.tries] == ["temporary", "sent"]

    programs.plain.answers += [500, 410, 500]
    await site.message()
    programs.later = timedelta(days=4)
    await programs.looks()
    failed = await book.deliveries(None, "failed", 9)
    assert {"It was tried for 3 days." in one.failure for one in failed} == {True, False}
    assert (await book.backlogs())["crm"].failed == 3
    programs.later = timedelta()
    assert await book.retry([failed[0].id], None) == 1
    assert await book.retry(None, "crm") == 3
    await programs.looks()
    assert await book.backlogs() == {}


async def test_a_paused_one_keeps_its_events_and_one_without_a_secret_sends_nothing(
    site: Site, programs: Programs
) -> None:
    crm = programs.hooks["crm"]
    programs.hooks["crm"] = replace(crm, subscription=replace(crm.subscription, paused=True))
    ehr = programs.hooks["ehr"]
    programs.hooks["ehr"] = ProgramHook(
        replace(ehr.subscription, kinds=frozenset({"call.ended"})), Hook(ehr.hook.url, b"")
    )
    await site.message()
    await programs.looks()
    assert programs.plain.taken == programs.trusted.taken == []
    backlogs = await PgHookBook(programs.database).backlogs()
    assert (backlogs["crm"].waiting, backlogs["ehr"].waiting, backlogs["ehr"].failure) == (3, 1, NO_SECRET)
    programs.secrets.make("ehr")
    programs.hooks["crm"] = crm
    await programs.all_due()
    await programs.looks()
    assert len(programs.plain.taken) == 3
    assert programs.trusted.forged == 1, "signed with the secret that was made, which this receiver does not know"


async def test_what_had_no_end_is_sent_again_and_what_is_old_is_forgotten(site: Site, programs: Programs) -> None:
    await site.message()
    book, service = PgHookBook(programs.database), programs.service()
    await service.spread()
    first = await book.take("crm")
    assert first and first.attempts == 1
    others = [await book.take("crm") for _ in range(3)]
    assert [other is None or other.id != first.id for other in others] == [True, True, True], "nobody else is given it"
    await programs.looks()
    assert programs.plain.ids.count(str(first.id)) == 1
    [log] = [one for one in await book.deliveries("crm", None, 9) if one.id == first.id]
    assert [one.result for one in log.tries] == [None, "sent"], "the attempt that nobody knows the end of is in the log"
    async with programs.database.session() as connection:
        await connection.execute("UPDATE hook_event SET at = now() - interval '31 days'")
    await book.forget()
    assert await book.deliveries(None, None, 9) == []
