"""The dialplan as text: nothing dangerous, nothing that leads nowhere, nothing from outside that is not filtered."""

from __future__ import annotations

import re

import pytest

from pbx.domain.numbers import WITHHELD_NAMES
from pbx.domain.outcome import Stage
from pbx.domain.steps import Result, StepKind

DANGEROUS = (
    "System",
    "TrySystem",
    "SHELL",
    "Exec",
    "ExternalIVR",
    "Originate",
    "ChannelRedirect",
    "DISA",
    "EVAL",
    "ENV",
)
"""Applications and functions that run programs, read foreign text as dialplan, or place calls."""

FROM_OUTSIDE = ("CALLERID", "EXTEN", "PJSIP_HEADER", "REDIRECTING", "DNID", "CONNECTEDLINE")


@pytest.fixture
def dialplan(files: dict[str, str]) -> str:
    """What Asterisk reads, without comments."""
    text = "\n".join(files[name] for name in ("extensions.conf", "call.conf", "safe.conf", "talk.conf"))
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(";"))


def places(dialplan: str) -> set[tuple[str, str, str]]:
    """Every (context, extension, priority or label) there is."""
    found, context, extension = set(), "", ""
    for line in dialplan.splitlines():
        if match := re.match(r"\[([\w-]+)\]", line):
            context = match[1]
        elif match := re.match(r"exten = ([^,]+),(1)(?:\((\w+)\))?,", line):
            extension = match[1]
            found |= {(context, extension, "1"), (context, extension, match[3] or "1")}
        elif match := re.match(r" same = n(?:\((\w+)\))?,", line):
            found.add((context, extension, match[1] or "n"))
    return found


def jumps(dialplan: str) -> list[tuple[str, str, str]]:
    """Every (context, extension, priority or label) that something goes to."""
    found, context, extension = [], "", ""
    for line in dialplan.splitlines():
        if match := re.match(r"\[([\w-]+)\]", line):
            context = match[1]
        if match := re.match(r"exten = ([^,]+),1", line):
            extension = match[1]
        targets = re.findall(r"(?:Goto|Gosub)\(([^()]+)\)", line) + re.findall(r"hangup_handler_push\)=(.+)\)$", line)
        for arguments in re.findall(r"GotoIf\((.*)\)$", line):
            targets += [t for t in arguments.rpartition("?")[2].split(":") if t]
        for target in targets:
            parts = target.split(",")
            found.append(tuple([context, extension, "1"][: 3 - len(parts)] + parts))
    return [(a, b, c) for a, b, c in found]


def test_every_jump_has_somewhere_to_go(dialplan: str) -> None:
    targets = jumps(dialplan)
    assert len(targets) > 30
    assert set(targets) - places(dialplan) == set()


@pytest.mark.parametrize("name", DANGEROUS)
def test_nothing_runs_programs_or_reads_text_as_dialplan(name: str, dialplan: str) -> None:
    assert not re.search(rf"\b{name}\(", dialplan)


@pytest.mark.parametrize("name", FROM_OUTSIDE)
def test_what_comes_from_outside_is_only_read_into_the_filter(name: str, dialplan: str) -> None:
    readings = [line for line in dialplan.splitlines() if f"${{{name}" in line]
    assert all(line.startswith((" same = n,Set(header=", "exten = s,1,Set(header=")) for line in readings)


def test_text_from_outside_never_stands_where_it_could_be_an_argument(dialplan: str) -> None:
    for name in ("header", "uri", "user"):
        for line in dialplan.splitlines():
            for use in re.findall(rf".{{0,12}}\$\{{{name}\}}.{{0,3}}", line):
                # Last in a function that takes the rest as it is, or a plain value.
                assert re.search(rf'(" |TOLOWER\(|FILTER\(\+0-9,|,)\$\{{{name}\}}\)', use), line


def test_what_the_controller_names_is_filtered_before_it_is_dialled_or_played(dialplan: str) -> None:
    for name in ("SL_PHONES", "SL_PROMPTS", "SL_OPENING"):
        users = [context for context in dialplan.split("\n[") if f"STRREPLACE({name}," in context]
        assert users
        for context in users:
            assert context.index(f"Set({name}=${{FILTER(") < context.index(f"${{STRREPLACE({name},")


def test_only_registered_phones_are_dialled(dialplan: str) -> None:
    assert re.findall(r"Dial\((\w+)/", dialplan) == ["PJSIP"]
    assert "@" not in "".join(re.findall(r"Dial\((.*)\)", dialplan))


def test_every_step_kind_has_its_context(dialplan: str) -> None:
    for kind in StepKind:
        assert f"[sl-{kind}]" in dialplan
        assert f'"${{SL_STEP}}" = "{kind}"]?sl-{kind},s,1' in dialplan


def test_stages_and_results_are_those_that_the_controller_knows(dialplan: str) -> None:
    assert set(re.findall(r"Set\(SL_STAGE=([\w-]+)\)", dialplan)) == set(Stage)
    keys = {result for result in Result if result.key is not None}
    assert set(re.findall(r"Set\(SL_RESULT=([\w-]+)\)", dialplan)) == set(Result) - keys
    assert "Set(SL_RESULT=key-${key})" in dialplan


def test_names_of_hidden_callers_are_those_that_the_controller_knows(dialplan: str) -> None:
    (names,) = re.findall(r'"\^sips\?:\(([a-z|]+)\)@"', dialplan)
    # An empty user and `0` have no letters: they pass the filter as they are.
    assert set(names.split("|")) == WITHHELD_NAMES - {"", "0"}


def test_agistatus_decides_nothing(dialplan: str) -> None:
    assert "AGISTATUS" not in dialplan


def test_a_question_cannot_last_longer_than_its_deadline(dialplan: str) -> None:
    question = dialplan[dialplan.index("[sl-next]") : dialplan.index("[sl-ring]")]
    order = ["Set(SL_OK=)", "AGIEXITONHANGUP=yes", "TIMEOUT(absolute)=3", "AGI(", "TIMEOUT(absolute)=0", "exten = T,1,"]
    positions = [question.index(part) for part in order]
    assert positions == sorted(positions)


def test_no_call_from_the_carrier_leads_to_a_talk_by_itself(dialplan: str) -> None:
    """A talk is for phones that proved who they are, and for outside legs that somebody took."""
    reached, ways = {"from-trunk"}, jumps(dialplan)
    contexts = dialplan.split("\n[")
    while (
        fresh := {
            target
            for context in contexts
            if context.partition("]")[0].lstrip("[") in reached
            for target, _, _ in jumps(f"[{context.lstrip('[')}")
        }
        - reached
    ):
        reached |= fresh
    assert "sl-next" in reached
    assert "sl-talk" not in reached
    assert ("sl-talk", "s", "1") in ways


def test_a_talk_that_is_broken_off_leads_to_a_sentence(dialplan: str) -> None:
    talk = dialplan[dialplan.index("[sl-talk]") :]
    order = ["Set(SL_OK=)", "AGIEXITONHANGUP=yes", "TIMEOUT(absolute)=5", "AGI(", "TIMEOUT(absolute)=0", "/try-again"]
    positions = [talk.index(part) for part in order]
    assert positions == sorted(positions)
    assert "exten = T,1,Goto(s,after)" in talk


def test_recordings_are_kept_at_a_hang_up_and_silence_ends_none(dialplan: str) -> None:
    recordings = re.findall(r"Record\((.*?)\)\)", dialplan)
    assert len(recordings) == 2
    assert all(arguments.endswith(".wav,0,${seconds},k") for arguments in recordings)
    assert dialplan.count("Record(") == dialplan.count("TryExec(Record(")
