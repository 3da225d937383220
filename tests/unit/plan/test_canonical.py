"""A saved plan: equal for equal plans, silent about what differs between runs, and precise about the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ecr_publish.config.builds import DockerBuild
from ecr_publish.errors import PluginError
from ecr_publish.model.target import Place
from ecr_publish.plan.canonical import canonical, first_difference, plain
from ecr_publish.plan.intent import FactKey, Intent
from tests.unit.report.words import PUSH, START, plan


@dataclass(frozen=True)
class Details:
    value: object

    @property
    def summary(self) -> str:
        return "x"


def with_details(value: object) -> Intent:
    return replace(PUSH, details=Details(value))


def test_equal_plans_give_equal_text():
    assert canonical(plan()) == canonical(plan())


def test_the_text_is_json_with_sorted_keys():
    made = json.loads(canonical(plan()))
    assert list(made) == sorted(made)


@pytest.mark.parametrize(
    "passing",
    [
        {"run_url": "https://github.example/runs/2"},
        {"actor": "somebody-else"},
        {"event": "workflow_dispatch"},
        {"sources": (("sha", "CI_COMMIT_SHA"),)},
        {"warnings": ("git: dubious ownership in /home/runner/work",)},
    ],
    ids=lambda passing: next(iter(passing)),
)
def test_what_differs_between_two_runs_of_the_same_thing_is_not_in_it(passing: dict[str, object]):
    assert canonical(plan(origin=replace(plan().origin, **passing))) == canonical(plan())


def test_warnings_are_no_part_of_what_will_be_done():
    assert canonical(plan(warnings=("in /home/x",))) == canonical(plan())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (FactKey(DockerBuild, Place("web", "dev")), "DockerBuild web@dev"),
        (DockerBuild, "DockerBuild"),
        (START, "2026-11-24T12:00:00+00:00"),
        (datetime(2026, 11, 24, 13, tzinfo=timezone(timedelta(hours=1))), "2026-11-24T12:00:00+00:00"),
        (timedelta(minutes=15), 900.0),
        (Path("a/b"), "a/b"),
        (Path("/home/runner/a/b"), "b"),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({1: (True, None)}, {"1": [True, None]}),
        (Details(1), {"is": "Details", "value": 1}),
    ],
)
def test_each_kind_of_value_has_one_form(value: object, text: object):
    assert plain(value) == text


def test_two_alternatives_with_the_same_fields_are_told_apart():
    @dataclass(frozen=True)
    class Other:
        value: object

    assert plain(Details(1)) != plain(Other(1))


def test_a_value_without_a_json_form_is_an_error_of_the_step_that_has_it():
    with pytest.raises(PluginError, match="object, which has no JSON form"):
        canonical(plan(with_details(object())))


def test_equal_plans_do_not_differ():
    assert first_difference(canonical(plan()), canonical(plan())) is None


@pytest.mark.parametrize(
    ("saved", "now", "told"),
    [
        (
            plan(with_details({"tags": ("1.4.0",)})),
            plan(with_details({"tags": ("1.4.1",)})),
            'intents[0] (push web@dev).details.value.tags[0]: saved "1.4.0", now "1.4.1"',
        ),
        (plan(PUSH), plan(PUSH, PUSH), "intents[1]: saved nothing, now push web@dev"),
        (plan(PUSH, PUSH), plan(PUSH), "intents[1]: saved push web@dev, now nothing"),
        (plan(with_details(True)), plan(with_details(1)), "intents[0] (push web@dev).details.value: saved true, now 1"),
        (
            plan(with_details({"a": 1})),
            plan(with_details({})),
            "intents[0] (push web@dev).details.value.a: saved 1, now nothing",
        ),
        (
            plan(now=START),
            plan(now=datetime(2027, 1, 1, tzinfo=UTC)),
            'now: saved "2026-11-24T12:00:00+00:00", now "2027',
        ),
        (
            plan(versions=(("ecr-publish", "0.1.0"),)),
            plan(versions=(("ecr-publish", "0.2.0"),)),
            "versions[0][1]: saved",
        ),
        (plan(context_hashes=(("web", "1"),)), plan(context_hashes=(("web", "2"),)), 'context_hashes[0][1]: saved "1"'),
    ],
)
def test_the_first_difference_is_named_by_its_path(saved, now, told: str):
    assert first_difference(canonical(saved), canonical(now)).startswith(told)


def test_a_hash_is_told_only_where_nothing_readable_differs():
    one, other = plan(config_hash="1"), plan(config_hash="2", origin=replace(plan().origin, sha="f" * 40))
    assert first_difference(canonical(one), canonical(other)).startswith("origin.sha: saved")


@pytest.mark.parametrize("saved", ["", "{", "[" * 100_000, "[]", "null", '{"version": 2}', '{"version": "1"}'])
def test_a_text_that_is_no_saved_plan_differs(saved: str):
    assert "the saved plan is not" in first_difference(saved, canonical(plan()))


def test_a_long_value_is_not_told_whole():
    one, other = plan(with_details("x" * 10_000)), plan(with_details("y" * 10_000))
    assert len(first_difference(canonical(one), canonical(other))) < 600
