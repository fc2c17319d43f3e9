"""The printed schema, the words for a practice, and the list of carriers."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path

import pytest

from pbx.config.carriers import load_carriers
from pbx.config.check import in_plain_words
from pbx.config.describe import describe
from pbx.config.load import load
from pbx.config.schema.actions import ActionSection
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.schedules import ExceptionSection
from pbx.config.schema.section import Section
from pbx.config.tables import about, sections, written
from tests.unit.config.conftest import Load

KINDS: list[type[Section]] = [PracticeFile, ActionSection, ExceptionSection, *(kind for _, kind in sections())]


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_says_what_it_is_for_and_shows_an_example(kind: type[Section]) -> None:
    for key in kind.model_fields:
        known = about(kind, key)
        assert known.text.endswith(".")
        assert kind is PracticeFile or tomllib.loads(f"{key} = {known.example}")


def test_the_printed_schema_is_a_file_that_loads(tmp_path: Path) -> None:
    file = tmp_path / "practice.toml"
    file.write_text(describe())
    assert load(file).warnings == ()


def test_the_printed_schema_is_right_in_its_commented_keys_too() -> None:
    for line in describe().splitlines():
        if line.startswith("#") and line[1:2].isalpha():
            tomllib.loads(line[1:])


def test_the_printed_schema_has_every_key() -> None:
    printed = describe()
    for kind in KINDS[1:]:
        for key, field in kind.model_fields.items():
            assert f"{written(key, field)} = " in printed


def test_numbers_keep_units_and_secrets_say_so() -> None:
    printed = describe()
    assert "# Longest message. In seconds. Default: 180\n" in printed
    assert "url_file. Never shown.\n" in printed


def test_plain_words_say_what_happens_to_a_call(loaded: Load) -> None:
    words = "\n".join(in_plain_words(loaded()))
    assert (
        "(717) 555-0100, Dr. Rictor: Mon-Thu 09:00-17:00 (America/New_York) rings rictor-desk and rictor-home "
        "for 20 s, then plays the general greeting and takes a message for Dr. Kenneth Rictor." in words
    )
    assert "When closed, it plays 'after-hours' and takes a message for Dr. Kenneth Rictor." in words
    assert "(717) 555-0101, Front desk: at any time plays the general greeting" in words
    assert "hang up and dial 911" in words
    assert "accepts calls only from sip.carrier.example" in words


def test_plain_words_join_days_and_name_closed_dates(loaded: Load) -> None:
    hours = (
        'open = { weekdays = "09:00-17:00", sun = ["10:00-12:00", "22:00-02:00"] }\nclosed_on = "us-federal-holidays"'
    )
    words = "\n".join(in_plain_words(loaded(('open = { mon-thu = "09:00-17:00" }', hours))))
    assert "Mon-Fri 09:00-17:00, Sun 10:00-12:00 and 22:00-02:00" in words
    assert "Schedule 'office' is closed all day on New Year's Day, Martin Luther King Jr. Day" in words


@pytest.mark.parametrize("key", load_carriers())
def test_a_carrier_says_its_host_or_where_to_find_it_and_its_source(key: str) -> None:
    carrier = load_carriers()[key]
    assert bool(carrier.host) != bool(carrier.host_hint)
    assert carrier.source.startswith("https://")
    assert carrier.known.startswith("20")
    for address in carrier.addresses:
        ip_network(address)
