"""Who is not let in: bans by time, pure; the list as Asterisk takes it; networks that are never on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.ami.events import SignInFailed, typed
from pbx.ami.messages import Fields
from pbx.asterisk.bans import acl_text, banned_now, keep_bans, kept_bans
from pbx.asterisk.edge import Edge
from pbx.asterisk.layout import Layout
from pbx.asterisk.networks import own_networks
from pbx.config.settings import Network, Settings, Transport, Trunk
from pbx.domain.bans import FAILURES, FIRST, LONGEST, MOST, BanList, place_of
from pbx.domain.registrations import REMEMBERED, Registration, RegistrationBook, plain_agent

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
STRANGER = "203.0.113.9"
TRUNK = Trunk("sip.carrier.example", 5060, Transport.UDP, ("192.0.2.0/28", "sip.carrier.example"))


def guessed(bans: BanList, at: datetime, times: int = FAILURES, address: str = STRANGER) -> datetime | None:
    ends = [bans.failed(address, at + timedelta(seconds=n)) for n in range(times)]
    return ends[-1]


def test_the_fifth_wrong_secret_bans_for_a_minute() -> None:
    bans = BanList()
    assert guessed(bans, NOW, FAILURES - 1) is None
    until = bans.failed(STRANGER, NOW)
    assert until == NOW + FIRST
    assert bans.in_force(NOW) == {f"{STRANGER}/32": until}
    assert bans.in_force(NOW + FIRST) == {}


def test_a_clock_that_is_set_back_makes_no_ban_longer() -> None:
    bans = BanList()
    assert guessed(bans, NOW) is not None
    assert bans.in_force(NOW + timedelta(seconds=10)) != {}
    assert bans.in_force(NOW - timedelta(hours=1)) == {}
    assert guessed(bans, NOW - timedelta(hours=1)) is not None, "who goes on guessing is banned by the clock of now"


def test_each_ban_is_twice_as_long_up_to_a_day() -> None:
    bans, at, lengths = BanList(), NOW, []
    for _ in range(14):
        until = guessed(bans, at)
        assert until is not None
        lengths.append(until - at - timedelta(seconds=FAILURES - 1))
        at = until
    assert lengths[:4] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert lengths[-1] == LONGEST


def test_mistakes_far_from_each_other_ban_nobody() -> None:
    bans = BanList()
    assert not any(bans.failed(STRANGER, NOW + timedelta(minutes=5 * n)) for n in range(20))


def test_one_line_of_ipv6_is_one_guesser() -> None:
    assert place_of("2001:db8:1:2:a::1") == place_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert place_of("::ffff:203.0.113.9") == "203.0.113.9/32"


def test_a_ban_can_be_lifted_and_survives_a_restart_until_then(layout_of: Layout) -> None:
    bans = BanList()
    guessed(bans, datetime.now(UTC))
    keep_bans(layout_of, bans)
    assert banned_now(layout_of) == (f"{STRANGER}/32",)
    kept = kept_bans(layout_of)
    assert kept.lift(STRANGER)
    assert not kept.lift(STRANGER)
    layout_of.bans.write_text("[half")
    assert banned_now(layout_of) == ()


@pytest.fixture
def layout_of(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "data")
    layout.make()
    return layout


def test_many_addresses_take_no_memory() -> None:
    bans = BanList()
    for number in range(MOST + 500):
        bans.failed(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", NOW)
    assert len(bans._known) == MOST
    bans.forget(NOW + timedelta(days=3))
    assert not bans._known


def test_the_list_denies_what_is_banned_and_nothing_else() -> None:
    assert acl_text(["203.0.113.9/32"]).splitlines()[1:] == [
        "[strangers]", "permit = 0.0.0.0/0", "permit = ::/0", "deny = 203.0.113.9/32",
    ]  # fmt: skip


def test_own_networks_are_those_of_the_file_of_the_machine_and_of_the_carrier() -> None:
    found = own_networks(Network("192.168.1.10", local_networks=("10.0.0.0/8",), public_address="198.51.100.7"), TRUNK)
    assert {"10.0.0.0/8", "198.51.100.7", "192.0.2.0/28", "127.0.0.0/8"} <= set(found)
    assert own_networks(Network("127.0.0.1"), None) == ()


def test_no_contact_points_to_the_carrier_to_nobody_or_to_this_machine(tmp_path: Path) -> None:
    outside = Edge.of(Settings(tmp_path / "x", TRUNK, Network("0.0.0.0")))
    assert {"192.0.2.0/28", "127.0.0.0/8", "::1/128", "0.0.0.0/8"} <= set(outside.forbidden_contacts)
    # Where SIP listens on loopback alone, its phones can be nowhere else.
    inside = Edge.of(Settings(tmp_path / "x", TRUNK, Network("127.0.0.1")))
    assert "127.0.0.0/8" not in inside.forbidden_contacts
    assert "192.0.2.0/28" in inside.forbidden_contacts


def event(**fields: str) -> object:
    usual = {"Event": "ChallengeResponseFailed", "Service": "PJSIP", "AccountID": "rictor-desk"}
    return typed(Fields.of((usual | {"RemoteAddress": "IPV4/TLS/203.0.113.9/4000"} | fields).items()))


def test_a_failed_sign_in_is_an_event() -> None:
    assert event() == SignInFailed("rictor-desk", STRANGER, "TLS")
    assert event(AccountID="<unknown>") == SignInFailed("<unknown>", STRANGER, "TLS")


@pytest.mark.parametrize(
    "fields",
    [
        {"AccountID": "a b"},
        {"AccountID": "x\nEvent: y"},
        {"RemoteAddress": "IPV4/TLS/host/1"},
        {"RemoteAddress": ""},
        {"Service": "AMI"},
    ],
)
def test_one_that_is_malformed_is_none(fields: dict[str, str]) -> None:
    assert event(**fields) is None


@given(st.text(max_size=200))
def test_a_phones_own_words_are_one_printable_line(words: str) -> None:
    assert plain_agent(words).isprintable()
    assert len(plain_agent(words)) <= 80


def place(address: str, agent: str = "Linphone") -> Registration:
    return Registration("desk", address, agent, secure=True)


def test_a_phone_from_somewhere_new_is_news_once() -> None:
    book = RegistrationBook()
    assert book.seen([place("10.0.0.1")]) == []
    [moved] = book.seen([place("203.0.113.9")])
    assert (moved.now.place, moved.before) == (("203.0.113.9", "Linphone"), ("10.0.0.1", "Linphone"))
    assert (
        book.seen([place("203.0.113.9")]) == book.seen([place("10.0.0.1")]) == book.seen([place("203.0.113.9")]) == []
    )
    assert len(book.seen([place("203.0.113.9", "another program")])) == 1
    assert RegistrationBook.from_json(book.to_json()) == book


def test_few_places_are_remembered() -> None:
    book = RegistrationBook()
    for number in range(100):
        book.seen([place(f"10.0.0.{number}")])
    assert len(book.places["desk"]) == REMEMBERED
