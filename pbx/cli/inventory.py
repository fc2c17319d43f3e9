"""`secondline inventory`: what there is, what listens, who talks to whom, and what leaves the building."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import ProgramMissing, find_asterisk
from pbx.cli.errors import BadOption
from pbx.config.load import load
from pbx.inventory.facts import Inventory
from pbx.inventory.gather import gather
from pbx.inventory.mermaid import mermaid
from pbx.inventory.svg import flows_svg
from pbx.output import print_json

_FENCED = "```mermaid\n{}```\n"
_DRAWN: dict[str, Callable[[Inventory], str]] = {
    ".svg": flows_svg,
    ".mmd": mermaid,
    ".md": lambda found: _FENCED.format(mermaid(found)),
}


def inventory(options: Namespace) -> int:
    """Print it, or draw it into a file."""
    drawn = _DRAWN.get(Path(options.diagram).suffix) if options.diagram else None
    if options.diagram and drawn is None:
        raise BadOption(f"{options.diagram}: end the name in .svg for a picture, or in .mmd or .md for Mermaid text")
    layout = Layout(Path(options.data))
    found = gather(load(Path(options.config)), layout, _asterisk(), datetime.now(UTC))
    if drawn:
        Path(options.diagram).write_text(drawn(found), encoding="utf-8")
    if options.json:
        print_json(found.to_json())
    elif not drawn:
        _tell(found)
    return 0


def _asterisk() -> str | None:
    try:
        return find_asterisk().version
    except ProgramMissing:
        return None


def _tell(found: Inventory) -> None:
    print(f"{found.practice}, {found.made_at}")
    print("\nVersions")
    print("\n".join(f"  {name}: {version}" for name, version in found.versions.items()))
    print("\nWhat listens")
    for one in found.sockets:
        ports = f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}"
        reach = "other machines" if one.beyond else "this machine"
        print(f"  {one.protocol} {one.address}:{ports}  {one.what}; reached by {reach}")
    print("\nWhat is kept")
    for asset in found.assets:
        about = "about patients" if asset.about_patients else "not about patients"
        print(f"  {asset.name}: {asset.holds} ({about}; {asset.protection})\n    {asset.place}")
    print("\nKeys")
    print("\n".join(f"  {key.name} {key.id}: {key.use}; {key.place}" for key in found.keys) or "  none yet")
    print("\nPhones")
    print(
        "\n".join(f"  {one.name} ({one.person}): SIP over {one.transport}, voice {one.voice}" for one in found.devices)
    )
    names = {party.key: party.name for party in found.parties}
    print("\nWho talks to whom")
    for flow in found.flows:
        how = f"{flow.how}; {'encrypted' if flow.encrypted else 'not encrypted'}"
        out = "  LEAVES THE BUILDING" if flow.leaves else ""
        print(f"  {names[flow.source]} -> {names[flow.target]}: {flow.what} ({how}){out}")
