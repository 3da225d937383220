"""Lines of a Dockerfile: where the step stands that an engine says has failed."""

from __future__ import annotations

import re

_STEP = re.compile(r"Step (\d+)/\d+ : (\w+)")
_PARSE = re.compile(r"(?:parse error )?(?:on )?line (\d+)\b")


def line_of_step(content: str, step: str) -> int | None:
    """The line (from 1) of `Step 3/7 : RUN make`; None where the file has another instruction there.

    An engine counts instructions of the file from its top, ARGs before the first FROM included.
    """
    match = _STEP.match(step)
    found = instructions(content)
    number = int(match[1]) if match else 0
    if match is None or not 1 <= number <= len(found) or found[number - 1][1] != match[2].upper():
        return None
    return found[number - 1][0]


def line_of_refusal(words: str) -> int | None:
    """The line that an engine's parser names (`dockerfile parse error on line 3: unknown instruction: FORM`)."""
    match = _PARSE.search(words) if "parse error" in words.lower() else None
    return int(match[1]) if match else None


def instructions(content: str) -> list[tuple[int, str]]:
    """Each instruction's first line and its word. Lines that end in the escape character go on, through comments and
    empty lines, and the text of a heredoc is none.

    Source: Dockerfile reference, "Parser directives" (escape), "Here-documents".
    """
    lines = content.splitlines()
    directive = re.match(r"(?:#\s*\w+\s*=.*\n)*#\s*escape\s*=\s*([`\\])", content, re.IGNORECASE)
    escape = directive[1] if directive else "\\"
    found: list[tuple[int, str]] = []
    goes_on, ends = False, list[str]()
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if ends:
            ends = ends[1:] if line.lstrip("\t") == ends[0] else ends
            continue
        if not text or text.startswith("#"):
            continue
        if not goes_on:
            found.append((number, text.split()[0].upper()))
        goes_on = text.endswith(escape)
        if not goes_on and found[-1][1] in ("RUN", "COPY", "ADD"):
            ends = re.findall(r"<<-?[\"']?(\w+)[\"']?", text)
    return found
