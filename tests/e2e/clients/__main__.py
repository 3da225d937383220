"""`python -m tests.e2e.clients`: let every client do everything, and write docs/clients.md's table from it."""

from __future__ import annotations

import sys
import time

from tests.e2e.clients import cells, table
from tests.e2e.clients.columns import COLUMNS, PRESENT, running
from tests.e2e.clients.operations import OPERATIONS


def main() -> int:
    """The exit code: 1 if a client is absent, since half a table is none."""
    if lacking := [each.name for each in COLUMNS if each not in PRESENT]:
        print(f"absent: {', '.join(lacking)}; bash .ci/clients.sh brings most")
        return 1
    found: dict[tuple[str, str], str] = {}
    with running() as clients:
        for column in COLUMNS:
            began = time.monotonic()
            for row in OPERATIONS:
                if table.possible(column, row):
                    found[column.name, row] = cells.outcome(clients[column.name], row)
            print(f"{column.name}: {time.monotonic() - began:.0f} s")
    before, _, rest = table.PAGE.read_text(encoding="utf-8").partition(table.BEGIN)
    after = rest.partition(table.END)[2]
    table.PAGE.write_text(before + table.BEGIN + table.written(found) + table.END + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
