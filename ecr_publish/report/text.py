"""Text from elsewhere, made harmless: no escape sequence, no workflow command, no markup gets through."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-_])")
LONGEST = 2000


def clean(text: str) -> str:
    """One line without control characters, at most 2,000 characters, that no CI takes for a command.

    GitHub reads `::name::` at the beginning of a line and `##[name]` anywhere (actions/runner, ActionCommand.cs).
    """
    plain = _ANSI.sub("", text)
    plain = " ".join("".join(char if char.isprintable() else " " for char in plain).split())
    plain = plain.replace("##[", "# #[")
    if plain.startswith("::"):
        plain = " :" + plain[1:]
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def cell(text: str) -> str:
    """A cell of a Markdown table (GitHub-flavoured): no pipe ends it, no tag or link begins in it."""
    escaped = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|!])", r"\\\1", escaped)


def code(text: str) -> str:
    """Inline code whose fence is longer than any run of backticks inside."""
    plain = clean(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if longest else ""
    return f"{fence}{blank}{plain}{blank}{fence}" if plain else ""
