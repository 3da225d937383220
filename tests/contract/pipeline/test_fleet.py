"""Fifty images in one run share identity, token, connections, pace, and what they are made of."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.contract.pipeline.stage import DEV, Stage
from tests.unit.oci.layouts import single

COUNT, SIDE_BY_SIDE = 50, 8
BASE = (b"the base" * 100, b"and what is over it" * 50)
HEAD = """\
version: 1
environments:
  dev: { account: "111111111111", region: us-east-2 }
images:
"""
IMAGE = """\
  image{0}:
    repository: fleet/image{0}
    build: {{ builder: layout, layout: layout{0} }}
    tags: ["type=raw,value=1.0"]
"""


@pytest.fixture
def fleet(stage: Stage) -> Stage:
    text = HEAD
    for number in range(COUNT):
        single(Path(stage.root, f"layout{number}"), *BASE, b"of its own %d" % number, labels={"number": str(number)})
        text += IMAGE.format(number)
    stage.file(text)
    return stage


def asked(stage: Stage) -> Counter[str]:
    return Counter(f"{each.method} {each.action}" for each in stage.server.ecr.script.requests)


def test_all_images_are_pushed_by_one_identity_with_one_token(fleet: Stage):
    assert fleet.run().exit_code == 0
    counts = asked(fleet)
    assert counts["POST ecr:GetAuthorizationToken"] == 1
    assert sum(number for name, number in counts.items() if "sts:" in name) == 1
    assert all(fleet.tags(name=f"fleet/image{number}") for number in range(COUNT))
    assert fleet.everything_resolves()


def test_a_base_that_all_images_share_is_sent_once_and_mounted_where_the_registry_mounts(fleet: Stage):
    fleet.server.ecr.store.registry(DEV, "us-east-2").settings["BLOB_MOUNTING"] = "ENABLED"
    assert fleet.run().exit_code == 0
    own = 2 * COUNT  # a layer and a config each
    # those that begin together cannot take it from each other yet: ECR mounts only what a manifest names
    assert asked(fleet)["PUT ecr:CompleteLayerUpload"] <= own + len(BASE) * SIDE_BY_SIDE


def test_manifests_of_all_images_keep_the_one_pace_of_their_registry(fleet: Stage):
    begin = fleet.clock.monotonic()
    assert fleet.run().exit_code == 0
    assert fleet.clock.monotonic() - begin >= (COUNT - 8) / 10  # ten a second, with a short burst
    assert asked(fleet)["PUT ecr:PutImage"] == COUNT


def test_a_second_run_asks_once_for_each_image_and_sends_nothing(fleet: Stage):
    assert fleet.run().exit_code == 0
    fleet.server.ecr.script.requests.clear()
    assert fleet.run().exit_code == 0
    counts = asked(fleet)
    assert counts["HEAD ecr:BatchGetImage"] == COUNT
    assert not [name for name in counts if name.startswith(("PUT", "PATCH")) or "BatchCheck" in name]
