"""Which of an image's tags it has in an environment once it has come there."""

from __future__ import annotations

import pytest

from ecr_publish.config.loader import load
from ecr_publish.plan.targets import expected_tags

FILE = """\
environments:
  dev:     { account: "111111111111", region: us-east-2 }
  staging: { account: "222222222222", region: us-east-2, role: arn:aws:iam::222222222222:role/x }
  prod:    { account: "333333333333", region: us-east-2, role: arn:aws:iam::333333333333:role/x }
  lab:     { registry: "localhost:5000" }
images:
  web:  { repository: team/web, build: { files: [{ from: a, to: / }] } }
  tool: { repository: team/tool, build: { files: [{ from: a, to: / }] } }
promote:
  - { from: dev, to: staging, tags: "1.*" }
  - { from: staging, to: prod, tags: ["*-rc", "1.4.*"], images: web }
"""
TAGS = ("1.4.0", "1.5.0", "sha-1")


@pytest.mark.parametrize(
    ("image", "environment", "expected"),
    [
        ("web", "dev", TAGS),
        ("web", "lab", TAGS),
        ("web", "staging", ("1.4.0", "1.5.0")),
        ("web", "prod", ("1.4.0",)),
        ("tool", "prod", None),
    ],
)
def test_the_filters_of_all_edges_on_the_way_count(image, environment, expected):
    assert expected_tags(load(FILE, "f.yaml").config, image, environment, TAGS) == expected
