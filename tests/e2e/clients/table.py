"""The table of docs/clients.md: read, and written anew from outcomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.clients.client import Client
from tests.e2e.clients.columns import COLUMNS
from tests.e2e.clients.notes import note
from tests.e2e.clients.operations import OPERATIONS

PAGE = Path(__file__).parents[3] / "docs" / "clients.md"
BEGIN, END = "<!-- made by tests/e2e/clients -->\n", "<!-- end -->\n"
NO_COMMAND = "–"
Cells = Mapping[tuple[str, str], str]  # (column, row) -> ok or refused


def possible(column: type[Client], row: str) -> bool:
    """Whether the client has a command for it."""
    return hasattr(column, OPERATIONS[row][0]) and row not in column.cannot


def section() -> str:
    """The part of the page that is made."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def read(text: str) -> Cells:
    """What a table says of all cells that are possible."""
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line[:1] == "|"]
    header = next(line for line in lines if line[0] == "operation")
    rows = {line[0]: line[1:] for line in lines if len(line) == len(header) and line[0] in OPERATIONS}
    found = {
        (column, row): re.split(r"[ (]", cells[index])[0]
        for index, column in enumerate(header[1:])
        for row, cells in rows.items()
    }
    return {key: cell for key, cell in found.items() if cell != NO_COMMAND}


def written(cells: Cells) -> str:
    """The table and its notes."""
    notes: list[str] = []

    def cell(column: type[Client], row: str) -> str:
        if not possible(column, row):
            return NO_COMMAND + _mark(notes, column.cannot.get(row))
        outcome = cells[column.name, row]
        why = note(column.name, row) if outcome == "refused" else None
        return outcome + _mark(notes, f"{why.text}; {why.evidence}" if why else column.remarks.get(row))

    names = [column.name for column in COLUMNS]
    lines = [_row("operation", *names), _row(*["---"] * (len(names) + 1)).replace(" ", "")]
    lines += [_row(row, *(cell(column, row) for column in COLUMNS)) for row in OPERATIONS]
    lines += ["", *(f"({number}) {text}." for number, text in enumerate(notes, 1))]
    ways = [_row("client", "how it is led here"), "|---|---|", *(_row(each.name, each.reached) for each in COLUMNS)]
    return "\n".join([*_apart(lines), "", *ways]) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _mark(notes: list[str], text: str | None) -> str:
    if text is None:
        return ""
    if text not in notes:
        notes.append(text)
    return f" ({notes.index(text) + 1})"


def _apart(lines: list[str]) -> list[str]:
    """Each note is a paragraph of its own."""
    return [part for line in lines for part in ((line, "") if line.startswith("(") else (line,))][:-1]
