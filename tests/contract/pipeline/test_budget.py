"""The request budget of each command, as docs/transfer.md promises it, from the embedded ECR's own log."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from bench.rounds import in_rounds
from tests.contract.pipeline.budget import COMMANDS, Command, column
from tests.contract.pipeline.stage import Stage, staged

DOCS = Path(__file__).parents[3] / "docs" / "transfer.md"
SERIES = "in series"
COLUMNS = (
    "STS", "token", "settings, scans", "looks", "manifests read", "referrers, tag lists", "blobs asked", "blobs read",
    "blobs sent", "manifests and tags written", SERIES,
)  # fmt: skip


def spent(stage: Stage, command: Command) -> dict[str, int]:
    """The requests of a command, by column, and how many of them wait for one another."""
    with in_rounds(stage.server, stage.clock) as rounds:
        assert command().exit_code == 0
    found = Counter(map(column, chain.from_iterable(rounds.done)))
    return {name: found[name] for name in COLUMNS} | {SERIES: len(rounds.done)}


def promise(row: str) -> dict[str, int]:
    """A row of the table."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("| command | STS |"))
    assert [name.strip() for name in lines[head].strip("|").split("|")][1:] == list(COLUMNS)
    line = next(line for line in lines[head:] if re.match(rf"\| {re.escape(row)} \|", line))
    return dict(zip(COLUMNS, map(int, line.strip("|").split("|")[1:]), strict=True))


@pytest.mark.parametrize("row", COMMANDS)
def test_a_command_asks_what_its_row_says(tmp_path: Path, row: str):
    with staged(tmp_path, **COMMANDS[row].settings) as stage:
        assert spent(stage, COMMANDS[row].prepare(stage)) == promise(row)
