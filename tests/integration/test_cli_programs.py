"""Tokens of people and webhooks as an operator meets them: without a server, with the real database."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from uuid import uuid4

import aiohttp

from pbx.domain.events import EventKind
from pbx.domain.texting import Consent, ConsentHow
from pbx.domain.texting_rules import ConsentChange
from pbx.domain.token import TokenScope
from pbx.hook_secrets import HookSecrets
from pbx.services.text_ports import Said
from pbx.web.api.openapi import document
from pbx.web.api.routes import ROUTES
from tests.kit.database import on_database
from tests.kit.hooks import receiver
from tests.kit.programs import CARE_TEAM, Site
from tests.kit.server import Answer, secondline

API = Path(__file__).parents[2] / "docs" / "api.md"


async def run(practice: Path, *words: str) -> Answer:
    return await secondline(*words, "--config", str(practice))


def a_practice(folder: Path, dsn: str, more: str = "") -> Path:
    file = folder / "practice.toml"
    file.write_text(CARE_TEAM.read_text(encoding="utf-8") + more + on_database(dsn), encoding="utf-8")
    return file


async def test_a_token_is_of_a_person_or_says_what_it_sees(tmp_path: Path, dsn: str) -> None:
    practice = a_practice(tmp_path, dsn)
    wanted = ("--person", "mills", "--scope", "messages:read,audio:read", "--days", "9")
    made = await run(practice, "token", "create", *wanted)
    assert (made.status, "For audio:read, messages:read, of mills, until " in made.out) == (0, True), made.err
    words = ("token", "create", "ehr", "--scope", "calls:read")
    limited = await run(practice, *words, "--mailbox", "front-desk", "--number", "717 555 0102", "--json")
    assert (limited.json["mailboxes"], limited.json["numbers"]) == (["front-desk"], ["+17175550102"])
    assert (await run(practice, "token", "create", "all", "--scope", "calls:read", "--all")).status == 0
    listed = (await run(practice, "token", "list", "--json")).json
    assert [(one["name"], one["person"], one["usable"]) for one in listed] == [
        ("mills", "mills", True),
        ("ehr", None, True),
        ("all", None, True),
    ]
    for wrong, sentence in (
        (("x", "--scope", "calls:read"), "needs to know what it may see"),
        (("x", "--scope", "calls"), "--scope 'calls' is no scope (there are: calls:read,"),
        (("--scope", "overrides"), "name the program"),
        (("--person", "mils", "--scope", "overrides"), "did you mean 'mills'?"),
        (("x", "--mailbox", "front", "--scope", "calls:read"), "--mailbox 'front' is not in the file"),
        (("x", "--number", "+17175550199", "--scope", "calls:read"), "is not a number of this practice"),
        (("Mia", "--scope", "overrides"), "small letters"),
    ):
        answer = await run(practice, "token", "create", *wrong)
        assert (answer.status, sentence in answer.err) == (1, True), answer.err


async def test_a_webhook_gets_its_secret_is_tried_out_and_leaves_a_log(tmp_path: Path, dsn: str) -> None:
    async with receiver() as program:
        practice = a_practice(tmp_path, dsn, f'\n[webhooks.ehr]\nurl = "{program.url}"\nevents = "call.ended"\n')
        assert "NO SECRET YET" in (await run(practice, "webhooks", "list")).out
        unsigned = await run(practice, "webhooks", "test", "ehr")
        assert (unsigned.status, "has no secret yet" in unsigned.out) == (1, True)
        shown = (await run(practice, "webhooks", "secret", "ehr", "--json")).json["secret"]
        assert shown.startswith("whsec_")
        assert "was shown when it was made" in (await run(practice, "webhooks", "secret", "ehr")).err
        kept = HookSecrets(tmp_path / "var" / "webhook-secrets.json")
        assert kept.path.stat().st_mode & 0o777 == 0o600
        program.secret = kept.of("ehr") or b""
        assert (await run(practice, "webhooks", "test", "ehr")).out.startswith("Taken: ehr has event ")
        assert json.loads(program.taken[0])["type"] == "webhook.test"
        program.answers.append(503)
        assert (
            "Not taken. The webhook: it does not take notices now (HTTP 503)."
            in (await run(practice, "webhooks", "test", "ehr")).out
        )
        log = (await run(practice, "webhooks", "deliveries", "ehr", "--json")).json
        assert [(one["state"], one["attempts"]) for one in log] == [("failed", 1), ("sent", 1), ("failed", 1)]
        assert "(HTTP 503)" in (await run(practice, "webhooks", "deliveries")).out
        assert (await run(practice, "webhooks", "retry", log[0]["id"], "--json")).json == {"again": 1}
        [one] = (await run(practice, "webhooks", "list", "--json")).json
        assert (one["waiting"], one["failed"], one["signed"], one["events"]) == (1, 1, True, ["call.ended"])
        for words, sentence in (
            (("test", "crm"), "there is no webhook 'crm'"),
            (("secret", "crm"), "there is no webhook 'crm'"),
            (("retry", "x"), "'x' is no delivery's id"),
            (("retry", "00000000-0000-0000-0000-000000000000"), "no delivery of that id"),
        ):
            answer = await run(practice, "webhooks", *words)
            assert (answer.status, sentence in answer.err) == (1, True), answer.err


async def test_the_interface_is_listed_and_described() -> None:
    listed = (await secondline("api")).out
    assert all(route.path in listed and route.scope.value in listed for route in ROUTES)
    assert (await secondline("api", "--openapi")).json == document()


def _examples() -> list[list[str]]:
    """The calls of curl in the documentation, each as its words."""
    text = re.sub(r"\\\n\s+", "", API.read_text(encoding="utf-8"))
    return [shlex.split(line) for line in text.splitlines() if line.startswith("    curl ")]


async def test_what_the_documentation_asks_for_is_answered(site: Site) -> None:
    message, examples = await site.message(), _examples()
    assert len(examples) >= 9
    agreed = ConsentChange(Consent.GIVEN, ConsentHow.STAFF)
    await site.texts.set_consent("+12155550143", agreed, Said("person/mills", "person/mills", "form"))
    async with aiohttp.ClientSession() as session:
        for words in examples:
            method, url, headers, data = _request(
                [word.replace("$TOKEN", site.token).replace("$RANDOM_ID", uuid4().hex) for word in words]
            )
            url = url.replace("$ID", str(message)).replace("http://127.0.0.1:8080", site.base)
            async with session.request(method, url, headers=headers, data=data) as answer:
                assert answer.status in (200, 201, 202, 206), (words, await answer.text())


def _request(words: list[str]) -> tuple[str, str, dict[str, str], str | None]:
    """What curl would send for these words."""
    method, url, headers, data = "", "", dict[str, str](), None
    rest = iter(words[1:])
    for word in rest:
        match word:
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d":
                data = next(rest)
            case "-X":
                method = next(rest)
            case "-o":
                next(rest)
            case _:
                url = word
    return method or ("POST" if data else "GET"), url, headers, data


def test_the_documentation_names_every_scope() -> None:
    text = API.read_text(encoding="utf-8")
    assert [scope for scope in TokenScope if f"`{scope}`" not in text] == []
    assert [kind for kind in EventKind if f"`{kind}`" not in text] == []
