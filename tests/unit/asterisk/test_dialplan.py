"""The dialplan as text: nothing dangerous, nothing that leads nowhere, nothing from outside that is not filtered."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pbx.asterisk.render import Machine, rendered
from pbx.config.settings import Settings
from pbx.domain.numbers import WITHHELD_NAMES
from pbx.domain.outcome import Stage
from pbx.domain.people import Outside, Person
from pbx.domain.policy import Policy
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

FROM_OUTSIDE = ("CALLERID", "EXTEN", "PJSIP_HEADER", "REDIRECTING", "DNID", "CONNECTEDLINE", "MESSAGE(from)")


@pytest.fixture
def dialplan(files: dict[str, str]) -> str:
    """What Asterisk reads, without comments."""
    return text_of(files)


def text_of(files: dict[str, str]) -> str:
    """The dialplan without comments."""
    (included,) = [[*re.findall(r'#include "(.*)"', files["extensions.conf"])]]
    text = "\n".join(files[name] for name in ("extensions.conf", *included))
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
    # Whoever is not in [sl-outside] is nowhere: the leg ends there. What is typed, and what the controller gives for a
    # call outside, is looked up among patterns and numbers of the file; [sl-shown], [sl-far] have an `i` for the rest.
    assert set(targets) - places(dialplan) == {
        ("sl-outside", "${name}", "1"),
        ("from-phones", "${SL_DIALLED}", "1"),
        ("sl-shown", "${SL_SHOW}", "1"),
        ("sl-far", "${SL_TO}", "1"),
        ("sl-moved-greeting", "${shown}", "1"),
    }
    assert {(name, "i", "1") for name in ("sl-shown", "sl-far", "sl-moved-greeting")} <= places(dialplan)


@pytest.mark.parametrize("name", DANGEROUS)
def test_nothing_runs_programs_or_reads_text_as_dialplan(name: str, dialplan: str) -> None:
    assert not re.search(rf"\b{name}\(", dialplan)


@pytest.mark.parametrize("name", FROM_OUTSIDE)
def test_what_comes_from_outside_is_only_read_into_the_filter(name: str, dialplan: str) -> None:
    readings = [line for line in dialplan.splitlines() if f"${{{name}" in line]
    # A leg's extension is what [sl-ring] or [sl-plan-rings] has filtered: no call from outside gets to [sl-leg].
    readings = [line for line in readings if line != "exten = _[op]-.,1,Set(leg=${EXTEN})"]
    # What a phone dials has fitted a pattern without a letter, and is filtered as well.
    typed = re.compile(r'FILTER\(\+\*0-9,\$\{EXTEN\}\)|"\$\{SL_DIALLED\}" = "\$\{EXTEN\}"')
    readings = [line for line in readings if "${EXTEN" in typed.sub("", line) or "EXTEN" not in line]
    assert all(line.startswith((" same = n,Set(header=", "exten = s,1,Set(header=")) for line in readings)


def test_what_a_text_says_is_written_down_as_it_is_and_used_nowhere_else(dialplan: str) -> None:
    lines = [line for line in dialplan.splitlines() if "${MESSAGE" in line and "MESSAGE(from)" not in line]
    # Last, where nothing of it is looked at again; of another header its digits alone.
    assert lines == [
        " same = n,Set(length=${FILTER(0-9,${MESSAGE_DATA(Content-Length)})})",
        "exten = s,1,Set(FILE(${folder}/${id}.body)=${MESSAGE(body)})",
    ]


def test_texts_only_go_to_the_phone_that_wrote(dialplan: str) -> None:
    assert set(re.findall(r"MessageSend\((.*)\)$", dialplan, re.MULTILINE)) == {"pjsip:${phone},secondline"}
    assert not re.search(r"Set\(phone=\$", dialplan)


def test_a_leg_is_only_reached_by_a_ring_and_by_a_call_that_is_placed(dialplan: str) -> None:
    assert dialplan.count("@sl-leg") == 4
    for name in ("sl-dial", "sl-place-legs"):
        assert dialplan[dialplan.index(f"[{name}]") :].partition("\n[")[0].count("@sl-leg") == 2
    assert not re.search(r"include *=>? *sl-", dialplan)
    assert {target for target in jumps(dialplan) if target[0] in ("sl-leg", "sl-outside")} == {
        ("sl-outside", "${name}", "1")
    }


def test_text_from_outside_never_stands_where_it_could_be_an_argument(dialplan: str) -> None:
    for name in ("header", "uri", "user"):
        for line in dialplan.splitlines():
            for use in re.findall(rf".{{0,12}}\$\{{{name}\}}.{{0,3}}", line):
                # Last in a function that takes the rest as it is, or a plain value.
                assert re.search(rf'(" |TOLOWER\(|ISNULL\(|FILTER\(\+0-9,|,)\$\{{{name}\}}\)', use), line


def test_what_the_controller_names_is_filtered_before_it_is_dialled_or_played(dialplan: str) -> None:
    for name in ("SL_PROMPTS", "SL_OPENING"):
        users = [context for context in dialplan.split("\n[") if f"STRREPLACE({name}," in context]
        assert users
        for context in users:
            assert context.index(f"Set({name}=${{FILTER(") < context.index(f"${{STRREPLACE({name},")
    for name in ("desks", "others", "preface", "greeting"):
        assert f"STRREPLACE({name}," in dialplan
        values = re.findall(rf"Set\({name}=(.*)\)$", dialplan, re.MULTILINE)
        assert [v for v in values if v and not v.startswith("${FILTER(a-z0-9&\\-,${")] == []


CALLS_OUT = {
    "Dial(PJSIP/${SL_TO}@_trunk,120,giITS(${seconds})U(sl-out-answered))",
    "Dial(PJSIP/${SL_NUMBER}@_trunk,,giIU(sl-out-answered))",
}
CALLED_BACK = r"Dial(PJSIP/${FILTER(a-z0-9\-,${CUT(last,.,2)})},30,giIrU(sl-answered))"
PHONES_AND_LEGS = "Dial(${phones}${between}${legs},${seconds},git${waiting}U(sl-answered))"
PHONE = "Dial(PJSIP/${name},${seconds},i${keys}U(sl-may-move))"
PLACING = "Dial(Local/${STRREPLACE(SL_LEGS,&,@sl-leg&Local/)}@sl-leg,$[${seconds} + 20],giU(sl-answered))"
FETCHING = {
    "Dial(Local/${STRREPLACE(SL_LEGS,&,@sl-page-leg&Local/)}@sl-page-leg,$[${seconds} + 150],gr)",
    "Dial(PJSIP/${name},${seconds},iItU(sl-page-talk))",
}
MOVING = {
    "Dial(Local/${STRREPLACE(legs,&,@sl-moved-leg&Local/)}@sl-moved-leg,30,gir)",
    "Dial(Local/${STRREPLACE(legs,&,@sl-moved-leg&Local/)}@sl-moved-leg,25,gi)",
    "Dial(PJSIP/${name},${seconds},itU(sl-moved-took))",
}


def dialled(dialplan: str) -> set[str]:
    return set(re.findall(r"n,(Dial\(.*\))$", dialplan, re.MULTILINE))


def test_only_registered_phones_are_dialled_and_what_calls_out(dialplan: str) -> None:
    assert dialled(dialplan) == {PHONES_AND_LEGS, PHONE, PLACING, *FETCHING, *MOVING, *CALLS_OUT, CALLED_BACK}


def test_nobody_who_is_called_can_send_a_call_elsewhere(dialplan: str) -> None:
    """Option i of Dial() takes no 302 (apps/app_dial.c do_forward); a Local channel cannot send one."""
    for dial in dialled(dialplan) - {next(d for d in FETCHING if "Local/" in d)}:
        options = re.sub(r"U\([^)]*\)|S\([^)]*\)|\$\{waiting\}", "", dial.rpartition(",")[2])
        assert "i" in options, dial


def test_the_numbers_of_the_file_and_no_others_are_dialled_and_each_asks_for_a_1(
    policy: Policy, settings: Settings, machine: Machine
) -> None:
    cell = Person("rictor", "Dr. Rictor", (), "+17175550199")
    service = Outside("answering-service", "Answering service", "+17175550160")
    policy = replace(policy, people={"rictor": cell}, outside={"answering-service": service})
    with_cell = rendered(policy, settings, machine)
    assert dialled(with_cell["extensions.conf"]) == {
        "Dial(PJSIP/+17175550199@_trunk,${seconds},iI${keys}U(${asks}))",
        "Dial(PJSIP/+17175550160@_trunk,${seconds},iI${keys}U(${asks}))",
    }
    # Whoever leads to [sl-outside] says what has to be got past there: a 1, or the PIN.
    ways = (("[sl-leg]", "sl-press1"), ("[sl-page-leg]", "sl-page-talk"), ("[sl-moved-leg]", "sl-moved-press1"))
    for leg, asks in ways:
        [context] = [
            c
            for name in ("call.conf", "urgent.conf", "moving.conf")
            for c in with_cell[name].split("\n\n")
            if f"\n{leg}\n" in c
        ]
        assert context.index(f"Set(asks={asks})") < context.index("?sl-outside,${name},1")
        assert context.index("Set(keys=") < context.index("?sl-outside,${name},1")
    assert dialled(rendered(policy, replace(settings, trunk=None), machine)["extensions.conf"]) == set()
    assert "contact = sip:sip.carrier.example:5060\n" in with_cell["pjsip.conf"]


def test_whoever_answers_outside_has_fifteen_seconds_for_a_1(dialplan: str) -> None:
    readings = re.findall(r"Read\(key,\$\{SL_GREETINGS\}/leg-offer,(.*?)\)\)", dialplan)
    assert readings == ["1,e,1,15"] * 2
    for name in ("[sl-press1]", "[sl-moved-press1]"):
        asked = dialplan[dialplan.index(name) :]
        assert asked.index("GOSUB_RESULT=CONTINUE") < asked.index("Read(") < asked.index("Set(GOSUB_RESULT=)")


def test_only_the_practices_own_people_can_move_a_call(dialplan: str) -> None:
    """t stands where one of us is called, T where one of us calls; nothing on the patient's or the carrier's side.

    Whoever is rung to place a call calls: `keys` is empty then.
    """
    options = {
        dial: re.sub(r"U\([^)]*\)|S\([^)]*\)|\$\{\w+\}", "", dial.rpartition(",")[2]) for dial in dialled(dialplan)
    }
    assert {dial for dial, given in options.items() if "T" in given} == {d for d in CALLS_OUT if "SL_TO" in d}
    ours = {dial for dial, given in options.items() if "t" in given or "${keys}" in dial}
    assert ours == {PHONES_AND_LEGS, PHONE, *(d for d in FETCHING | MOVING if "PJSIP/${name}" in d)}


def test_a_call_is_moved_to_the_people_of_the_file_and_to_nobody_else(dialplan: str) -> None:
    assert "\nTRANSFER_CONTEXT = sl-transfer\n" in dialplan
    context = dialplan[dialplan.index("[sl-transfer]") :].partition("\n[")[0]
    extensions = re.findall(r"exten = ([^,]+),1,", context)
    assert extensions and all(re.fullmatch(r"[0-9]{2}", extension) for extension in extensions)
    legs = re.findall(r"Set\(legs=(.*)\)$", context, re.MULTILINE)
    assert all(re.fullmatch(r"[po]-0-25-[a-z0-9-]+(&[po]-0-25-[a-z0-9-]+)*", each) for each in legs)
    assert {place[0] for place in jumps(context)} == {"sl-asked", "sl-handed"}
    assert "include" not in context
    # No controller has a part in it, and no way leads on to a call outside.
    reached = reached_from("sl-transfer", dialplan)
    assert {"sl-safe", "sl-hangup"} <= reached
    assert not {"sl-next", "sl-talk", "sl-out", "sl-out-dial", "sl-emergency", "from-phones"} & reached


def test_every_step_kind_has_its_context(dialplan: str) -> None:
    for kind in StepKind:
        assert f"[sl-{kind}]" in dialplan
        assert f'"${{SL_STEP}}" = "{kind}"]?sl-{kind},s,1' in dialplan


def test_stages_and_results_are_those_that_the_controller_knows(dialplan: str) -> None:
    out = {"out", "far"}  # of calls outside, which `voicemail.spool` reads otherwise
    assert set(re.findall(r"Set\(SL_STAGE=([\w-]+)\)", dialplan)) == set(Stage) | out
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


def test_no_call_from_the_carrier_leads_to_a_talk_by_itself_but_to_the_one_that_asks_for_a_pin(dialplan: str) -> None:
    """A talk is for phones that proved who they are, and for outside legs that somebody took."""
    aside = dialplan[dialplan.index("[sl-aside]") :].partition("\n[")[0]
    assert "Set(SL_TALK=mailbox-outside)" in aside
    dialplan = dialplan.replace(aside, "")
    reached = reached_from("from-trunk", dialplan)
    assert "sl-next" in reached
    assert "sl-talk" not in reached
    assert ("sl-talk", "s", "1") in jumps(dialplan)


def test_no_call_from_the_carrier_leads_back_to_the_carrier_but_to_the_numbers_of_the_file(dialplan: str) -> None:
    """One of the practice's people who gave the PIN may call on; nobody else."""
    wished = " same = n,Goto(sl-wished,person,1)\n"
    aside = dialplan[dialplan.index("[sl-aside]") :].partition("\n[")[0]
    guards = [aside.index(f'"${{{name}}}" = ""]?') for name in ("SL_ANSWERED_BY", "SL_WISH")]
    assert guards == sorted(guards) and guards[-1] < aside.index(wished)
    assert dialplan.count("sl-wished,person") == 1
    dialplan = dialplan.replace(wished, "")
    reached = reached_from("from-trunk", dialplan)
    contexts = {c.partition("]")[0].lstrip("["): c for c in dialplan.split("\n[")}
    assert not {"from-phones", "sl-out", "sl-out-dial", "sl-emergency"} & reached
    assert {name for name in reached if "@_trunk" in contexts.get(name, "")} <= {"sl-outside"}


def reached_from(start: str, dialplan: str) -> set[str]:
    """Every context that a call which begins in `start` may come to."""
    reached = {start}
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
    return reached


def test_a_talk_that_is_broken_off_leads_to_a_sentence(dialplan: str) -> None:
    talk = dialplan[dialplan.index("[sl-talk]") :]
    order = ["Set(SL_OK=)", "AGIEXITONHANGUP=yes", "TIMEOUT(absolute)=5", "AGI(", "TIMEOUT(absolute)=0", "/try-again"]
    positions = [talk.index(part) for part in order]
    assert positions == sorted(positions)
    assert "exten = T,1,Goto(s,after)" in talk


def test_recordings_are_kept_at_a_hang_up_and_silence_ends_none(dialplan: str) -> None:
    patients = dialplan[: dialplan.index("[sl-beat-ear]")]
    recordings = re.findall(r"Record\((.*?)\)\)", patients)
    assert recordings == ["${recording},0,${seconds},kq", "${recording},0,${rest},kaq"]
    assert "Set(recording=${ARG1}/${SL_CALL}-${tag}.wav)" in patients
    assert dialplan.count("Record(") == dialplan.count("TryExec(Record(")
