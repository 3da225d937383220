"""Lines of a Dockerfile, found by what the engine says of its steps."""

from __future__ import annotations

import pytest

from ecr_publish.engine.dockerfile import instructions, line_of_refusal, line_of_step

FILE = """\
# escape=\\
ARG BASE=scratch

FROM $BASE AS one
RUN a \\
    # a comment in between

    && b
# COPY is no instruction here
COPY <<EOF /x
RUN not one
EOF
run false
"""


def test_instructions_stand_at_their_first_line():
    assert instructions(FILE) == [(2, "ARG"), (4, "FROM"), (5, "RUN"), (10, "COPY"), (13, "RUN")]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("Step 1/5 : ARG BASE=scratch", 2),
        ("Step 5/5 : run false", 13),
        ("Step 5/5 : COPY a b", None),
        ("Step 9/9 : RUN false", None),
        ("", None),
    ],
)
def test_a_step_is_found_where_its_instruction_is(step: str, line: int | None):
    assert line_of_step(FILE, step) == line


def test_a_backtick_can_be_the_escape_character():
    assert instructions("# escape=`\nFROM a\nRUN b `\n c\nRUN d\\\nRUN e\n") == [
        (2, "FROM"),
        (3, "RUN"),
        (5, "RUN"),
        (6, "RUN"),
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("dockerfile parse error line 3: unknown instruction: FORM", 3),
        ("dockerfile parse error on line 12: unknown flag", 12),
        ("no such line 4", None),
    ],
)
def test_a_parsers_refusal_names_its_line(words: str, line: int | None):
    assert line_of_refusal(words) == line
