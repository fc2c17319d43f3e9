"""Errors of the database driver as our own, at the edge of every public method.

The driver's texts carry values (asyncpg's DataError quotes the argument, PostgreSQL's DETAIL the whole row), so they
are never passed on: an error of ours holds the SQLSTATE and the name of the constraint, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from pbx.services.ports import StoreUnavailable

_AWAY = ("08", "25006", "40", "53", "55P03", "57", "58")
"""SQLSTATE classes that tell of the server's state and not of what we asked it (PostgreSQL manual, appendix A)."""

_REMEDIES = {
    "42P01": "The tables of the database are not made yet.",
    "28": "The database refuses the login: check the user and the password in its address.",
    "3D": "The database server has no database of that name: create it, or correct the address.",
    "53100": "The disk of the database is full: free some space.",
}


NOT_ALLOWED = "42501"
"""SQLSTATE of what a role has no right to."""


class StoreError(Exception):
    """The database refused what it was asked: a defect of this program or of the stored data, not an outage."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what asyncpg raises into `StoreUnavailable` or `StoreError`, without its text."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _of_server(error) from None
    except asyncpg.exceptions.ClientConfigurationError:
        raise StoreUnavailable(
            "The database's address is not understood: write postgresql://user:password@host/database."
        ) from None
    except asyncpg.DataError:
        raise StoreError("The database driver refused the type of a value.") from None
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        raise StoreUnavailable("The database cannot be reached.") from None


def _of_server(error: asyncpg.PostgresError) -> Exception:
    state = str(error.sqlstate or "")
    for prefix, remedy in _REMEDIES.items():
        if state.startswith(prefix):
            return StoreUnavailable(remedy)
    if state.startswith(_AWAY):
        return StoreUnavailable(f"The database cannot serve now (SQLSTATE {state}).")
    constraint = getattr(error, "constraint_name", None)
    about = f", constraint {constraint}" if constraint else ""
    return StoreError(f"The database refused a statement (SQLSTATE {state}{about}).")
