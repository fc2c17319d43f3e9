"""The flows as Mermaid text, for documents that draw it."""

from __future__ import annotations

import re

from pbx.inventory.facts import Inventory, Party, Side

_UNSAFE = re.compile(r'["<>{}\[\]|`#;\n]')


def mermaid(inventory: Inventory) -> str:
    """A flowchart: a box a place, an arrow a flow; thick arrows are encrypted, dotted ones are not."""
    lines = ["flowchart LR"]
    for side in Side:
        parties = [party for party in inventory.parties if party.side is side]
        if parties:
            lines.append(f'  subgraph {side.name.lower()}["{_plain(side.value)}"]')
            lines += [f'    {_id(party.key)}["{_plain(party.name)}"]' for party in parties]
            lines.append("  end")
    for flow in inventory.flows:
        arrow = "==>" if flow.encrypted else "-.->"
        lines.append(f'  {_id(flow.source)} {arrow}|"{_plain(flow.what)} ({_plain(flow.how)})"| {_id(flow.target)}')
    outside = [_id(party.key) for party in inventory.parties if _leaves(party, inventory)]
    if outside:
        lines += ["  classDef leaves stroke:#c62828,stroke-width:3px", f"  class {','.join(outside)} leaves"]
    return "\n".join(lines) + "\n"


def _leaves(party: Party, inventory: Inventory) -> bool:
    return any(flow.leaves and party.key in (flow.source, flow.target) for flow in inventory.flows) and (
        party.side is Side.OUTSIDE
    )


def _id(key: str) -> str:
    return re.sub(r"\W", "_", key)


def _plain(text: str) -> str:
    return _UNSAFE.sub(" ", text)
