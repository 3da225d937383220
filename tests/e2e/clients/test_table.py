"""docs/clients.md is what the clients do: each cell is carried out, and must come out as the page says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.e2e.clients import cells, table
from tests.e2e.clients.client import CLIENTS, Client, absent
from tests.e2e.clients.columns import COLUMNS, PRESENT, running
from tests.e2e.clients.operations import OPERATIONS

MAY_BE_ABSENT = {"terraform, aws 5"}  # it cannot be had from a package registry
CELLS = [(column.name, row) for column in PRESENT for row in OPERATIONS if table.possible(column, row)]


@pytest.fixture(scope="module")
def clients() -> Iterator[Mapping[str, Client]]:
    with running() as them:
        yield them


@pytest.fixture(scope="module")
def said() -> table.Cells:
    return table.read(table.section())


@pytest.mark.parametrize(("column", "row"), CELLS, ids=[f"{column}-{row}" for column, row in CELLS])
def test_each_client_does_what_the_page_says(clients, said, column, row):
    assert cells.outcome(clients[column], row) == said.get((column, row))


@pytest.mark.parametrize("column", [column.name for column in PRESENT])
def test_each_client_is_of_the_version_that_the_page_names(clients, column):
    assert clients[column].told().startswith(clients[column].version)


def test_the_page_has_every_client_and_operation_and_nothing_else(said):
    assert said.keys() == {
        (column.name, row) for column in COLUMNS for row in OPERATIONS if table.possible(column, row)
    }
    assert table.written(said) == table.section(), "python -m tests.e2e.clients writes it anew"


def test_no_client_is_absent_that_can_be_had():
    lacking = {column.name: absent(column) for column in COLUMNS if column not in PRESENT}
    assert lacking.keys() <= MAY_BE_ABSENT, f"{lacking}: bash .ci/clients.sh {CLIENTS}"
