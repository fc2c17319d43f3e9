"""What each target takes when all is well: to begin with, and to bend."""

from __future__ import annotations

from tests.unit.config.conftest import GOOD
from voicemail.audio import wav_bytes

_ENVIRONMENT = (
    b"agi_network: yes\nagi_network_script: next\nagi_request: agi://127.0.0.1/next\nagi_callerid: unknown\n"
    b"agi_arg_1: 2f1f7c7e-0000-4000-8000-000000000000\nagi_arg_2: token\n\n"
)
_EVENT = b"Event: UserEvent\r\nUserEvent: SecondlineCallEnded\r\nCall: 2f1f7c7e-0000-4000-8000-000000000000\r\n\r\n"
_SIGN_IN = (
    b"Event: ChallengeResponseFailed\r\nService: PJSIP\r\nAccountID: rictor-desk\r\n"
    b"RemoteAddress: IPV4/TLS/192.0.2.1/40000\r\n\r\n"
)

SEEDS: dict[str, tuple[bytes, ...]] = {
    "agi-wire": (_ENVIRONMENT, b"200 result=1 (timeout)\n", b"520-Invalid\n520 End of proper usage.\n", b"HANGUP\n"),
    "agi-server": (_ENVIRONMENT + b"200 result=0\n", _ENVIRONMENT + b"HANGUP\n511 Dead\n", _ENVIRONMENT),
    "ami-messages": (b"Variable: SL_BOX=rictor", b"Channel: Local/s@sl-lamp/n", b"Body: caf\xc3\xa9"),
    "ami-wire": (_EVENT, _SIGN_IN, b"Response: Success\r\nActionID: 1\r\nEventList: start\r\n\r\n", _EVENT + _SIGN_IN),
    "wav": (wav_bytes(b"\x01\x00" * 400), wav_bytes(b""), wav_bytes(b"\x01" * 9)[:30]),
    "practice-file": (GOOD.encode(), b'[practice]\nname = "x"\ninclude = ["other.toml"]\n', b"a = [1, { b = 2 }]\n"),
}
