"""Who hears that something of Secondline does not work, and how often it is tried out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pbx.config.schema.section import Section
from pbx.config.values import About, Keys, SomeKeys


class WatchSection(Section):
    """What keeps an eye on Secondline itself. Nothing that is told here is about a patient."""

    by: Annotated[
        Keys, About("Channels of [notify] that tell when something does not work, and when it does again.", '["mail"]')
    ] = []
    tell: Annotated[SomeKeys, About("People and teams who hear of it.", '["it"]')] = []
    heartbeat_minutes: Annotated[
        int,
        Field(ge=0, le=24 * 60),
        About("How often one of the numbers is called to hear its greeting; 0 is never.", "60", unit="minutes"),
    ] = 60
