"""docs/migration.md shows cases of `init` as they are: what was there, what is written, what is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

DATA = ROOT / "tests" / "data" / "init"
PAGE = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"<!-- (before|after|said): ([\w-]+) -->\n```\w+\n(.*?)\n```", PAGE, re.DOTALL)


def shown_file(part: str, case: str) -> Path:
    if part == "said":
        return DATA / case / "said.txt"
    if part == "after":
        return DATA / case / "expected" / "ecr-publish.yaml"
    (path,) = (each for each in (DATA / case / "project").rglob("*") if each.is_file())
    return path


@pytest.mark.parametrize(("part", "case", "text"), SHOWN, ids=[f"{case}-{part}" for part, case, _ in SHOWN])
def test_a_block_is_the_case_s_file(part: str, case: str, text: str):
    assert text == shown_file(part, case).read_text(encoding="utf-8").rstrip("\n")


def test_each_ci_is_shown_before_and_after():
    for ci in ("github", "codebuild", "gitlab"):
        assert {"before", "after"} <= {part for part, case, _ in SHOWN if case.startswith(ci)}
