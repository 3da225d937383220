"""GitHub: nothing that anybody writes ends a record, starts a command, or takes over a summary."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecr_publish.outputs.github import GitHub, command, record
from ecr_publish.outputs.remarks import Level, Remark
from tests.unit.outputs.readers import github_commands, github_output

GITHUB = GitHub(Path("output"), Path("summary"))
EVIL = [
    "x\nname=stolen",
    "x\nname<<END\nstolen\nEND",
    "::set-output name=a::b",
    "\n::error::x\r\n##[error]y",
    "%0A::error::x",
    "$(touch stolen) `touch stolen` \"' ;",
    "日本語 \u202e\u200f é",
    "a" * 250,
]


@pytest.mark.parametrize("text", EVIL)
def test_a_value_comes_out_as_it_went_in_and_brings_no_other_record(text: str):
    (file,) = GITHUB.values({"tags": text, "digest": "d"}, "f" * 32)
    assert file.append
    assert github_output(file.text) == {"tags": text, "digest": "d"}


def test_a_value_that_holds_the_delimiter_is_refused():
    with pytest.raises(ValueError, match="no record can hold"):
        record("tags", "x\nEND\nname=stolen", "END")


@pytest.mark.parametrize("name", ["", "a=b", "a b", "a\nb"])
def test_a_name_that_could_be_read_otherwise_is_refused(name: str):
    with pytest.raises(ValueError, match="no record can hold"):
        record(name, "x", "END")


@pytest.mark.parametrize("text", EVIL)
def test_an_annotation_is_one_command_whatever_is_in_it(text: str):
    (line,) = GITHUB.remarks([Remark(Level.ERROR, text, text, text, 3, 5)])
    ((name, properties, message),) = github_commands(line)
    assert (name, message) == ("error", text)
    assert properties == {"file": text, "line": "3", "col": "5", "title": text}


def test_an_annotation_without_a_place_names_none():
    assert list(GITHUB.remarks([Remark(Level.WARNING, "t", "m")])) == ["::warning title=t::m"]


@pytest.mark.parametrize("text", EVIL)
def test_lines_of_others_command_nothing_in_their_block(text: str):
    lines = list(GITHUB.block("output of build web", text.split("\n"), "0123456789abcdef"))
    assert [name for name, _, _ in github_commands("\n".join(lines))] == ["group", "stop-commands", "endgroup"]


def test_the_reader_sees_a_command_outside_of_a_block():
    assert [name for name, _, _ in github_commands("  ::error::x\n## ##[warning]y")] == ["error", "warning"]


def test_a_secret_of_several_lines_is_masked_line_by_line_and_short_ones_never():
    assert list(GITHUB.masks("long-secret-1\nshort\nlong-secret-2")) == [
        "::add-mask::long-secret-1",
        "::add-mask::long-secret-2",
    ]


def test_without_the_runners_files_there_is_nothing_to_write():
    assert GitHub(None, None).values({"a": "b"}, "t") == ()
    assert GitHub(None, None).page("x") == ()


def test_percent_is_escaped_first():
    assert command("error", "%0A") == "::error::%250A"
