"""The draft of ecr-publish.yaml: names for what has none, environments, and what is said of each guess."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ecr_publish.adoption.draft import draft
from ecr_publish.adoption.found import Destination, Found, FoundImage, Place, Recipe
from ecr_publish.config.loader import load

AT = Place("ci.yml", 3)
HERE = Destination("111111111111", "us-east-2")


def written(*images: FoundImage) -> tuple[dict[str, Any], list[str]]:
    made = draft(Found(images), project="shop", region=None, default_branch=None)
    load(made.text.encode(), "draft")
    return yaml.safe_load(made.text), [each.text for each in made.remarks]


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        (Recipe(), "shop"),
        (Recipe("services/api"), "api"),
        (Recipe(".", "docker/web/Dockerfile"), "web"),
        (Recipe(".", "docker/Dockerfile"), "shop"),
        (Recipe("x", "../Dockerfile"), "shop"),
        (Recipe(target="worker"), "shop-worker"),
    ],
)
def test_a_repository_that_no_file_tells_is_named_by_its_directory_or_the_project(recipe: Recipe, name: str):
    tree, said = written(FoundImage("", recipe, AT, HERE, ("type=sha",)))
    assert tree["images"][name]["repository"] == name
    assert said == [f"the repository cannot be told from the file: {name} is written, check it"]


def test_switches_of_a_build_are_carried_over():
    tree, said = written(FoundImage("web", Recipe(switches=("pull", "no-cache")), AT, HERE, ("type=sha",)))
    assert tree["images"]["web"]["build"] == {"context": ".", "pull": True, "no-cache": True}
    assert said == []


def test_usual_rules_for_want_of_a_tag_are_said():
    _, said = written(FoundImage("web", Recipe(), AT, HERE))
    assert said == ["no tag of web can be told: the usual rules are written"]
    _, said = written(FoundImage("web", Recipe(), Place("web/Dockerfile", 1), HERE))
    assert said == []


def test_environments_in_one_registry_have_pointers():
    images = [FoundImage("web", Recipe(), AT, Destination(region="us-east-2", name=name)) for name in ("dev", "prod")]
    tree, said = written(*images)
    assert [each["pointer"] for each in tree["environments"].values()] == ["dev", "prod"]
    assert "prod is in one registry with dev: pointer: is written; or write another account" in said


def test_a_role_is_asked_for_only_where_there_are_several_accounts():
    plain = Destination(plain="ghcr.io")
    images = [FoundImage(name, Recipe(), AT, there, ("type=sha",)) for name, there in (("a1", plain), ("b1", HERE))]
    tree, said = written(*images)
    assert tree["environments"]["dev"] == {"account": "111111111111", "region": "us-east-2"}
    assert said == []
    other = FoundImage("c1", Recipe(), AT, Destination("222222222222", "us-east-2"), ("type=sha",))
    _, said = written(*images, other)
    assert [each.partition(":")[0] for each in said] == [
        "dev needs a role of its own account",
        "env needs a role of its own account",
    ]
