"""The throw-away practice of the demonstration: a file like any other, with free ports and a clock that suits."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import free_for_both, free_port
from pbx.demo.carrier import TextCarrier
from pbx.demo.softphone import SipServer

DAY_LINE = "+17175550100"
EVENING_LINE = "+17175550101"
MENU_LINE = "+17175550102"
HOUSE_CALL_LINE = "+17175550103"
URGENT_LINE = "+17175550104"
TEXT_LINE = "+17175550105"
AUTO_REPLY = "Thank you, we read this within the hour."
PHONE = "rictor-desk"
CELL = "+17175550162"
NURSING_HOME = "+12155550190"
CLOSED = "This is Scotland Family Medicine. We are closed, and call you back tomorrow. Please leave a message."
BUSY = "Doctor Rictor cannot take your call now. Please leave a message after the tone."

_FILE = """\
[practice]
name = "Scotland Family Medicine"
timezone = "{timezone}"

[trunk]
host = "{trunk}"
port = {trunk_port}

[[phone_exceptions]]
allow = "md5-only"
because = "The demonstration's softphone gives up when it is offered SHA-256."

[people.rictor]
name = "Dr. Kenneth Rictor"
phones = ["{phone}"]

[people.mills]
name = "Nurse Sam Mills"

[schedules.office]
open = {{ daily = "09:00-17:00" }}

[schedules.evening-clinic]
open = {{ daily = "18:00-20:00" }}

[greetings.closed]
text = "{closed_text}"

[greetings.busy]
text = "{busy_text}"

[numbers."{day_line}"]
label = "Dr. Rictor"
schedule = "office"
open = [{{ ring = "rictor", seconds = {ring_seconds} }}, {{ voicemail = "rictor", greeting = "busy" }}]
closed = [{{ voicemail = "rictor", greeting = "closed" }}]

[numbers."{evening_line}"]
label = "Evening clinic"
schedule = "evening-clinic"
open = [{{ ring = "rictor", seconds = {ring_seconds} }}, {{ voicemail = "rictor", greeting = "busy" }}]
closed = [{{ voicemail = "rictor", greeting = "closed" }}]

[numbers."{menu_line}"]
label = "Main line"
open = [{{ menu = "main" }}]

[menus.main]
say = "Thank you for calling."
options.1 = {{ say = "For prescriptions, press 1.", menu = "prescriptions" }}
options.2 = [{{ ring = "rictor", seconds = {ring_seconds} }}, {{ voicemail = "rictor", greeting = "busy" }}]
options.9 = {{ say = "For the doctor, press 2. To hear this again, press 9.", repeat = true }}
otherwise = [{{ voicemail = "rictor", greeting = "busy" }}]

[menus.prescriptions]
say = "To ask for a refill, press 1. To go back, press star."
options.1 = {{ voicemail = "mills", greeting = "refills" }}
options."*" = {{ back = true }}

[greetings.refills]
text = "Scotland Family Medicine. After the tone, say which medicine you need."

[people.okafor]
name = "Dr. Ada Okafor"
cell = "{cell}"

[numbers."{house_call_line}"]
label = "Dr. Okafor"
schedule = "office"
open = [{{ ring = "okafor" }}, {{ voicemail = "okafor", greeting = "busy" }}]
closed = [{{ voicemail = "okafor", greeting = "closed" }}]

[rotas.doctors]
turns = ["okafor"]
start = "2026-01-05"
period = "week"
hand_over = "08:00"

[numbers."{urgent_line}"]
label = "Urgent line"
open = [{{ urgent = "doctors", voicemail = "okafor" }}]

[numbers."{text_line}"]
label = "Dr. Rictor's text line"
open = [{{ ring = "rictor" }}, {{ voicemail = "rictor", greeting = "busy" }}]
texts = {{ to = "rictor", auto_reply_open = "{auto_reply}" }}

[texts]
carrier = "telnyx"
api = "{carrier_api}"
key_file = "texts-key"
public_key = "{carrier_key}"
public_url = "{text_site}"
port = {text_port}

[contacts]
file = "known-callers.csv"

[callers.priority]
at_most = 3
minutes = 60

[outbound]
people = "rictor"

[emergency.office]
phones = ["{phone}"]
address = "12 Main Street, Suite 200, Scotland, PA 17254"
call_back = "{day_line}"
tell = "rictor"

[[expect]]
call = "{day_line}"
at = "2026-11-23T03:00"
then = "greeting closed, voicemail rictor"

