"""`secondline api`: what the HTTP interface offers."""

from __future__ import annotations

from argparse import Namespace

from pbx.web.api.openapi import document_text
from pbx.web.api.routes import ROUTES


def api(options: Namespace) -> int:
    """List the routes with their scopes, or print the OpenAPI document."""
    if options.openapi:
        print(document_text())
        return 0
    for route in ROUTES:
        print(f"{route.method:6} {route.path:34} {route.scope.value:16} {route.summary}")
    return 0
