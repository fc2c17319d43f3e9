"""A wrong file is told what is wrong: all of it at once, on its line, with what to do, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.config.load import ConfigProblems, load
from tests.unit.config.conftest import Problems

NUMBER = 'numbers."+17175550100"'
OPEN = 'open = [{ ring = "rictor", seconds = 20 }, { voicemail = "rictor" }]'
CLOSED = 'closed = [{ voicemail = "rictor", greeting = "after-hours" }]'
HOURS = 'open = { mon-thu = "09:00-17:00" }'
HOST = 'host = "sip.carrier.example"'

ONE_PROBLEM = {
    # tables and keys
    "unknown key": (("label =", "lable ="), f"27: {NUMBER}.lable: is not a key", "'label'"),
    "key of another table": (("[trunk]", "[trunk]\ndrain_seconds = 3"), "trunk.drain_seconds", "belongs into [server]"),
    "missing key": (('name = "Sam Mills"', ""), "12: people.mills.name: is missing", 'name = "Dr.'),
    "missing table": (("[practice]", "[practise]"), "practise: is not a key", "'practice'"),
    "wrong type": (("seconds = 20", 'seconds = "20"'), "open[1].seconds: must be a whole number", "seconds = 25"),
    "text instead of table": (("[people.mills]", "[people]\nbob = 3\n[people.mills]"), "bob: must be a table", ""),
    "too long a ring": (("seconds = 20", "seconds = 500"), "seconds: must be at most 120", "seconds = 25"),
    "bad key": (("[trunk]", '[people."Al"]\nname = "Al"\n[trunk]'), "people.Al: is not a usable name", "small letters"),
    "two lines": (('"Sam Mills"', '"Sam\\nMills"'), "people.mills.name: is not a line", "one line"),
    # the practice
    "unknown zone": (("America/New_York", "America/NewYork"), "3: practice.timezone", "'America/New_York'"),
    "zone by city": (("America/New_York", "New York"), "practice.timezone", "'America/New_York'"),
    "zone without summer time": (("America/New_York", "EST"), "practice.timezone", "'America/New_York'"),
    "country": (("[trunk]", 'country = "USA"\n[trunk]'), "practice.country", "'US'"),
    # schedules
    "no hours": ((HOURS, "open = {}"), "21: schedules.office.open: is never open", "add hours"),
    "day that is none": ((HOURS, 'open = { mum = "09:00-17:00" }'), "open.mum: 'mum' is not a day", "mon-thu"),
    "twelve-hour clock": ((HOURS, 'open = { mon = "9am-5pm" }'), "are not opening hours", "09:00-17:00"),
    "time that is none": ((HOURS, 'open = { mon = "09:00-24:30" }'), "does not exist", "00:00 to 24:00"),
    "no length": ((HOURS, 'open = { mon = "09:00-09:00" }'), "has no length", "00:00-24:00"),
    "day twice": ((HOURS, 'open = { weekdays = "09:00-17:00", wed = "09:00-12:00" }'), "already in 'weekdays'", ""),
    "overlap": ((HOURS, 'open = { mon = ["09:00-12:00", "11:00-17:00"] }'), "Mon 09:00-12:00 and Mon 11:00", ""),
    "overlap over midnight": ((HOURS, 'open = { sun = "22:00-06:00", mon = "05:00-17:00" }'), "over each other", ""),
    "date that is none": ((HOURS, HOURS + '\nclosed_on = "2026-02-30"'), "not in the calendar", "day and the month"),
    "American date": ((HOURS, HOURS + '\nclosed_on = ["12/25/2026"]'), "is not a date", "2026-12-25"),
    "dates turned round": ((HOURS, HOURS + '\nclosed_on = "2026-12-26..2026-12-24"'), "ends before", "earlier date"),
    "holidays of nowhere": ((HOURS, HOURS + '\nclosed_on = "xx-holidays"'), "no holidays are known", "us-federal"),
    # people
    "phone twice": (('"front-1"', '"rictor-desk"'), "already at people.rictor.phones[1] (line 10)", "make a team"),
    "member who is nobody": (('["mills", "rictor"]', '["mils", "rictor"]'), "18: teams.front-desk.members", "'mills'"),
    "team in a team": (('["mills", "rictor"]', '["mills", "front-desk"]'), "is a team", "name the people"),
    "reserved mailbox": (("[people.rictor]", '[people.unassigned]\nname = "N"\n[people.rictor]'), "to nobody", ""),
    "one name twice": (("[trunk]", '[teams.mills]\nname = "M"\nmembers = "mills"\n[trunk]'), "a person too", ""),
    # greetings
    "nothing said": (('text = "We are closed."', ""), "23: greetings.after-hours: says nothing", "add text"),
    "two greetings in one": (('text = "We', 'file = "a.wav"\ntext = "We'), "both a text and a file", "keep one"),
    "no such recording": (('text = "We are closed."', 'file = "a.wav"'), "a.wav does not exist", "folder"),
    "reserved prompt": (("[trunk]", '[greetings.thanks]\ntext = "T"\n[trunk]'), "prompt of the program", ""),
    # numbers
    "not a number": (('"+17175550101"', '"front"'), "numbers.front: is not a telephone number", "+17175550100"),
    "no area code": (('"+17175550101"', '"555-0101"'), "wrong number of digits", "+17175550100"),
    "number twice": (('"+17175550101"', '"717 555 0100"'), "is the same number as '+17175550100'", "keep one"),
    "schedule that is none": (('schedule = "office"', 'schedule = "ofice"'), f"28: {NUMBER}.schedule", "'office'"),
    "person who is nobody": (('ring = "rictor"', 'ring = "victor"'), f"29: {NUMBER}.open[1].ring", "'rictor'"),
    "mailbox of nobody": (('voicemail = "front-desk"', 'voicemail = "fax"'), "is called 'fax'", "known are"),
    "greeting that is none": (('greeting = "after-hours"', 'greeting = "x"'), "no [greetings.x]", "after-hours"),
    "no end": ((OPEN, 'open = [{ ring = "rictor" }]'), f"29: {NUMBER}.open: does not end", "add {"),
    "nothing to do": ((OPEN, "open = []"), "open: does not end in a voicemail", "add { voicemail"),
    "more after the end": ((OPEN, 'open = [{ voicemail = "mills" }, { voicemail = "rictor" }]'), "is followed by", ""),
    "two things at once": ((OPEN, 'open = [{ ring = "mills", voicemail = "rictor" }]'), "one thing to do", "{ ring"),
    "seconds of a voicemail": ((OPEN, 'open = [{ voicemail = "rictor", seconds = 9 }]'), "belong", "max_seconds"),
    "no closed": ((CLOSED, ""), f"26: {NUMBER}.closed: is missing", "closed = [{"),
    "closed for nothing": (('schedule = "office"', ""), "closed: is never used", "schedule ="),
    "ring without phones": (('phones = ["rictor-desk", "rictor-home"]', ""), "'rictor' has no phone", "phones ="),
    "both forms": ((OPEN, OPEN + '\nring = "rictor"'), "ring: stands beside `open`", "short form"),
    "mailbox not told": (('voicemail = "front-desk"', 'ring = ["mills", "rictor"]'), "whose mailbox", "voicemail ="),
    "nothing told": (('voicemail = "front-desk"', ""), "does not say what is done with a call", "ring ="),
    # the machine
    "odd RTP range": (("[trunk]", '[server]\nrtp_ports = "10001-10100"\n[trunk]'), "whole pairs", "10000-10999"),
    "small RTP range": (("[trunk]", '[server]\nrtp_ports = "10000-10009"\n[trunk]'), "too small", "at least 20"),
    "RTP on the SIP port": (("[trunk]", '[server]\nrtp_ports = "5000-5099"\n[trunk]'), "holds the SIP port", "5060"),
    "vosk without a model": (("[trunk]", '[voicemail]\nengine = "vosk"\n[trunk]'), "folder of a model", "vosk_model"),
    "whisper alone": (("[trunk]", '[voicemail]\nengine = "whisper"\n[trunk]'), "folder of a model", "whisper_model"),
    "no such model": (
        ("[trunk]", '[voicemail]\nengine = "whisper"\nwhisper_model = "none"\n[trunk]'),
        "there is no folder",
        "model list",
    ),
    "a red flag of no word": (("[trunk]", '[voicemail]\nred_flags = ["*"]\n[trunk]'), "holds no word", "write a word"),
    "two places of keys": (
        ("[trunk]", '[keys]\nfolder = "k"\ncredential = "secondline-keys"\n[trunk]'),
        "names two places of the keys",
        "keep one",
    ),
    "two databases": (("[trunk]", '[database]\nurl = "mysql://h/d"\n[trunk]'), "not the address of a PostgreSQL", ""),
    # the trunk
    "no carrier": ((HOST, ""), "trunk: names no carrier", "host ="),
    "unknown carrier": ((HOST, 'carrier = "twillio"'), "trunk.carrier", "'twilio'"),
    "carrier's own host": ((HOST, 'carrier = "twilio"'), "each customer of Twilio", "pstn.twilio.com"),
    "carrier's addresses": ((HOST, HOST + '\ncarrier = "bandwidth"'), "trunk.addresses", "ask the carrier"),
    "registration": ((HOST, 'carrier = "telnyx"'), "asks for a registration", "username"),
    "host with scheme": ((HOST, 'host = "sip:carrier.example"'), "is not a host name", "without sip:"),
    "no password": ((HOST, HOST + '\nusername = "u"'), "password_file: is missing", "password_file"),
    "no password file": ((HOST, HOST + '\nusername = "u"\npassword_file = "p"'), "does not exist", "only line"),
}  # fmt: skip


@pytest.mark.parametrize("case", ONE_PROBLEM)
def test_one_mistake_is_one_problem_that_says_what_to_do(case: str, problems: Problems) -> None:
    change, what, remedy = ONE_PROBLEM[case]
    found = problems(change)
    if case == "missing table":
        found = [text for text in found if "practise" in text]
    assert len(found) == 1
    assert what in found[0]
    assert remedy in found[0].split("(", 1)[1]


def test_all_problems_are_told_at_once_in_the_order_of_the_lines(problems: Problems) -> None:
    found = problems(
        ("America/New_York", "Amerika"),
        ('name = "Sam Mills"', "name = 3"),
        (HOURS, 'open = { mon = ["09:00-12:00", "11:00-13:00"] }\nclosed_on = ["2026-02-30"]'),
        ('ring = "rictor", seconds = 20', 'ring = "victor", second = 20'),
        ('greeting = "after-hours"', 'greeting = "afterhours"'),
    )
    assert [text.split(":")[1].strip() for text in found] == [
        "practice.timezone",
        "people.mills.name",
        "schedules.office.open.mon",
        "schedules.office.closed_on[1]",
        'numbers."+17175550100".open[1].second',
        'numbers."+17175550100".open[1].ring',
        'numbers."+17175550100".closed[1].greeting',
    ]


def test_what_is_left_out_as_wrong_is_not_reported_as_missing_too(problems: Problems) -> None:
    assert len(problems(('voicemail = "front-desk"', 'voicmail = "front-desk"'))) == 1
    assert len(problems(('phones = ["rictor-desk", "rictor-home"]', 'phones = ["Rictor!"]'))) == 1
    assert len(problems(('schedule = "office"', "schedule = 1"))) == 1


@pytest.mark.parametrize("key", ["password", "secret", "api_token"])
def test_a_secret_is_refused_with_a_remedy_and_never_repeated(key: str, problems: Problems) -> None:
    found = problems((HOST, f'{HOST}\n{key} = "hunter2"'))
    assert "password_file" in found[0]
    assert "hunter2" not in "".join(found)


def test_a_database_password_is_refused_and_never_repeated(problems: Problems) -> None:
    found = problems(more='[database]\nurl = "postgresql://me:hunter2@db/x"\n')
    assert "url_file" in found[0] and "hunter2" not in found[0]


def test_a_password_file_holds_one_line_that_is_never_repeated(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\nhunter3\n")
    found = problems((HOST, f'{HOST}\nusername = "u"\npassword_file = "secret"'))
    assert "exactly one line" in found[0] and "hunter" not in found[0]


def test_a_recording_must_be_one(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("not a sound")
    assert "neither WAV nor MP3" in problems(('text = "We are closed."', 'file = "a.wav"'))[0]


def test_the_first_errors_of_the_syntax_are_told_with_their_lines(problems: Problems) -> None:
    found = problems(('name = "Sam Mills"', "name = "), ("[schedules.office]", "[schedules.office"))
    assert [text.split(":")[0] for text in found] == ["13", "20"]


@pytest.mark.parametrize("again", ["[practice]\n", "[people]\nmills = 1\n", "a = 1\na = 2\n"])
def test_a_key_or_table_given_twice_is_told_as_such(again: str, problems: Problems) -> None:
    assert "is given twice" in problems(more=again)[0]


def test_files_that_cannot_be_read_are_told(tmp_path: Path, problems: Problems) -> None:
    with pytest.raises(ConfigProblems, match=r"gone\.toml does not exist"):
        load(tmp_path / "gone.toml")
    with pytest.raises(ConfigProblems, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(ConfigProblems, match="not text in UTF-8"):
        load(tmp_path / "latin.toml")
    assert "2: include[1]" not in problems(("[practice]", 'include = "gone.toml"\n[practice]'))[0]


def test_included_files_are_named_in_their_problems(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text('[people.okafor]\nname = 1\n[people.mills]\nname = "Other"\n')
    include = ("[practice]", 'include = ["more.toml"]\n[practice]')
    assert (
        f"{tmp_path}/more.toml:4: people.mills.name: is already set at {tmp_path}/practice.toml:14"
        in problems(include)[0]
    )
    (tmp_path / "more.toml").write_text("[people.okafor]\nname = 1\n")
    assert f"{tmp_path}/more.toml:2: people.okafor.name: must be a text" in problems(include)[0]


def test_includes_go_neither_in_a_circle_nor_twice(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text('include = "practice.toml"\n')
    assert "in a circle" in problems(("[practice]", 'include = "more.toml"\n[practice]'))[0]
    (tmp_path / "more.toml").write_text("")
    assert "included twice" in problems(("[practice]", 'include = ["more.toml", "more.toml"]\n[practice]'))[0]
