"""Our own table: every type, attribute, expression, flavor and error of tag rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecr_publish.errors import ConfigError
from ecr_publish.tags import Style, explanation
from ecr_publish.tags.rule import ATTRIBUTES, COMMON, PRIORITIES, parse
from tests.unit.tags.table import NOW, explained, origin, table

CASES = table("rules")["cases"]
ERRORS = table("errors")


def named(case: dict[str, Any]) -> str:
    """A case in a list of tests."""
    flavor = f" with {'; '.join(case['flavor'])}" if "flavor" in case else ""
    return f"{'; '.join(case['rules']) or 'no rules'}{flavor} on {case['run']}"


@pytest.mark.parametrize("case", [case for case in CASES if "error" not in case], ids=named)
def test_rules_give_what_the_table_says(case: dict[str, Any]):
    found = explained(case["run"], *case["rules"], flavor=case.get("flavor"), **case.get("file", {}))
    wanted = [case["tags"]] if isinstance(case["tags"], str) else case["tags"]
    assert list(found.tags.names) == wanted


@pytest.mark.parametrize("case", ERRORS["rules"], ids=lambda case: case["rule"])
def test_a_rule_that_cannot_be_read_is_an_error_that_names_it(case: dict[str, Any]):
    with pytest.raises(ConfigError) as caught:
        explained("main", case["rule"])
    assert case["what"] in caught.value.what
    assert caught.value.where == f"tags: {case['rule']}"
    assert caught.value.hint


@pytest.mark.parametrize("case", ERRORS["flavors"], ids=lambda case: case["flavor"])
def test_a_flavor_that_cannot_be_read_is_an_error_that_names_it(case: dict[str, Any]):
    with pytest.raises(ConfigError) as caught:
        explained("main", "a", flavor=[case["flavor"]])
    assert case["what"] in caught.value.what
    assert caught.value.where == f"flavor: {case['flavor']}"


def test_the_table_has_every_type_and_attribute():
    read = [parse(rule) for case in CASES for rule in case["rules"] if "error" not in case]
    asked = {(kind, name) for kind, own in ATTRIBUTES.items() for name in own}
    told = {(rule.type, name) for rule in read for name in ATTRIBUTES[rule.type] if f"{name}=" in rule.line}
    assert asked - told == set()
    assert {name for name in COMMON if not any(f"{name}=" in rule.line for rule in read)} == set()
    assert set(PRIORITIES) == {rule.type for rule in read}


@pytest.mark.parametrize("rule", ["type=edge", "a,enable={{is_default_branch}}", "a,enable={{is_not_default_branch}}"])
def test_a_default_branch_that_nobody_tells_is_an_error_if_a_rule_asks(rule: str):
    seen = replace(origin("main"), default_branch=None)
    with pytest.raises(ConfigError) as caught:
        explanation((rule,), Style(), seen, NOW, default_branch=None)
    assert "default-branch: main" in caught.value.hint
