"""Checkpoints are signed and linked lines in two files: what is done to them shows, and neither file stays behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.auditing.files import CheckpointFiles, FileAway, read_files
from pbx.auditing.key import KeyProblem, SigningKey, believing
from pbx.domain.audit import START, Kind, Link
from pbx.domain.checkpoints import NO_LINE, Cause, Log, parse, read_log
from tests.kit.chains import Signer


def link(seq: int) -> Link:
    return Link(seq, bytes([seq]) * 32)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.make(tmp_path_factory.mktemp("key") / "key.pem")


@pytest.fixture
def signer(key: SigningKey) -> Signer:
    signer = Signer(key)
    for seq in (0, 5, 9, 12):
        signer.sign(link(seq) if seq else START)
    return signer


def test_a_line_is_read_back_to_the_letter(signer: Signer) -> None:
    for one in signer.lines:
        assert parse(one.line) == one
    assert (signer.log.checkpoints, signer.log.finding) == (tuple(signer.lines), None)
    assert signer.log.anchors() == {seq: link(seq).hash for seq in (5, 9, 12)}


def test_every_change_of_a_single_letter_shows(signer: Signer, key: SigningKey) -> None:
    text = signer.text
    for at in range(0, len(text), 7):
        changed = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
        log = read_log(changed, believing(key.public))
        assert log.finding is not None or len(log.checkpoints) < 4, at
        assert log.checkpoints == tuple(signer.lines[: len(log.checkpoints)])


def test_lines_that_are_taken_out_moved_or_signed_by_another_show(signer: Signer, tmp_path: Path) -> None:
    lines = signer.text.splitlines(keepends=True)
    stranger = Signer(SigningKey.make(tmp_path / "another.pem"))
    stranger.sign(link(20))
    for changed in (
        lines[1:],
        lines[:1] + lines[2:],
        [lines[0], lines[2], lines[1], lines[3]],
        [*lines, lines[3]],
        [*lines, stranger.lines[0].line + "\n"],
        ["{}\n", *lines],
    ):
        found = read_log("".join(changed), believing(signer.key.public)).finding
        assert found is not None and found.kind is Kind.SIGNATURE
    assert read_log(signer.text, believing(stranger.key.public)).checkpoints == ()


def test_a_line_that_a_crash_cut_off_does_not_count(signer: Signer) -> None:
    log = read_log(signer.text[:-10], believing(signer.key.public))
    assert (len(log.checkpoints), log.finding) == (3, None)


def test_what_was_signed_goes_back_only_where_a_backup_was_brought_back(signer: Signer) -> None:
    signer.sign(link(5), Cause.RESTORED, reason="the disk broke")
    signer.sign(link(7))
    assert sorted(signer.log.anchors()) == [5, 7]
    assert [(one.seq, one.lost) for one in signer.log.restores()] == [(5, 12)]
    signer.sign(link(6))
    assert signer.log.finding is not None


# Files.


@pytest.fixture
def files(tmp_path: Path) -> CheckpointFiles:
    (tmp_path / "share").mkdir()
    return CheckpointFiles(tmp_path / "audit" / "checkpoints.jsonl", tmp_path / "share" / "copy.jsonl")


def add(files: CheckpointFiles, signer: Signer, *seqs: int) -> str | None:
    failure = None
    with files.held():
        for seq in seqs:
            log = files.read(believing(signer.key.public))
            signer.lines = list(log.checkpoints)
            failure = files.add(signer.sign(link(seq)), log)
    return failure


def test_both_files_have_every_line_for_nobody_else_to_read(files: CheckpointFiles, key: SigningKey) -> None:
    signer = Signer(key)
    assert files.empty
    assert add(files, signer, 1, 2, 3) is None
    assert files.copy is not None
    assert files.main.read_text() == files.copy.read_text() == signer.text
    assert files.main.stat().st_mode & 0o777 == files.copy.stat().st_mode & 0o777 == 0o600
    assert read_files([files.main, files.copy], key.public) == signer.log


def test_a_copy_that_was_away_catches_up_and_so_does_the_main_one(files: CheckpointFiles, key: SigningKey) -> None:
    signer, copy = Signer(key), files.copy
    assert copy is not None
    add(files, signer, 1)
    copy.parent.rename(copy.parent.with_name("away"))
    assert "cannot be written" in (add(files, signer, 2, 3) or "")
    copy.parent.with_name("away").rename(copy.parent)
    assert add(files, signer, 4) is None
    files.main.write_text(files.main.read_text()[:600])  # brought back from a backup of long ago, and a torn line
    assert add(CheckpointFiles(files.main, copy), signer, 5) is None
    assert files.main.read_text() == copy.read_text() == signer.text
    assert [one.end.seq for one in signer.lines] == [1, 2, 3, 4, 5]


def test_a_copy_that_says_something_else_is_told_and_left_alone(files: CheckpointFiles, key: SigningKey) -> None:
    signer, other = Signer(key), Signer(key)
    add(files, signer, 1, 2)
    assert files.copy is not None
    other.sign(link(8))
    files.copy.write_text(other.text)
    log = files.read(believing(key.public))
    assert log.finding is not None and "part after" in log.finding.what
    assert "are not ours" in (add(files, signer, 3) or "")
    assert files.copy.read_text() == other.text


def test_a_copy_that_cannot_be_read_is_left_out_and_a_missing_one_is_told(
    files: CheckpointFiles, key: SigningKey, tmp_path: Path
) -> None:
    signer = Signer(key)
    add(files, signer, 1)
    assert files.copy is not None
    files.copy.unlink()
    files.copy.mkdir()
    assert files.read(believing(key.public)).checkpoints == tuple(signer.lines)
    with pytest.raises(FileAway, match="no checkpoints in"):
        read_files([tmp_path / "nothing"], key.public)


# The key.


def test_the_key_is_nobody_elses_and_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "audit" / "key.pem"
    made = SigningKey.make(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert SigningKey.load(file).public == made.public
    with pytest.raises(KeyProblem, match="cannot be written"):
        SigningKey.make(file)
    file.chmod(0o640)
    with pytest.raises(KeyProblem, match="chmod 600"):
        SigningKey.load(file)
    file.chmod(0o600)
    file.write_text("-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(KeyProblem, match="holds no key"):
        SigningKey.load(file)
    file.unlink()
    with pytest.raises(KeyProblem, match="is missing: bring"):
        SigningKey.load(file)
    for wrong in ("", "zz", made.public[:-2]):
        with pytest.raises(KeyProblem, match="64 letters"):
            believing(wrong)


def test_the_first_line_follows_nothing(signer: Signer) -> None:
    assert signer.lines[0].previous == NO_LINE
    assert Log().last is None
