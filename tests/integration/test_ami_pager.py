"""Originate goes out in one form only, and nothing that is named can change it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from pbx.ami.client import AmiClient
from pbx.ami.errors import LinkLost
from pbx.ami.messages import Value
from pbx.ami.pager import AmiPager
from pbx.services.ports import Page, PagerDown

CALL, ATTEMPT = UUID(int=1), UUID(int=2)
PAGE = Page(CALL, ATTEMPT, "rictor", "+17175550100", ("p-0-35-rictor-desk", "o-10-25-rictor"), 35)
CODE = Path(__file__).resolve().parents[2] / "pbx"


@dataclass
class Link:
    """Keeps the actions; `lost` is one that breaks."""

    actions: list[tuple[str, dict[str, Value]]] = field(default_factory=list)
    lost: bool = False

    async def action(self, name: str, /, **fields: Value) -> None:
        if self.lost:
            raise LinkLost("the link to Asterisk is down")
        self.actions.append((name, fields))


def pager_over(link: Link) -> AmiPager:
    return AmiPager(cast("AmiClient", link))


async def test_a_page_names_the_two_contexts_and_hands_its_values_on_as_variables() -> None:
    link = Link()
    await pager_over(link).page(PAGE)
    [(name, fields)] = link.actions
    assert name == "Originate"
    assert (fields["Channel"], fields["Context"], fields["Exten"]) == ("Local/s@sl-page-out/n", "sl-page-idle", "s")
    assert "Application" not in fields
    assert set(fields["Variable"]) == {
        f"__SL_CALL={CALL}",
        f"__SL_PAGE={ATTEMPT}",
        "__SL_WHO=rictor",
        "__SL_DID=+17175550100",
        "__SL_LEGS=p-0-35-rictor-desk&o-10-25-rictor",
        "__SL_SECONDS=35",
    }


@pytest.mark.parametrize("legs", [(), ("p-0-25-desk,s,1",), ("p-0-25-a\nAction: Logoff",), ("PJSIP/900@_trunk",)])
async def test_a_leg_that_is_none_is_not_sent(legs: tuple[str, ...]) -> None:
    link = Link()
    with pytest.raises(ValueError, match="cannot take"):
        await pager_over(link).page(replace(PAGE, legs=legs))
    assert link.actions == []


async def test_a_link_that_is_down_is_told() -> None:
    with pytest.raises(PagerDown):
        await pager_over(Link(lost=True)).page(PAGE)


def test_calls_are_placed_in_four_places_only() -> None:
    """To hear the own number, to light a lamp, for an urgent message, and for one of the practice's people."""
    naming = [path.name for path in CODE.rglob("*.py") if '"Originate"' in path.read_text(encoding="utf-8")]
    assert sorted(naming) == ["ear.py", "lamps.py", "pager.py", "placer.py"]
