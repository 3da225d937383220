"""Text of others prints as text and commands nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.report.text import LONGEST, clean, passage


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("grün 日本 ✓", "grün 日本 ✓"),
        ("a\x1b[31mred\x1b[0m b", "ared b"),
        ("a\x9b31mred", "ared"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://evil\x1b\\link", "link"),
        ("\x1bP1$r\x1b\\x", "x"),
        ("\x1bcx", "x"),
        ("done\rfailed", "done failed"),
        ("one\ntwo\tthree", "one two three"),
        ("bell\x07 null\x00", "bell null"),
        ("abc\u202etxt.exe", "abc txt.exe"),
        ("line\u2028break", "line break"),
        ("half \ud800 pair", "half pair"),
        ("  ::set-output name=x::y", ": :set-output name=x::y"),
        ("::stop-commands::x", ": :stop-commands::x"),
        ("a::b", "a::b"),
        ("text ##[error]no", "text ## [error]no"),
        ("\x1b[0Ksection_start:1:x\r\x1b[0KTitle", "section_start:1:x Title"),
    ],
)
def test_one_line_is_harmless(text: str, shown: str):
    assert clean(text) == shown


def test_a_long_text_is_cut_and_says_so():
    assert clean("x" * 10_000) == "x" * (LONGEST - len("… (cut)")) + "… (cut)"


def test_a_passage_keeps_its_lines_and_their_indentation():
    assert passage("what:\n    rule: reason\x1b[1m\r\n  ::error::x") == "what:\n    rule: reason\n  : :error::x"


@given(st.text())
def test_no_text_gets_a_control_character_through(text: str):
    assert clean(text).isprintable()


@given(st.text(alphabet="\x1b[]:#;m0K \n\r\x07\\Pa\x9b"))
def test_no_text_starts_a_workflow_command(text: str):
    lines = [clean(text), *passage(text).split("\n")]
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines)
