"""How much a request may hold."""

from __future__ import annotations

LARGEST_BODY = 16 * 1024
"""Bytes of a request."""
