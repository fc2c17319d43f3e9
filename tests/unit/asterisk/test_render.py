"""Asterisk's files out of the practice's."""

from __future__ import annotations

import dataclasses
import re

import pytest

from pbx.asterisk.render import Machine, UnusableValue, lines, render, rendered
from pbx.config.settings import Settings
from pbx.domain.actions import Voicemail
from pbx.domain.policy import Number, Policy
from pbx.domain.texting import LineTexts, Texting
from tests.kit.asterisk import DID, NIGHT_DID


def test_a_second_rendering_changes_nothing(policy: Policy, settings: Settings, machine: Machine) -> None:
    assert render(policy, settings, machine) is True
    assert render(policy, settings, machine) is False


def test_a_file_that_nothing_makes_any_more_is_removed(policy: Policy, settings: Settings, machine: Machine) -> None:
    render(policy, settings, machine)
    old = machine.layout.etc / "voicemail.conf"
    old.write_text("[general]\n")
    assert render(policy, settings, machine) is True
    assert not old.exists()


def test_the_files_are_nobody_elses_to_read(policy: Policy, settings: Settings, machine: Machine) -> None:
    render(policy, settings, machine)
    assert {path.stat().st_mode & 0o777 for path in machine.layout.etc.iterdir()} == {0o600}


def test_a_number_is_known_in_every_way_a_carrier_writes_it(policy: Policy) -> None:
    assert lines(policy)[0].spellings == ("+17175550100", "17175550100", "7175550100")


def test_a_national_prefix_is_known_too(policy: Policy) -> None:
    british = a_number("+442071838750")
    policy = dataclasses.replace(policy, country="GB", numbers={british.e164: british})
    assert lines(policy)[0].spellings == ("+442071838750", "442071838750", "2071838750", "02071838750")


def test_a_spelling_that_fits_two_numbers_is_left_out(policy: Policy) -> None:
    # 4420... without its plus is a number of both: the German one's national digits.
    numbers = [a_number(e164) for e164 in ("+4915123456789", "+15123456789")]
    policy = dataclasses.replace(policy, country="DE", numbers={n.e164: n for n in numbers})
    spellings = [spelling for line in lines(policy) for spelling in line.spellings]
    assert len(spellings) == len(set(spellings))
    assert {"+4915123456789", "+15123456789"} <= set(spellings)
    assert "15123456789" not in spellings


def a_number(e164: str) -> Number:
    return Number(e164, "Line", None, (Voicemail("box"),), (Voicemail("box"),))


def test_the_dialplan_has_literal_numbers_only(files: dict[str, str]) -> None:
    text = files["extensions.conf"]
    before_patterns, outside = text[: text.index("exten = _X,1,")], text[text.index("\n[sl-outside]") :]
    extensions = re.findall(r"^exten = ([^,]+),", before_patterns, re.MULTILINE)
    assert "[from-phones]" in before_patterns
    # What a phone dials otherwise fits patterns without a letter or a sign that could end a value.
    patterns = re.findall(r"^exten = _(.*?),1,", text[len(before_patterns) : -len(outside)], re.MULTILINE)
    assert all(re.fullmatch(r"[+*]?X+|\[\+\*\(0-9\](\[\(\)\. 0-9\])+", pattern) for pattern in patterns)
    assert all(len(pattern) < 255 for pattern in patterns)
    assert all(re.fullmatch(r"\+?[0-9]+|\*43|\*7[0-9]|\*97", extension) for extension in extensions)


def test_the_carrier_cannot_dial_what_phones_can(files: dict[str, str]) -> None:
    of_carrier = files["extensions.conf"].partition("[from-trunk]")[2].partition("[from-phones]")[0]
    assert "*" not in re.findall(r"^exten = (.)", of_carrier, re.MULTILINE)


def test_the_carrier_is_known_by_its_addresses_and_by_nothing_else(files: dict[str, str]) -> None:
    trunk = files["pjsip.conf"].split("[_trunk](_line)")[1]
    assert "identify_by = ip\n" in trunk
    assert "match = 192.0.2.10\nmatch = 192.0.2.0/28\n" in trunk


def test_there_is_no_endpoint_for_strangers(files: dict[str, str]) -> None:
    assert "anonymous]" not in files["pjsip.conf"]
    assert "endpoint_identifier_anonymous" not in files["modules.conf"]


def test_a_practice_without_a_carrier_has_no_trunk(policy: Policy, settings: Settings, machine: Machine) -> None:
    text = rendered(policy, dataclasses.replace(settings, trunk=None), machine)["pjsip.conf"]
    assert "_trunk" not in text


