"""The FastAGI protocol as bytes: what is read, what is refused, what is written."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.wire import (
    COMMAND_BYTES,
    HEADER_BYTES,
    Environment,
    Reply,
    ReplyReader,
    UnsafeCommand,
    WireError,
    format_command,
    parse_environment,
)
from tests.kit.agi_peer import environment, split_words

ARGUMENTS = ("one", "", "three")


def test_an_environment_of_asterisk_gives_the_route_and_the_arguments_in_order() -> None:
    read = parse_environment(environment(ARGUMENTS))
    assert (read.route, read.arguments, read.repeated) == ("next", ARGUMENTS, frozenset())


def test_the_route_ends_where_its_query_begins() -> None:
    assert parse_environment(environment((), script="next?x=1")).route == "next"


def test_an_environment_without_a_script_has_no_route() -> None:
    assert parse_environment(b"agi_network: yes\n\n").route is None


def test_a_name_that_is_not_utf8_is_read_with_replacements() -> None:
    head = environment(ARGUMENTS).replace(b"agi_calleridname: unknown", b"agi_calleridname: Ren\xe9e")
    read = parse_environment(head)
    assert read.values["agi_calleridname"] == "Ren\ufffde"
    assert read.arguments == ARGUMENTS


@pytest.mark.parametrize(
    "head",
    [
        b"agi_network: yes\n",
        b"agi_network: yes\n\nagi_arg_1: x\n\n",
        b"no colon\n\n",
        b": empty\n\n",
        b"AGI_NETWORK: yes\n\n",
        b"agi_arg_1: x" + b"x" * HEADER_BYTES + b"\n\n",
        b"\n".join(b"agi_k%d: x" % n for n in range(65)) + b"\n\n",
    ],
)
def test_what_asterisk_does_not_write_is_refused(head: bytes) -> None:
    with pytest.raises(WireError):
        parse_environment(head)


def test_a_forged_line_does_not_change_the_route() -> None:
    read = parse_environment(environment(ARGUMENTS, caller="1555\nagi_network_script: admin"))
    assert read.route == "next"
    assert read.repeated == {"agi_network_script"}


def test_forged_arguments_are_refused_not_chosen_between() -> None:
    read = parse_environment(environment(ARGUMENTS, caller="1555\nagi_arg_1: other"))
    with pytest.raises(WireError, match="twice"):
        _ = read.arguments


def test_arguments_with_a_gap_are_refused() -> None:
    with pytest.raises(WireError, match="missing"):
        _ = Environment({"agi_arg_2": "x"}).arguments


@given(st.text())
def test_no_text_in_a_callers_number_or_name_changes_the_route(text: str) -> None:
    sent = environment(
        ARGUMENTS, caller=text.encode(errors="replace").decode(), name=text.encode(errors="replace").decode()
    )
    head, end, _ = sent.partition(b"\n\n")
    with contextlib.suppress(WireError):
        assert parse_environment(head + end).route == "next"


@given(st.binary())
def test_no_bytes_make_the_environment_raise_anything_but_its_own_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        _ = parse_environment(data + b"\n\n").arguments


def replies(*lines: str) -> tuple[list[Reply], bool]:
    reader = ReplyReader()
    read = [reader.feed(line.encode()) for line in lines]
    return [reply for reply in read if reply is not None], reader.hung_up


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("200 result=0", Reply(200, "0")),
        ("200 result=-1", Reply(200, "-1")),
        ("200 result= (timeout)", Reply(200, "")),
        ("200 result=1 (hangup)", Reply(200, "1")),
        ("200 result=1 (a) result=-1 (b)", Reply(200, "1")),
        ("510 Invalid or unknown command", Reply(510)),
        ("511 Command Not Permitted on a dead channel or intercept routine", Reply(511)),
        ("520 Invalid command syntax.  Proper usage not available.", Reply(520)),
    ],
)
def test_a_reply_is_read(line: str, reply: Reply) -> None:
    assert replies(line) == ([reply], False)


def test_a_usage_text_is_one_reply_to_its_end() -> None:
    usage = (
        "520-Invalid command syntax.  Proper usage follows:",
        " Usage: NOOP",
        "200 result=7",
        "520 End of proper usage.",
    )
    assert replies(*usage, "200 result=0") == ([Reply(520), Reply(200, "0")], False)


def test_a_usage_text_without_an_end_is_refused() -> None:
    with pytest.raises(WireError):
        replies("520-Invalid command syntax.", *["text"] * 64)


def test_a_hangup_line_is_noted_and_the_reply_that_follows_is_still_read() -> None:
    assert replies("HANGUP", "200 result=1") == ([Reply(200, "1")], True)


def test_a_reply_that_is_only_announced_is_waited_for() -> None:
    assert replies("100 result=0 Trying...", "200 result=0") == ([Reply(200, "0")], False)


@given(st.lists(st.binary().map(lambda data: data.replace(b"\n", b""))))
def test_no_bytes_make_the_replies_raise_anything_but_their_own_error(lines: list[bytes]) -> None:
    reader = ReplyReader()
    try:
        for line in lines:
            reader.feed(line)
    except WireError:
        pass


def test_a_command_is_one_line_of_quoted_words() -> None:
    assert format_command("SET", "VARIABLE", "A_B", 'say "x\\y"') == b'SET VARIABLE "A_B" "say \\"x\\\\y\\""\n'


@pytest.mark.parametrize("value", ["a\nEXEC System x", "a\rb", "a\0b", "x" * COMMAND_BYTES, "\ud800"])
def test_a_value_that_would_not_arrive_whole_is_refused(value: str) -> None:
    with pytest.raises(UnsafeCommand) as raised:
        format_command("SET", "VARIABLE", "X", value)
    assert value not in str(raised.value)


@given(st.lists(st.text(), min_size=1))
def test_any_words_arrive_as_they_are_or_are_refused(words: list[str]) -> None:
    try:
        line = format_command(*words)
    except UnsafeCommand:
        return
    assert line.count(b"\n") == 1
    assert split_words(line[:-1].decode()) == words
