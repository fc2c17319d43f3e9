"""The audit of a practice put together: its chain, its checkpoints and their key.

Whoever has brought a database back asks `await audit_trail(records.audit, layout, settings.audit).verify()` and looks
at the report's `verdict` and `findings`.
"""

from __future__ import annotations

from pbx.asterisk.layout import Layout
from pbx.auditing.files import CheckpointFiles
from pbx.auditing.trail import AuditTrail
from pbx.auditing.verify import Pause, at_once
from pbx.config.settings import Audit
from pbx.store.chain import PgAudit


def audit_trail(book: PgAudit, layout: Layout, settings: Audit, pause: Pause = at_once) -> AuditTrail:
    """The audit in `book`, with the checkpoints and the key that the settings name.

    Verifying it waits for `pause` before each portion of rows.
    """
    files = CheckpointFiles(layout.checkpoints, settings.copy)
    return AuditTrail(book, files, settings.key or layout.audit_key, pause)
