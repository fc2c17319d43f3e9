"""The practice's contacts: a CSV file as a spreadsheet writes it, read with patience.

What is wrong is told by line, never with what stands there: a server that takes a changed file writes its problems into
its log.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pbx.config.problems import Problem
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.domain.callers import Contact
from pbx.domain.numbers import to_e164

_COLUMNS = {
    "number": ("number", "phone", "telephone", "tel", "phone number", "telephone number", "mobile", "cell"),
    "name": ("name", "full name", "contact", "who"),
    "groups": ("groups", "group", "kind", "kinds", "type", "category", "categories"),
    "note": ("note", "notes", "comment", "comments", "remark"),
}
_MEANT = {heading: column for column, headings in _COLUMNS.items() for heading in headings}
_GROUP = re.compile(r"[a-z0-9][a-z0-9-]*")
_BETWEEN_GROUPS = re.compile(r"[,;|/]")
_ROUNDED = re.compile(r"[0-9]+([.,][0-9]+)?e\+?[0-9]+", re.IGNORECASE)
_HOW = "begin the file with a line such as: number,name,groups,note"


@dataclass(frozen=True, slots=True)
class Contacts:
    """Everybody by number (E.164), and the `text` that they were read from."""

    people: dict[str, Contact] = field(default_factory=dict)
    text: str = ""


def read_contacts(file: PracticeFile, report: Report) -> Contacts:
    """The contacts that the file names; each bad row is reported with its line."""
    if file.contacts is None:
        return Contacts()
    path = ("contacts", "file")
    csv_file = report.document.beside(path, file.contacts.file)
    try:
        text = _decoded(csv_file.read_bytes())
    except FileNotFoundError:
        report.problem(path, f"{csv_file} does not exist", "check the name and the folder")
    except OSError as error:
        report.problem(path, f"{csv_file} cannot be read: {error.strerror}", "check its permissions")
    except UnicodeDecodeError:
        report.problem(path, f"{csv_file} is not text", "save it from the spreadsheet as CSV UTF-8")
    else:
        return Contacts(_Reader(csv_file, file.practice.country, report).read(text), text)
    return Contacts()


def _decoded(content: bytes) -> str:
    """As spreadsheets save text: UTF-8 with or without a mark, UTF-16 with one, else the Western code page."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


class _Reader:
    def __init__(self, file: Path, country: str, report: Report) -> None:
        self.file = file
        self.country = country
        self.report = report
        self.lines: dict[str, int] = {}

    def read(self, text: str) -> dict[str, Contact]:
        rows = self._rows(text)
        heading = next(rows, None)
        if heading is None:
            self._wrong(1, "is empty", _HOW)
            return {}
        columns = self._columns(*heading)
        if "number" not in columns:
            return {}
        found: dict[str, Contact] = {}
        for line, cells in rows:
            values = {name: cells[place].strip() for name, place in columns.items() if place < len(cells)}
            if contact := self._contact(line, values):
                found[contact.number] = contact
        return found

    def _rows(self, text: str) -> Iterator[tuple[int, Sequence[str]]]:
        """Each row that holds something, with the line on which it begins."""
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first.count)
        rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
        line = 1
        try:
            for cells in rows:
                if any(cell.strip() for cell in cells) and not cells[0].startswith("sep="):
                    yield line, cells
                line = rows.line_num + 1
        except csv.Error:
            self._wrong(line, "cannot be read as CSV", "look for a quote that is not closed, or save the file anew")

    def _columns(self, line: int, heading: Sequence[str]) -> dict[str, int]:
        columns: dict[str, int] = {}
        for place, text in enumerate(heading):
            column = _MEANT.get(text.strip().lower().replace("_", " "))
            if column in columns:
                self._wrong(line, f"has two columns for the {column}", "keep one of the two")
            elif column:
                columns[column] = place
        if "number" not in columns:
            self._wrong(line, "has no column called number", _HOW)
        return columns

    def _contact(self, line: int, values: dict[str, str]) -> Contact | None:
        number = self._number(line, values.get("number", ""))
        groups = self._groups(line, values.get("groups", ""))
        if number is None:
            return None
        if number in self.lines:
            remedy = "keep one of the two, with all groups in it"
            self._wrong(line, f"has the same number as line {self.lines[number]}", remedy)
            return None
        self.lines[number] = line
        return Contact(number, values.get("name", ""), groups, values.get("note", ""))

    def _number(self, line: int, text: str) -> str | None:
        # A spreadsheet that is kept from reading a number as one leaves ="..." or an apostrophe before it.
        text = text.removeprefix("=").strip('"').removeprefix("'").strip()
        if not text:
            self._wrong(line, "has no number", "add it, or take the row out")
        elif _ROUNDED.fullmatch(text):
            remedy = "give the column the format text in the spreadsheet, and type the number again"
            self._wrong(line, "has a number that the spreadsheet has rounded", remedy)
        else:
            try:
                return to_e164(text, self.country)
            except ValueError as error:
                what, _, remedy = str(error).partition(" (")
                self._wrong(line, f"the number {what}", remedy.removesuffix(")"))
        return None

    def _groups(self, line: int, text: str) -> frozenset[str]:
        groups = {"-".join(group.lower().split()) for group in _BETWEEN_GROUPS.split(text)} - {""}
        if not all(_GROUP.fullmatch(group) for group in groups):
            remedy = "use letters a-z, digits and hyphens, such as nursing-home, with a comma between two groups"
            self._wrong(line, "has a group that is not a usable name", remedy)
        return frozenset(groups)

    def _wrong(self, line: int, what: str, remedy: str) -> None:
        self.report.problems.append(Problem(str(self.file), line, "contacts", what, remedy))