def test_behind_a_router_the_public_address_is_told(files: dict[str, str]) -> None:
    assert files["pjsip.conf"].count("external_media_address = 198.51.100.7\n") == 3
    assert "local_net = 10.0.0.0/8\n" in files["pjsip.conf"]


def test_a_semicolon_in_a_value_begins_no_comment(files: dict[str, str]) -> None:
    assert "password = s\\;cret\n" in files["pjsip.conf"]


@pytest.mark.parametrize("secret", ["a\nb", "a\r\n[anonymous]", "a\0", "a\x1b"])
def test_a_line_break_in_a_value_is_refused(secret: str, policy: Policy, settings: Settings, machine: Machine) -> None:
    assert settings.trunk is not None
    hostile = dataclasses.replace(settings, trunk=dataclasses.replace(settings.trunk, secret=secret))
    with pytest.raises(UnusableValue, match="remove it"):
        rendered(policy, hostile, machine)


def test_ami_is_for_this_machine_and_can_place_calls_but_start_no_program(files: dict[str, str]) -> None:
    manager = files["manager.conf"]
    assert "bindaddr = 127.0.0.1\n" in manager
    assert "permit = 127.0.0.1/255.255.255.255\n" in manager
    assert not re.search(r"^(read|write) = .*(all|system|command|config|call|agi|dialplan)", manager, re.MULTILINE)
    assert "\nwrite = reporting,originate,message\n" in manager


def contexts(text: str) -> dict[str, str]:
    return {part.partition("]")[0]: part.partition("]")[2] for part in f"\n{text}".split("\n[")[1:]}


def test_a_text_to_us_finds_no_extension_where_no_number_has_texts(files: dict[str, str]) -> None:
    """Asterisk runs a SIP MESSAGE through the dialplan as if it were a call."""
    pjsip, dialplan = files["pjsip.conf"], contexts(files["extensions.conf"])
    assert "message_context = from-trunk-texts\n" in pjsip.partition("[_trunk](_line)")[2].partition("\n[")[0]
    assert (
        "message_context = from-phone-rictor-desk\n" in pjsip.partition("[rictor-desk](_phone)")[2].partition("\n[")[0]
    )
    assert pjsip.count("message_context") == 3
    for name in ("from-trunk-texts", "from-phone-rictor-desk", "from-phone-garcia-desk"):
        assert "exten" not in dialplan[name]


def test_texts_start_in_a_context_that_says_whose_they_are(
    policy: Policy, settings: Settings, machine: Machine
) -> None:
    policy = dataclasses.replace(policy, texting=Texting({DID: LineTexts("rictor", ("rictor",))}))
    dialplan = contexts(rendered(policy, settings, machine)["extensions.conf"])
    assert f"exten = {DID},1,Set(to={DID})" in dialplan["from-trunk-texts"]
    assert NIGHT_DID not in dialplan["from-trunk-texts"]
    assert "_" not in dialplan["from-trunk-texts"]
    mine = dialplan["from-phone-rictor-desk"]
    assert mine.count("Set(phone=rictor-desk)") == mine.count("exten = ")
    for number in ("911", "112"):
        assert f"exten = {number},1,Set(phone=rictor-desk)\n same = n,Goto(sl-text-emergency,s,1)" in mine


def test_a_phones_lamp_is_that_of_its_owner(files: dict[str, str]) -> None:
    assert "[rictor-desk](_phone_aor)\nmailboxes = rictor@secondline\n" in files["pjsip.conf"]


def test_functions_with_effects_are_closed_to_ami_and_agi(files: dict[str, str]) -> None:
    assert "live_dangerously = no\n" in files["asterisk.conf"]


def test_no_log_prints_what_strangers_wrote(files: dict[str, str]) -> None:
    levels = re.findall(r"^\S+ => (.*)$", files["logger.conf"], re.MULTILINE)
    assert levels == ["warning,error", "security"]


def test_channel_events_hold_no_number_and_no_name(files: dict[str, str]) -> None:
    fields = re.findall(r"^fields = (.*)$", files["cel_custom.conf"], re.MULTILINE)
    assert fields == ["eventtype,eventtime,userfield,uniqueid,linkedid"]


@pytest.mark.parametrize("module", ["app_system", "func_shell", "res_pjsip_refer", "res_pjsip_caller_id"])
def test_modules_that_are_not_needed_are_not_loaded(module: str, files: dict[str, str]) -> None:
    assert "autoload = no\n" in files["modules.conf"]
    assert f"load = {module}" not in files["modules.conf"]
