"""The throw-away practice of the demonstration: a file like any other, with free ports and a clock that suits."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pbx.asterisk.ports import free_port
from pbx.demo.softphone import SipServer

DAY_LINE = "+17175550100"
EVENING_LINE = "+17175550101"
MENU_LINE = "+17175550102"
PHONE = "rictor-desk"
CLOSED = "You have reached the evening clinic. We are closed now, and call you back tomorrow. Please leave a message."
BUSY = "Doctor Rictor cannot take your call now. Please leave a message after the tone."

_FILE = """\
[practice]
name = "Scotland Family Medicine"
timezone = "{timezone}"

[trunk]
host = "{trunk}"

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
options.1 = {{ voicemail = "mills" }}
options."*" = {{ back = true }}

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
on = ["{day_line}", "{evening_line}"]
because = "Nights are covered by the hospital."

[[accept]]
warning = "greeting-no-emergency"
on = "busy"
because = "It is short, as the demonstration is."

[server]
sip_address = "{address}"
sip_port = {sip_port}
rtp_ports = "{rtp_ports}"
web_port = {web_port}
drain_seconds = 5
"""


@dataclass(frozen=True, slots=True)
class DemoPractice:
    """Where the practice of a demonstration is: its file, its data, and its ports on this machine's loopback."""

    file: Path
    data: Path
    sip: SipServer
    web_port: int
    trunk: str

    def secret(self, phone: str) -> str:
        """The SIP secret that the server made for `phone`."""
        kept = json.loads((self.data / "secrets.json").read_text(encoding="utf-8"))
        return str(kept["phones"][phone])


def write_practice(folder: Path, ring_seconds: int = 8, closed: str = CLOSED, busy: str = BUSY) -> DemoPractice:
    """Write the practice's file into `folder`. Wherever it is run, it is mid-morning at this practice.

    `closed` and `busy` are the words of its greetings.
    """
    address, trunk = "127.0.0.1", "127.0.0.2"
    sip_port = free_port(address, socket.SOCK_DGRAM)
    while (web_port := free_port(address)) == sip_port:  # SIP listens on TCP too
        pass
    first_rtp = 2 * (free_port(address, socket.SOCK_DGRAM) // 4) + 1024
    text = _FILE.format(
        timezone=timezone_where_it_is_mid_morning(datetime.now(UTC)),
        trunk=trunk,
        phone=PHONE,
        day_line=DAY_LINE,
        evening_line=EVENING_LINE,
        menu_line=MENU_LINE,
        ring_seconds=ring_seconds,
        closed_text=closed,
        busy_text=busy,
        address=address,
        sip_port=sip_port,
        rtp_ports=f"{first_rtp}-{first_rtp + 199}",
        web_port=web_port,
    )
    file = folder / "practice.toml"
    file.write_text(text, encoding="utf-8")
    return DemoPractice(file, folder / "var", SipServer(address, sip_port), web_port, trunk)


def timezone_where_it_is_mid_morning(now: datetime) -> str:
    """A zone in which it is between 10:00 and 11:00 at `now`: the story needs an open line and a closed one."""
    ahead = (10 - now.hour + 11) % 24 - 11  # whole hours from UTC, -11 to +12
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"  # POSIX counts hours west as positive
