"""What was understood of a run, as text and JSON; and strangers' text in every writer of origins and tags."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ecr_publish.model.origin import Origin, RefKind
from ecr_publish.plan.canonical import canonical
from ecr_publish.report.origintext import origin_json, origin_text
from ecr_publish.report.plantext import plan_text
from ecr_publish.report.tagtext import explanations_json, explanations_text
from ecr_publish.tags import Style, explanation
from tests.unit.report.test_plantext import config
from tests.unit.report.words import plan

NOW = datetime(2031, 3, 4, tzinfo=UTC)
ORIGIN = Origin(
    ci="gitlab",
    repository="twtech/web",
    ref_kind=RefKind.BRANCH,
    ref="refs/heads/main",
    sha="b0bd943fdeff95eb270517001b478d76c2ffd8f4",
    trusted=True,
    warnings=("odd",),
    sources=(("ref", "CI_COMMIT_BRANCH"), ("pr", "CI_MERGE_REQUEST_IID"), ("trusted", "CI_PROJECT_ID")),
)
NASTY = [
    "quote\"and'quote",
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned",
    "a\nb",
    "a\r\n::set-output name=x::y",
    "::set-output name=x::y",
    "\n::add-mask::x",
    "##[error]boo",
    "\x1b[31mred\x1b]0;title\x07",
    "ünïcödé-日本語",
    "\u202eright-to-left",
    "x" * 250,
    "%0A::warning::x",
    "a\udce9b",
    "\x9b31m",
    "\x00",
]


def written(text: str) -> dict[str, str]:
    """The output of every writer for a branch and a rule of this text."""
    told = replace(ORIGIN, ref=f"refs/heads/{text}", actor=text, head_ref=text, run_url=text, repository=text)
    quoted = text.replace('"', '""')
    rules = ("type=ref,event=branch", "type=raw,value=x{{branch}}", f'type=edge,"branch={quoted}y"')
    images = {text: explanation(rules, Style(), told, NOW, default_branch="main")}
    planned = replace(plan(), origin=told, tags=((text, images[text].tags),))
    return {
        "origin": origin_text(told),
        "origin as JSON": origin_json(told),
        "plan": plan_text(planned, config()),
        "plan as JSON": canonical(planned),
        "tags": explanations_text(told, images),
        "tags as JSON": explanations_json(told, images),
    }


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_whatever_a_branch_is_called_no_writer_lets_it_command(text: str):
    for name, made in written(text).items():
        assert [line for line in made.splitlines() if re.match(r"\s*::", line)] == [], name
        assert "##[" not in made, name
        assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", made) == [], name


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_json_of_it_stays_json_and_has_the_ref_as_it_is(text: str):
    made = {name: json.loads(each) for name, each in written(text).items() if name.endswith("JSON")}
    assert made["origin as JSON"]["ref"] == f"refs/heads/{text}"
    assert len(made) == 3


def test_a_fact_stands_with_the_variable_that_told_it():
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in origin_text(ORIGIN).splitlines()}
    assert lines["ref"].split() == ["refs/heads/main", "(CI_COMMIT_BRANCH)"]
    assert lines["trusted"].split() == ["true", "(CI_PROJECT_ID)"]
    assert lines["pr"] == "-"
    assert "warnings" not in lines


def test_json_names_the_sources_of_what_is_known_only():
    told = json.loads(origin_json(ORIGIN))
    assert told["sources"] == {"ref": "CI_COMMIT_BRANCH", "trusted": "CI_PROJECT_ID"}
    assert (told["pr"], told["warnings"]) == (None, ["odd"])
