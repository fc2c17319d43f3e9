"""Lamps and texts over the manager link: each goes out in one form only, and nothing that is named can change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest

from pbx.ami import texts
from pbx.ami.client import AmiClient
from pbx.ami.errors import LinkLost, UnsafeField
from pbx.ami.lamps import AmiLamps
from pbx.ami.messages import Value, checked
from pbx.ami.texts import AmiTexts
from pbx.notify.phone_message import LONGEST_BYTES, PhoneMessage
from pbx.services.ports import Fate, Parcel
from tests.integration.test_ami_client import client_of
from tests.kit.ami_peer import ami_peer

CODE = Path(__file__).resolve().parents[2]
BAD_NAMES = ["desk,s,1", "a\nAction: Logoff", "desk/sip:900@elsewhere.example", "", "Desk"]


@dataclass
class Link:
    """Keeps the actions; `there` are the answers to whether a phone is registered, `lost` is a link that broke."""

    there: list[bool] = field(default_factory=lambda: [True])
    lost: bool = False
    actions: list[tuple[str, dict[str, Value]]] = field(default_factory=list)

    async def action(self, name: str, /, **fields: Value) -> None:
        if self.lost:
            raise LinkLost("the link to Asterisk is down")
        checked(name, fields)
        self.actions.append((name, fields))

    async def registered_phones(self, names: list[str]) -> dict[str, bool]:
        if self.lost:
            raise LinkLost("the link to Asterisk is down")
        return dict.fromkeys(names, self.there.pop(0) if len(self.there) > 1 else self.there[0])

    @property
    def client(self) -> AmiClient:
        return cast("AmiClient", self)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "QUALIFY_SECONDS", 0.05)
    monkeypatch.setattr(texts, "_LOOK_SECONDS", 0.01)


def a_parcel(text: str, to: str = "desk") -> Parcel:
    return Parcel(uuid4(), to, "", text, {})


async def test_a_lamp_is_lit_in_its_own_context() -> None:
    link = Link()
    await AmiLamps(link.client).show("rictor", 3, 1)
    [(name, fields)] = link.actions
    assert name == "Originate"
    assert (fields["Channel"], fields["Context"], fields["Exten"]) == ("Local/s@sl-lamp/n", "sl-lamp-idle", "s")
    assert "Application" not in fields
    assert fields["Variable"] == ["__SL_BOX=rictor", "__SL_NEW=3", "__SL_OLD=1"]


@pytest.mark.parametrize("name", BAD_NAMES)
async def test_a_name_that_is_none_is_not_sent(name: str) -> None:
    link = Link()
    with pytest.raises(ValueError, match="cannot take"):
        await AmiLamps(link.client).show(name, 1, 0)
    with pytest.raises(ValueError, match="cannot take"):
        await AmiTexts(link.client).send(name, "text")
    assert link.actions == []


async def test_another_login_may_be_to_an_asterisk_that_forgot() -> None:
    async with ami_peer() as peer, client_of(peer) as ami:
        assert AmiLamps(ami).epoch == 1
    assert AmiLamps(ami).epoch is None


async def test_a_text_goes_to_a_phone_that_is_still_there_after_it_was_asked() -> None:
    link = Link()
    verdict = await PhoneMessage(AmiTexts(link.client)).send(a_parcel("You have\na new message."))
    assert verdict.fate is Fate.SENT
    assert [name for name, _ in link.actions] == ["PJSIPQualify", "MessageSend"]
    sent = link.actions[1][1]
    assert (sent["Destination"], sent["Body"]) == ("pjsip:desk", "You have a new message.")


@pytest.mark.parametrize("there", [[False], [True, False], [True, True, False]])
async def test_a_text_is_kept_for_a_phone_that_does_not_answer(there: list[bool]) -> None:
    link = Link(there)
    verdict = await PhoneMessage(AmiTexts(link.client)).send(a_parcel("Text."))
    assert verdict.fate is Fate.HELD
    assert "MessageSend" not in [name for name, _ in link.actions]


async def test_a_text_is_kept_while_asterisk_is_away() -> None:
    assert (await PhoneMessage(AmiTexts(Link(lost=True).client)).send(a_parcel("Text."))).fate is Fate.HELD


async def test_a_long_text_is_cut_between_letters() -> None:
    link = Link()
    await PhoneMessage(AmiTexts(link.client)).send(a_parcel("ü" * 2000))
    assert link.actions[1][1]["Body"] == "ü" * (LONGEST_BYTES // 2)


async def test_a_line_break_never_reaches_asterisk() -> None:
    with pytest.raises(UnsafeField):
        await AmiTexts(Link().client).send("desk", "a\r\nAction: Logoff")


def test_texts_are_sent_in_one_place_only() -> None:
    naming = [path.name for path in (CODE / "pbx").rglob("*.py") if '"MessageSend"' in path.read_text(encoding="utf-8")]
    assert naming == ["texts.py"]
