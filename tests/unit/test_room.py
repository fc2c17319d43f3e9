"""The staff is told when a mailbox or the disk gets full; nobody is refused because of it."""

from __future__ import annotations

import logging
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pbx.asterisk.layout import Layout
from pbx.backup.record import Kept
from pbx.cli.live import _warnings
from pbx.disk import LOW_BYTES, DiskWatch, disk_json
from pbx.domain.keeping import BoxCount, BoxRule, Keeping
from pbx.mailboxes import mailboxes_json

Usage = namedtuple("Usage", "total used free")
COUNTS = [BoxCount("rictor", 50, 3, 1, 2), BoxCount("front-desk", 49, 0, 0, 0)]


def with_room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr("pbx.disk.shutil.disk_usage", lambda _: Usage(10**12, 0, free))


def test_a_disk_that_gets_full_is_told_once_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    layout, watch = Layout(tmp_path / "var"), DiskWatch()
    layout.make()
    for free in (LOW_BYTES, LOW_BYTES - 1, LOW_BYTES - 2, LOW_BYTES, LOW_BYTES - 1):
        with_room(monkeypatch, free)
        assert watch.look(layout) == free
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "make room" in str(disk_json(layout)["detail"])


def test_status_says_what_the_staff_should_look_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(tmp_path / "var")
    layout.make()
    boxes = mailboxes_json(COUNTS, Keeping(BoxRule(30, 50)))
    with_room(monkeypatch, LOW_BYTES - 1)
    audio = {"adopted": 1, "foreign": 2, "damaged": 3}
    rest: dict[str, Any] = {
        "certificate": None,
        "door": {"banned": {}, "unencrypted": []},
        "audit": {"problem": ""},
        "backup": {"old": False},
    }
    told = list(_warnings({"disk": disk_json(layout), "mailboxes": boxes, "audio": audio} | rest))
    assert [line.partition(" ")[0] for line in told] == ["LOW", "FULL:", "Mailbox", "1", "2", "3"]
    assert "mailbox rictor has 50 messages (50 are allowed); it takes more" in told[1]
    with_room(monkeypatch, LOW_BYTES)
    nothing = {"adopted": 0, "foreign": 0, "damaged": 0}
    calm = {"disk": disk_json(layout), "mailboxes": None, "audio": nothing}
    assert list(_warnings(calm | rest)) == []
    now = datetime(2026, 11, 28, tzinfo=UTC)
    for made, said in ((None, "there is none"), (now - timedelta(days=3), "the last is of 2026-11-25T00:00:00+00:00")):
        [warning] = _warnings(calm | rest | {"backup": Kept(made).as_json(now)})
        assert warning.startswith(f"BACKUP: {said}; ")
    assert list(_warnings(calm | rest | {"backup": Kept(now - timedelta(days=1)).as_json(now)})) == []
