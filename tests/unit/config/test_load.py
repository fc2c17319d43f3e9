"""A right file becomes the policy and the settings that it means."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pbx.config.load import load
from pbx.config.settings import Engine, Network, Recognizer, Transport, Trunk, Web
from pbx.domain.actions import FALLBACK_GREETING, Ring, Voicemail
from pbx.domain.hints import DEFAULT_RED_FLAGS, Reading
from pbx.domain.policy import UNASSIGNED_MAILBOX, Phone
from tests.unit.config.conftest import GOOD, Load

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def test_numbers_ring_and_take_messages_as_written(loaded: Load) -> None:
    number = loaded().policy.numbers["+17175550100"]
    assert number.label == "Dr. Rictor"
    assert number.opened == (Ring("rictor", ("rictor-desk", "rictor-home"), 20), Voicemail("rictor"))
    assert number.closed == (Voicemail("rictor", "after-hours"),)
    assert number.schedule is not None and number.schedule.name == "office"


def test_a_number_without_a_schedule_is_always_open_and_named_after_its_mailbox(loaded: Load) -> None:
    number = loaded().policy.numbers["+17175550101"]
    assert (number.schedule, number.label) == (None, "Front desk")
    assert number.opened == number.closed == (Voicemail("front-desk"),)


def test_the_short_form_rings_then_takes_a_message(loaded: Load) -> None:
    short = '[numbers."(717) 555-0102"]\nring = "mills"\nschedule = "office"\nclosed_greeting = "after-hours"\n'
    number = loaded(more=short).policy.numbers["+17175550102"]
    assert number.opened == (Ring("mills", ("front-1",), 25), Voicemail("mills"))
    assert number.closed == (Voicemail("mills", "after-hours"),)


def test_several_people_and_teams_ring_at_once_each_phone_once(loaded: Load) -> None:
    short = '[numbers."+17175550102"]\nring = ["rictor", "front-desk"]\nvoicemail = "mills"\n'
    ring = loaded(more=short).policy.numbers["+17175550102"].opened[0]
    assert ring == Ring("rictor, front-desk", ("rictor-desk", "rictor-home", "front-1"), 25)


def test_everybody_has_a_mailbox_and_one_takes_what_belongs_to_nobody(loaded: Load) -> None:
    policy = loaded().policy
    assert set(policy.mailboxes) == {"rictor", "mills", "front-desk", UNASSIGNED_MAILBOX}
    assert policy.mailboxes["front-desk"] == "Front desk"
    assert policy.phones[2] == Phone("front-1", "mills", "Sam Mills")


def test_what_is_left_out_has_the_settings_own_defaults(loaded: Load) -> None:
    practice = loaded()
    settings = practice.settings
    assert (settings.network, settings.web, settings.recognizer) == (Network(), Web(), Recognizer())
    assert (settings.database_url, settings.drain_seconds) == (None, 30)
    assert settings.trunk == Trunk("sip.carrier.example", 5060, Transport.UDP, ("sip.carrier.example",))
    assert practice.policy.max_message_seconds == 180
    assert practice.policy.emergency_sentence.endswith("dial 911.")


def test_what_is_written_about_the_machine_is_taken(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    settings = loaded(
        more='[server]\nsip_address = "127.0.0.5"\nsip_port = 5070\nrtp_ports = "20000-20099"\nweb_port = 8090\n'
        'public_address = "203.0.113.7"\nlocal_networks = "10.0.0.0/8"\ndrain_seconds = 5\n'
        '[voicemail]\nengine = "vosk"\nvosk_model = "model"\nmemory_mb = 900\n'
        '[database]\nurl = "postgresql:///secondline"\n'
    ).settings
    assert settings.network == Network("127.0.0.5", 5070, "203.0.113.7", ("10.0.0.0/8",), 20000, 20099)
    assert settings.recognizer == Recognizer(Engine.VOSK, tmp_path / "model", 900)
    assert (settings.web.port, settings.drain_seconds) == (8090, 5)
    assert settings.database_url == "postgresql:///secondline"


def test_words_and_red_flags_of_messages_are_the_practices_own(loaded: Load) -> None:
    assert loaded().policy.reading == Reading("US", (), ("Dr. Kenneth Rictor", "Sam Mills"), DEFAULT_RED_FLAGS)
    own = loaded(more='[voicemail]\nwords = ["Eliquis"]\nred_flags = ["pain in * chest"]\n').policy.reading
    assert (own.words, own.red_flags) == (("Eliquis",), ("pain in * chest",))
    assert loaded(more="[voicemail]\nred_flags = []\n").policy.reading.red_flags == ()


def test_a_whisper_model_is_a_folder_beside_the_file(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "small.en").mkdir()
    recognizer = loaded(more='[voicemail]\nengine = "whisper"\nwhisper_model = "small.en"\n').settings.recognizer
    assert (recognizer.engine, recognizer.model) == (Engine.WHISPER, tmp_path / "small.en")
    [warning] = loaded(more='[voicemail]\nwhisper_model = "small.en"\n').warnings
    assert "voicemail.whisper_model: is not used" in str(warning)


def test_closed_dates_are_dates_ranges_and_holidays_with_their_names(loaded: Load) -> None:
    closed_on = (
        '\nclosed_on = ["us-federal-holidays", 2026-12-24, "2026-12-30..2027-01-02", "us-pa-holidays"]\n\n[greetings'
    )
    number = loaded(("\n[greetings", closed_on)).policy.numbers["+17175550100"]
    assert number.schedule is not None
    dates = number.schedule.closed_dates
    assert dates[date(2026, 12, 25)] == "Christmas Day"
    assert dates[date(2026, 12, 24)] == "2026-12-24"
    assert dates[date(2026, 12, 31)] == "2026-12-30..2027-01-02"
    assert dates[date(2027, 1, 1)] == "New Year's Day"
    assert dates[date(2026, 7, 3)] == "Independence Day (observed)"
    assert date(2026, 12, 28) not in dates


def test_the_practice_may_word_the_general_greeting(loaded: Load) -> None:
    practice = loaded(more='[greetings.default]\ntext = "Scotland Family Medicine."\n')
    assert practice.policy.greetings[FALLBACK_GREETING].text == "Scotland Family Medicine."
    assert practice.warnings == ()


def test_a_schedule_may_have_a_zone_of_its_own(loaded: Load) -> None:
    numbers = loaded(("[schedules.office]", '[schedules.office]\ntimezone = "America/Chicago"')).policy.numbers
    assert numbers["+17175550100"].schedule is not None
    assert numbers["+17175550100"].schedule.timezone == "America/Chicago"


def test_a_carrier_fills_only_what_is_not_written(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "secret").chmod(0o600)
    account = 'carrier = "telnyx"\nusername = "practice"\npassword_file = "secret"'
    trunk = loaded(('host = "sip.carrier.example"', f'{account}\ntransport = "tcp"')).settings.trunk
    assert trunk is not None
    assert (trunk.host, trunk.port, trunk.transport) == ("sip.telnyx.com", 5060, Transport.TCP)
    assert trunk.addresses == ("192.76.120.10", "64.16.250.10")
    assert (trunk.register, trunk.username, trunk.secret) == (True, "practice", "s3cret")
    assert "s3cret" not in repr(trunk)


def test_included_files_count_as_one_and_name_files_beside_themselves(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "greet.wav").write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    (tmp_path / "more" / "extra.toml").write_text('[greetings.long]\nfile = "greet.wav"\n')
    practice = loaded(("[practice]", 'include = ["more/extra.toml"]\n[practice]'))
    assert practice.policy.greetings["long"].file == str(tmp_path / "more" / "greet.wav")


def test_the_version_follows_texts_and_recordings(loaded: Load, tmp_path: Path) -> None:
    sound = tmp_path / "closed.wav"
    sound.write_bytes(b"RIFF\0\0\0\0WAVEone")
    change = ('text = "We are closed."', 'file = "closed.wav"')
    first = loaded(change).policy.version
    assert first == loaded(change).policy.version
    assert first != loaded(change, more="# a comment\n").policy.version
    sound.write_bytes(b"RIFF\0\0\0\0WAVEtwo")
    assert first != loaded(change).policy.version


def test_what_nobody_needs_is_a_warning_and_no_problem(loaded: Load) -> None:
    practice = loaded(
        ("[trunk]", "#"),
        ('host = "sip.carrier.example"', ""),
        more='[people.idle]\nname = "Idle"\n[teams.idlers]\nname = "Idlers"\nmembers = "mills"\n'
        '[greetings.unheard]\ntext = "..."\n[schedules.unused]\nopen = { daily = "00:00-24:00" }\n',
    )
    assert {warning.key for warning in practice.warnings} == {
        "trunk",
        "people.idle",
        "teams.idlers",
        "greetings.unheard",
        "schedules.unused",
    }


def test_a_password_that_everybody_can_read_is_a_warning(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "secret").chmod(0o644)
    practice = loaded(("[trunk]", '[trunk]\nusername = "u"\npassword_file = "secret"'))
    assert [w.remedy.split()[1] for w in practice.warnings] == ["chmod"]
    assert "s3cret" not in str(practice.warnings[0])


@pytest.mark.parametrize("name", ["solo.toml", "care-team.toml", "known-callers.toml", "texting.toml"])
def test_the_examples_load_without_a_warning(name: str) -> None:
    assert load(EXAMPLES / name).warnings == ()


def test_a_solo_physicians_file_fits_on_one_screen() -> None:
    assert len((EXAMPLES / "solo.toml").read_text().splitlines()) <= 40


def test_the_file_that_the_tests_change_is_right(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD)
    assert load(tmp_path / "good.toml").warnings == ()
