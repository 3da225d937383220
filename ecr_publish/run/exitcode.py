"""The exit code of a run, from everything that went wrong in it."""

from __future__ import annotations

from collections.abc import Iterable

from ecr_publish.errors import EXIT_CODE_ORDER, PublishError
from ecr_publish.run.ledger import Entry
from ecr_publish.run.outcome import Failed


def exit_code(entries: Iterable[Entry], errors: Iterable[PublishError] = ()) -> int:
    """0, or the first present of EXIT_CODE_ORDER among all failures."""
    codes = {entry.outcome.error.exit_code for entry in entries if isinstance(entry.outcome, Failed)}
    codes |= {error.exit_code for error in errors}
    return next((code for code in EXIT_CODE_ORDER if code in codes), 0)
