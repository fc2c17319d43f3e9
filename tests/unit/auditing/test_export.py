"""A part of the audit is a file that anybody can verify, and in which nothing can be changed, left out or put in."""

from __future__ import annotations

import asyncio
import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pbx.auditing.export import NotExported, Wish, Written, verify_export, write_export
from pbx.auditing.key import SigningKey
from pbx.auditing.verify import Verdict
from pbx.domain.audit import Head, Link
from pbx.domain.checkpoints import Log
from tests.kit.chains import Signer, Stored, signed_at, some_rows, stored

ROWS = some_rows(30)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return signed_at(SigningKey.make(tmp_path_factory.mktemp("key") / "key.pem"), ROWS, 0, 10, 20, 28)


async def export(file: Path, wish: Wish, log: Log, chain: Stored | None = None) -> Written:
    out = io.StringIO()
    written = await write_export(out, chain or stored(ROWS), log, wish, {"practice": "Scotland"})
    file.write_text(out.getvalue())
    return written


async def test_a_part_verifies_by_itself_up_to_the_next_row_that_was_signed(tmp_path: Path, signer: Signer) -> None:
    file = tmp_path / "export.jsonl"
    assert await export(file, Wish(4, 13), signer.log) == Written(10, 7, 20)
    report = verify_export(file, signer.key.public)
    assert (report.verdict, report.checked, report.first, report.anchored) == (Verdict.INTACT, 17, 4, 20)
    assert verify_export(file, None).key == signer.key.public
    shown = [json.loads(line)["canon"] for line in file.read_text().splitlines() if '"kind":"row"' in line]
    assert [json.loads(canon)["seq"] for canon in shown] == list(range(4, 14))


async def test_of_rows_about_others_only_the_hash_is_told(tmp_path: Path, signer: Signer) -> None:
    file = tmp_path / "export.jsonl"
    written = await export(file, Wish(1, 30, "message/3"), signer.log)
    assert (written.shown, written.by_hash) == (4, 26)
    assert "message/2" not in file.read_text()
    report = verify_export(file, signer.key.public)
    assert (report.verdict, report.checked, report.anchored, report.unanchored) == (Verdict.INTACT, 30, 28, 2)


async def test_a_chain_whose_beginning_was_let_go_is_exported_from_where_it_begins(
    tmp_path: Path, signer: Signer
) -> None:
    base = Link(10, ROWS[9].hash)
    chain = Stored(ROWS[10:], Head(base, Link(30, ROWS[-1].hash)), portion=4)
    await export(tmp_path / "export.jsonl", Wish(11, 30), signer.log, chain)
    assert verify_export(tmp_path / "export.jsonl", signer.key.public).verdict is Verdict.INTACT
    with pytest.raises(NotExported, match="no such rows"):
        await export(tmp_path / "export.jsonl", Wish(10, 30), signer.log, chain)


async def test_any_line_that_is_changed_left_out_moved_or_doubled_is_found(tmp_path: Path, signer: Signer) -> None:
    file, dice = tmp_path / "export.jsonl", random.Random(7)
    await export(file, Wish(5, 20, "message/3"), signer.log)
    lines = file.read_text().splitlines(keepends=True)
    first = 2 + sum('"kind":"checkpoint"' in line for line in lines) - 1
    for _ in range(300):
        changed, at = list(lines), dice.randrange(first, len(lines) - 1)
        match dice.randrange(4):
            case 0:
                changed[at] = changed[at].replace(dice.choice("0123456789abcdef"), "e", 1)
            case 1:
                del changed[at]
            case 2:
                changed.insert(at, changed[at])
            case 3:
                other = dice.randrange(first, len(lines) - 1)
                changed[at], changed[other] = changed[other], changed[at]
        if changed == lines:
            continue
        file.write_text("".join(changed))
        try:
            report = verify_export(file, signer.key.public)
        except NotExported:  # it is not even one any more
            continue
        assert report.verdict is Verdict.TAMPERED, changed[at]


async def test_what_another_key_signed_or_nobody_is_not_believed(tmp_path: Path, signer: Signer) -> None:
    file = tmp_path / "export.jsonl"
    stranger = SigningKey.make(tmp_path / "another.pem")
    await export(file, Wish(1, 20), signer.log)
    assert verify_export(file, stranger.public).verdict is Verdict.TAMPERED
    await export(file, Wish(1, 20), Log())
    assert verify_export(file, None).verdict is Verdict.CANNOT_TELL
    for text in ("", "{}\n", "[]\n", "words\n"):
        file.write_text(text)
        with pytest.raises(NotExported):
            verify_export(file, None)


async def test_the_program_in_the_documentation_verifies_an_export_and_refuses_a_spoilt_one(
    tmp_path: Path, signer: Signer
) -> None:
    text = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")
    program, file = text.partition("```python\n")[2].partition("```")[0], tmp_path / "export.jsonl"
    await export(file, Wish(4, 13, "message/3"), signer.log)
    words = (sys.executable, "-c", program, str(file), signer.key.public)
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True)
    assert done.stdout == "rows 4 to 20 are as they were signed\n", done.stderr
    file.write_text(file.read_text().replace("mia", "bob"))
    assert (await asyncio.to_thread(subprocess.run, words, capture_output=True)).returncode == 1