[[expect]]
call = "{evening_line}"
at = "2026-11-23T10:00"
then = "greeting closed, voicemail rictor"

[[accept]]
warning = "closed-voicemail-only"
on = ["{day_line}", "{evening_line}", "{house_call_line}"]
because = "Nights are covered by the hospital."

[[accept]]
warning = "texts-find-nobody"
on = "{text_line}"
because = "There is no mail server in the demonstration."

[[accept]]
warning = "greeting-no-emergency"
on = ["busy", "refills"]
because = "They are short, as the demonstration is."

[server]
sip_address = "{address}"
sip_port = {sip_port}
sip_tls_port = {sip_tls_port}
rtp_ports = "{rtp_ports}"
web_port = {web_port}
drain_seconds = 5
"""

_CONTACTS = f"""\
number,name,groups
{NURSING_HOME},Oakgrove Nursing Home,priority
"""


@dataclass(frozen=True, slots=True)
class DemoPractice:
    """Where the practice of a demonstration is: its file, its data, and its ports on this machine's loopback."""

    file: Path
    data: Path
    sip: SipServer
    web_port: int
    trunk: str
    trunk_port: int
    """Where the carrier takes the calls that go out."""
    texts: TextCarrier
    """The carrier of its texts."""
    zone: ZoneInfo
    """Its time zone: chosen once, since the hour may turn while the story is told."""

    def secret(self, phone: str) -> str:
        """The SIP secret that the server made for `phone`."""
        kept = json.loads((self.data / "secrets.json").read_text(encoding="utf-8"))
        return str(kept["phones"][phone])


def write_practice(folder: Path, ring_seconds: int = 8, closed: str = CLOSED, busy: str = BUSY) -> DemoPractice:
    """Write the practice's file into `folder`. Wherever it is run, it is mid-morning at this practice.

    `closed` and `busy` are the words of its greetings.
    """
    address, trunk = "127.0.0.1", "127.0.0.2"
    sip_port = free_for_both(address)
    web_port, sip_tls_port = _ports_other_than(sip_port, address), _ports_other_than(sip_port, address)
    text_site = f"http://127.0.0.1:{(text_port := free_port(address))}"
    carrier = TextCarrier(f"http://127.0.0.1:{free_port(address)}", text_site)
    first_rtp = 2 * (free_port(address, socket.SOCK_DGRAM) // 4) + 1024
    zone = ZoneInfo(timezone_where_it_is_mid_morning(datetime.now(UTC)))
    text = _FILE.format(
        timezone=zone.key,
        trunk=trunk,
        trunk_port=(trunk_port := free_port(trunk, socket.SOCK_DGRAM)),
        phone=PHONE,
        cell=CELL,
        day_line=DAY_LINE,
        evening_line=EVENING_LINE,
        menu_line=MENU_LINE,
        house_call_line=HOUSE_CALL_LINE,
        urgent_line=URGENT_LINE,
        text_line=TEXT_LINE,
        auto_reply=AUTO_REPLY,
        carrier_api=carrier.api,
        carrier_key=carrier.public_key,
        text_site=text_site,
        text_port=text_port,
        ring_seconds=ring_seconds,
        closed_text=closed,
        busy_text=busy,
        address=address,
        sip_port=sip_port,
        sip_tls_port=sip_tls_port,
        rtp_ports=f"{first_rtp}-{first_rtp + 199}",
        web_port=web_port,
    )
    file = folder / "practice.toml"
    file.write_text(text, encoding="utf-8")
    (folder / "known-callers.csv").write_text(_CONTACTS, encoding="utf-8")
    key = folder / "texts-key"
    key.write_text(carrier.key, encoding="utf-8")
    key.chmod(0o600)
    return DemoPractice(
        file,
        folder / "var",
        SipServer(address, sip_port, sip_tls_port, Layout(folder / "var").tls_authority_certificate),
        web_port,
        trunk,
        trunk_port,
        carrier,
        zone,
    )


def _ports_other_than(taken: int, address: str) -> int:
    while (port := free_port(address)) == taken:
        pass
    return port


def timezone_where_it_is_mid_morning(now: datetime) -> str:
    """A zone in which it is between 10:00 and 11:00 at `now`: the story needs an open line and a closed one."""
    ahead = (10 - now.hour + 11) % 24 - 11  # whole hours from UTC, -11 to +12
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"  # POSIX counts hours west as positive
