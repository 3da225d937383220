"""Matrices: each CI's own reader finds one job per image, whatever the images are called."""

from __future__ import annotations

import json

import yaml

from ecr_publish.outputs import matrix

NAMES = ("web", "web-2", "web_2", "9lives")


def test_githubs_is_one_line_of_json():
    text = matrix.github(NAMES)
    assert text.count("\n") == 1
    assert json.loads(text) == {"include": [{"image": name} for name in NAMES]}


def test_codebuilds_has_an_identifier_of_its_own_for_each():
    batch = yaml.safe_load(matrix.codebuild(NAMES))["batch"]
    assert [each["identifier"] for each in batch["build-list"]] == ["web", "web_2", "web_2_2", "image_9lives"]
    assert batch["build-list"][0]["env"]["variables"] == {"ECR_PUBLISH_ARGS": "--image\nweb"}


def test_gitlabs_includes_the_component_once_for_each():
    address = "$CI_SERVER_FQDN/group/project/ecr-publish@1.0.0"
    first, *rest = yaml.safe_load(matrix.gitlab(NAMES, address, {"stage": "test"}))["include"]
    assert first == {
        "component": address,
        "inputs": {"stage": "test", "job-name": "publish web", "args": "--image\nweb"},
    }
    assert len(rest) == 3


def test_gitlabs_can_include_a_file_of_the_project():
    (first,) = yaml.safe_load(matrix.gitlab(("web",), "/ci/ecr-publish.yml", {}))["include"]
    assert first["local"] == "/ci/ecr-publish.yml"


def test_a_hostile_name_stays_a_value():
    evil = 'x"\n  - evil: $(touch stolen)'
    (first,) = yaml.safe_load(matrix.gitlab((evil,), "/a.yml", {"role": evil}))["include"]
    assert set(first) == {"local", "inputs"}
    assert first["inputs"]["role"] == evil
