"""`secondline texts`: read texts with patients, send one, and keep the record of who wants them."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.cli.records import who_of, with_records
from pbx.cli.rules import parse_number, parse_time
from pbx.config.load import Practice, load
from pbx.config.problems import did_you_mean
from pbx.database import Records
from pbx.domain.inbox import Who, person_in
from pbx.domain.numbers import for_people
from pbx.domain.policy import Policy
from pbx.domain.texting import Arrived, Consent, ConsentHow, Conversation, State, TextRecord
from pbx.domain.texting_rules import ConsentChange, decide_text, lines_of
from pbx.kept import last_known
from pbx.output import console, print_json, rfc3339
from pbx.services.text_ports import Said
from pbx.services.text_writing import TextWriting, Wish
from pbx.texts_output import consent_in_words, consent_json, decision_json, text_json, text_table


def show_list(options: Namespace) -> int:
    """Print the newest texts; noted in the audit as one reading of all of them."""

    async def use(records: Records, practice: Practice) -> int:
        policy, who = practice.policy, who_of(options, practice.policy)
        line = parse_number("--line", options.line, policy.country) if options.line else None
        found = await records.texts.texts(line=line, limit=options.limit)
        return await _print(records, policy, who, found, options)

    return with_records(options, use)


def show(options: Namespace) -> int:
    """Print a conversation, the newest text first, and the record of consent; noted in the audit."""

    async def use(records: Records, practice: Practice) -> int:
        policy, who = practice.policy, who_of(options, practice.policy)
        patient = parse_number("NUMBER", options.number, policy.country)
        found = _visible(policy, who, await records.texts.texts(patient=patient, limit=options.limit))
        said = await records.texts.consents(patient)
        await records.texts.listed([text.id for text in found], who.name, who.account)
        if options.json:
            print_json({"texts": [text_json(t) for t in found], "consent": [consent_json(s) for s in said]})
            return 0
        console().print(text_table(found, policy))
        for line in consent_in_words(said, policy):
            console().print(line, markup=False)
        return 0

    return with_records(options, use)


def send(options: Namespace) -> int:
    """Send a text. 1 where it is not sent, with the reason."""
    body = sys.stdin.read()

    async def use(records: Records, practice: Practice) -> int:
        policy, who = practice.policy, who_of(options, practice.policy)
        line = parse_number("--from", options.line, policy.country) if options.line else None
        wish = Wish(person_in(who.name) or "", options.number, body, line, account=who.account, secure=options.secure)
        written = await TextWriting(records.texts, lambda: policy).write(wish)
        if written is None:
            raise BadOption("the text was written before")
        text, sent = written.record, written.record.state is State.WAITING
        if options.json:
            print_json(text_json(text) | {"code": written.code})
        elif sent:
            print(f"It is sent from {for_people(text.line, policy.country)} as soon as a server runs ({text.id}).")
            if written.code:
                print(
                    f"It goes as a link. Its code is {written.code}: tell it in any way but a text. It is shown once."
                )
        else:
            print(f"Not sent. {text.failure}", file=sys.stderr)
        return 0 if sent else 1

    return with_records(options, use)


def consent(options: Namespace) -> int:
    """Write down what a number said about texts."""

    async def use(records: Records, practice: Practice) -> int:
        policy, who = practice.policy, who_of(options, practice.policy)
        patient = parse_number("NUMBER", options.number, policy.country)
        change = ConsentChange(Consent.GIVEN if options.said == "yes" else Consent.REVOKED, ConsentHow.STAFF)
        await records.texts.set_consent(patient, change, Said(who.name, who.account, _line(options.note)))
        said = await records.texts.consents(patient)
        if options.json:
            print_json([consent_json(one) for one in said])
        else:
            print("It is written down: they want texts." if options.said == "yes" else "It is written down: no texts.")
        return 0

    return with_records(options, use)


def explain(options: Namespace) -> int:
    """Say what would happen to a text, without a server and without anything being written down."""
    policy = load(Path(options.config)).policy
    at = parse_time(options.at, policy.timezone) if options.at else datetime.now(UTC)
    line = parse_number("--to", options.to, policy.country)
    if line not in policy.texting.lines:
        known = did_you_mean(line, list(policy.texting.lines))
        raise BadOption(f"--to {options.to!r} is no number of the practice that has texts ({known})")
    patient = parse_number("--from", options.patient, policy.country) if options.patient else "+12015550123"
    text = Arrived(uuid4(), line, patient, options.says, at, "explain")
    facts = last_known(Layout(Path(options.data)))
    decision = decide_text(policy, text, facts, Conversation())
    if options.json:
        print_json({"to": line, "at": rfc3339(at)} | decision_json(decision))
        return 0
    for sentence in decision.why:
        print(sentence)
    print(f'It answers: "{decision.reply.body}"' if decision.reply else "It answers nothing.")
    return 0


async def _print(records: Records, policy: Policy, who: Who, texts: Sequence[TextRecord], options: Namespace) -> int:
    found = _visible(policy, who, texts)
    await records.texts.listed([text.id for text in found], who.name, who.account)
    if options.json:
        print_json([text_json(text) for text in found])
    else:
        console().print(text_table(found, policy))
    return 0


def _visible(policy: Policy, who: Who, texts: Sequence[TextRecord]) -> list[TextRecord]:
    """A person sees the texts of the own lines, an operator all."""
    person = person_in(who.name)
    if person is None:
        return list(texts)
    mine = lines_of(policy.texting, person)
    return [text for text in texts if text.line in mine]


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 200:
        raise BadOption("--note must be one line of at most 200 characters")
    return text.strip()
