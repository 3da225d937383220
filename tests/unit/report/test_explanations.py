"""Every error code and every exit code is explained, on the command line and in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from ecr_publish.cli.explain import command
from ecr_publish.errors import EXIT_CODE_ORDER, UsageError
from ecr_publish.report.exits import EXITS
from ecr_publish.report.explanations import EXPLANATIONS, codes

PAGE = (Path(__file__).parents[3] / "docs" / "exit-codes.md").read_text(encoding="utf-8")


def explained(*arguments: str) -> str:
    done = CliRunner().invoke(command, list(arguments), standalone_mode=False, catch_exceptions=False)
    return done.output


def test_no_error_code_lacks_an_explanation_and_none_is_explained_that_does_not_exist():
    assert set(EXPLANATIONS) == set(codes())


def test_no_exit_code_lacks_an_entry():
    assert {each.number for each in EXITS} == {0, *EXIT_CODE_ORDER} >= set(codes().values())


@pytest.mark.parametrize("code", codes())
def test_an_error_code_is_explained(code: str):
    assert explained(code).startswith(f"{code} (exit {codes()[code]})\n")


@pytest.mark.parametrize("known", EXITS, ids=lambda known: str(known.number))
def test_an_exit_code_is_explained_by_its_number(known):
    assert explained(str(known.number)).startswith(f"exit {known.number}: {known.word}\n")


def test_all_are_listed_without_a_code():
    listed = set(re.findall(r"^  (\S+)", explained(), re.MULTILINE))
    assert listed == {*codes(), *(str(each.number) for each in EXITS)}


def test_a_misspelt_code_is_a_usage_error_that_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean tag-taken"):
        explained("tag-takn")


def test_the_page_has_every_exit_code_with_its_words():
    rows = set(re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE))
    assert rows == {(str(each.number), each.word, each.meaning) for each in EXITS}


def test_the_page_has_every_error_code_with_its_exit_code():
    rows = re.findall(r"^\| `(\S+)` \| (\d+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (code, str(number), EXPLANATIONS[code].meaning, EXPLANATIONS[code].remedy) for code, number in codes().items()
    ]


def test_the_page_has_the_order_in_which_exit_codes_win():
    assert ", ".join(map(str, EXIT_CODE_ORDER)) in PAGE
