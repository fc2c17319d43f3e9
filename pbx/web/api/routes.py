"""The one table of the interface. A resource is a module with `ROUTES`; named here, it is served and described."""

from __future__ import annotations

from pbx.web.api import calls, messages, oncall, overrides, placing, status, texts
from pbx.web.api.table import Route

ROUTES: tuple[Route, ...] = (
    *calls.ROUTES,
    *placing.ROUTES,
    *messages.ROUTES,
    *texts.ROUTES,
    *overrides.ROUTES,
    *oncall.ROUTES,
    *status.ROUTES,
)
