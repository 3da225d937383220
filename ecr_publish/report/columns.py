"""Rows of text under each other, each column as wide as its longest cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ecr_publish.report.text import clean


def aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """One line per row; cells are cleaned but keep the blanks they begin with; the last column is left as long as it
    is, so that nothing is cut."""
    cells = [[_indentation(text) + clean(text) for text in row] for row in table]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(columns - 1)]
    for row in cells:
        padded = [text.ljust(width) for text, width in zip(row, widths, strict=False)]
        yield "  ".join([*padded, row[-1]]).rstrip()


def _indentation(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" "))]
