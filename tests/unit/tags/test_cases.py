"""A table of rule lines, flavors and events of another project, read from where $ECR_PUBLISH_TAG_CASES says.

It is not shipped. Where the variable is unset, nothing is collected; the folder's README says what the fields mean.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ecr_publish.ci import origin
from ecr_publish.errors import ConfigError
from ecr_publish.tags import Style, explanation
from ecr_publish.tags.flavor import flavor
from ecr_publish.tags.rule import ATTRIBUTES, Rule, parse


def cases(name: str) -> list[Any]:
    """The cases of one file, named by their ids."""
    folder = os.environ.get("ECR_PUBLISH_TAG_CASES")
    table = json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8")) if folder else []
    return [pytest.param(case, id=case["id"]) for case in table]


def attributes(rule: Rule) -> dict[str, str]:
    """A rule's attributes as text, those that stand for the flavor's left out."""
    names = ("enable", "priority", *ATTRIBUTES[rule.type])
    given = {name: getattr(rule, name) for name in ("prefix", "suffix") if getattr(rule, name) is not None}
    return {**{name: str(getattr(rule, name)) for name in names}, **given}


def described(rule: Rule) -> dict[str, Any]:
    """A rule as the table spells it."""
    return {"type": rule.type, "attrs": attributes(rule)}


if os.environ.get("ECR_PUBLISH_TAG_CASES"):

    @pytest.mark.parametrize("parsed", cases("parse"))
    def test_a_rule_line_is_read(parsed: dict[str, Any]):
        lines = parsed.get("inputs") or [parsed["input"]]
        if parsed["error"]:
            with pytest.raises(ConfigError):
                [parse(line) for line in lines]
            return
        rules = sorted((parse(line) for line in lines), key=lambda rule: -rule.priority)
        expected = parsed["expected"] if isinstance(parsed["expected"], list) else [parsed["expected"]]
        assert [described(rule) for rule in rules] == expected

    @pytest.mark.parametrize("tasted", cases("flavor"))
    def test_flavor_lines_are_read(tasted: dict[str, Any]):
        if tasted["error"]:
            with pytest.raises(ConfigError):
                flavor(tuple(tasted["inputs"]))
            return
        found = flavor(tuple(tasted["inputs"]))
        assert {name: getattr(found, name) for name in tasted["expected"]} == tasted["expected"]

    @pytest.mark.parametrize("rendered", cases("meta"))
    def test_the_rules_give_these_tags(rendered: dict[str, Any]):
        env = {"GITHUB_ACTIONS": "true", **rendered["env"]} if rendered["env"] else {}
        seen = origin(env, rendered["event"], None)
        seen = replace(seen, commit_date=datetime.fromisoformat(rendered["commit_date"]))
        found = explanation(
            tuple(rendered["inputs"]["tags"]),
            Style(tuple(rendered["inputs"]["flavor"])),
            seen,
            datetime.fromisoformat(rendered["now"]),
            default_branch=seen.default_branch or rendered["repo"]["default_branch"],
            pr_sha="head" if env.get("DOCKER_METADATA_PR_HEAD_SHA") == "true" else "merge",
        ).tags.names
        # the table also has the image's name before each tag; names are no matter of rules
        expected = [each.rpartition(":")[2] for each in rendered["expected"]["tags"]]
        assert list(found) * max(1, len(rendered["inputs"]["images"])) == expected
