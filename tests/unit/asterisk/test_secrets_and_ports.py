"""What is chosen once and kept: secrets and loopback ports."""

from __future__ import annotations

import socket

import pytest

from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import Ports
from pbx.asterisk.secrets import DamagedSecrets, Secrets


def test_secrets_are_long_and_each_is_another(layout: Layout) -> None:
    made = Secrets.load_or_create(layout, ["a", "b"])
    every = {made.ami, made.phone("a"), made.phone("b")}
    assert len(every) == 3
    assert all(len(secret) >= 24 for secret in every)


def test_secrets_hold_no_letter_that_is_taken_for_another(layout: Layout) -> None:
    made = Secrets.load_or_create(layout, [f"phone-{n}" for n in range(50)])
    assert not set("".join(made.phones.values())) & set("01loIO")


def test_secrets_are_kept_and_new_phones_get_theirs(layout: Layout) -> None:
    first = Secrets.load_or_create(layout, ["a"])
    second = Secrets.load_or_create(layout, ["a", "b"])
    assert (second.ami, second.phone("a")) == (first.ami, first.phone("a"))


def test_a_phone_that_is_gone_comes_back_with_another_secret(layout: Layout) -> None:
    first = Secrets.load_or_create(layout, ["a", "b"])
    Secrets.load_or_create(layout, ["a"])
    assert Secrets.load_or_create(layout, ["a", "b"]).phone("b") != first.phone("b")


def test_the_file_of_secrets_is_nobody_elses_to_read(layout: Layout) -> None:
    Secrets.load_or_create(layout, ["a"])
    assert layout.secrets.stat().st_mode & 0o777 == 0o600


def test_secrets_do_not_show_in_a_log(layout: Layout) -> None:
    made = Secrets.load_or_create(layout, ["a"])
    assert made.ami not in repr(made) and made.phone("a") not in repr(made)


@pytest.mark.parametrize("text", ["{", "[]", '{"phones": 1}', ""])
def test_a_damaged_file_is_not_replaced_behind_the_phones_backs(text: str, layout: Layout) -> None:
    layout.secrets.write_text(text)
    with pytest.raises(DamagedSecrets, match="restore it"):
        Secrets.load_or_create(layout, ["a"])
    assert layout.secrets.read_text() == text


def test_ports_are_kept(layout: Layout) -> None:
    assert Ports.load_or_choose(layout) == Ports.load_or_choose(layout)


def test_a_port_that_somebody_else_took_is_chosen_anew(layout: Layout) -> None:
    first = Ports.load_or_choose(layout)
    with socket.create_server(("127.0.0.1", first.ami)):
        second = Ports.load_or_choose(layout)
    assert second.ami != first.ami
    assert second.agi == first.agi


def test_the_port_of_a_running_asterisk_is_its_own(layout: Layout) -> None:
    first = Ports.load_or_choose(layout)
    with socket.create_server(("127.0.0.1", first.ami)):
        assert Ports.load_or_choose(layout, asterisk_runs=True) == first


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"ami": "x", "agi": 1}', "null"])
def test_a_damaged_file_of_ports_is_replaced(text: str, layout: Layout) -> None:
    layout.ports.write_text(text)
    assert Ports.load_or_choose(layout) == Ports.load_or_choose(layout)
