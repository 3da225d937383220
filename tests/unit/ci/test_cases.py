"""The sample environments of all CIs: what each must be understood as. No case is treated specially."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecr_publish.ci import origin

CASES = sorted((Path(__file__).parents[2] / "data" / "ci").glob("*.json"))


def test_all_cases_are_here():
    assert len(CASES) == 58


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_sample_environment_is_understood(path: Path):
    case = json.loads(path.read_text(encoding="utf-8"))
    found = origin(case["env"], case.get("event"), None)
    understood = {key: getattr(found, key) for key in case["expected"]}
    assert understood == case["expected"]


@pytest.mark.parametrize("path", [path for path in CASES if "checkout_sha" in path.read_text()], ids=lambda p: p.stem)
def test_the_checked_out_commit_is_kept_beside_the_one_a_person_looks_up(path: Path):
    case = json.loads(path.read_text(encoding="utf-8"))
    assert origin(case["env"], case.get("event"), None).checkout_sha == case["also"]["checkout_sha"]
