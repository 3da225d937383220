"""Text of others, made harmless: everything in a report may come from a branch name, a build log or a scanner."""

from __future__ import annotations

import re

LONGEST = 2_000  # characters: a line in a log, a cell of a table
LONGEST_PASSAGE = 16_000
CUT = "… (cut)"

# ECMA-48: CSI … final byte; OSC, DCS, SOS, PM and APC up to BEL or ST; then any other escape.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)


def clean(text: str, limit: int = LONGEST) -> str:
    """One line that prints as text and commands nothing: no escapes, no control or format characters (which turn the
    reading direction round or have no width), at most `limit` characters."""
    return _cut(_defused(" ".join(_printable(text).split())), limit)


def passage(text: str, limit: int = LONGEST_PASSAGE) -> str:
    """The same for text of several lines; line breaks and indentation stay."""
    lines = (_defused(_printable(line)).rstrip() for line in re.split(r"\r\n|\n", text))
    return _cut("\n".join(lines), limit)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in _ESCAPES.sub("", text))


def _defused(line: str) -> str:
    """GitHub's runner takes `::name::` at the start of a line (after blanks) and `##[name]` anywhere as commands.

    Source: actions/runner, src/Runner.Common/ActionCommand.cs.
    """
    return re.sub(r"^(\s*):(?=:)", r"\1: ", line).replace("##[", "## [")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT
