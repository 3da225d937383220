"""The request budget of each command, as docs/transfer.md promises it, from the embedded ECR's own log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecr_publish.model.image import PublishedImage
from ecr_publish.model.target import Place
from ecr_publish.plan.ask import Ask, Found
from ecr_publish.plan.targets import repository, targets
from ecr_publish.steps.resume import PublishedDetails
from tests.contract.pipeline.stage import WEB, Stage

DOCS = Path(__file__).parents[3] / "docs" / "transfer.md"
COLUMNS = (
    "STS", "token", "settings, scans", "looks", "manifests read", "referrers, tag lists", "blobs asked", "blobs read",
    "blobs sent", "manifests and tags written",
)  # fmt: skip
DEV_ONLY = """\
environments:
  dev: { account: "111111111111", region: us-east-2 }
"""
PROD = '  prod: { account: "222222222222", region: us-east-2, role: arn:aws:iam::222222222222:role/publish }\n'
TWO = DEV_ONLY + PROD
POINTERS = """\
environments:
  dev:  { account: "111111111111", region: us-east-2, pointer: dev }
  prod: { account: "111111111111", region: us-east-2, pointer: prod }
"""
EDGE = "promote:\n  - { from: dev, to: prod }\n"
IMAGE = WEB.replace("PLATFORMS", "[linux/amd64]")


def column(request: Any) -> str:
    """What a request is for."""
    method, path, action = request.method, request.path, request.action
    if action.startswith("sts:"):
        return "STS"
    if action == "ecr:GetAuthorizationToken":
        return "token"
    if action.startswith("s3:"):
        return "blobs read"
    if path == "/":
        return "settings, scans"
    if "/manifests/" in path:
        return {"HEAD": "looks", "GET": "manifests read"}.get(method, "manifests and tags written")
    if "/referrers/" in path or path.endswith("/tags/list"):
        return "referrers, tag lists"
    return {"HEAD": "blobs asked", "GET": "blobs read"}.get(method, "blobs sent")


def spent(stage: Stage, command: Callable[[], Any]) -> dict[str, int]:
    """The requests of a command, by column."""
    before = len(stage.server.ecr.script.requests)
    assert command().exit_code == 0
    found = Counter(column(each) for each in stage.server.ecr.script.requests[before:])
    return {name: found[name] for name in COLUMNS}


def promise(row: str) -> dict[str, int]:
    """A row of the table."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("| command | STS |"))
    assert [name.strip() for name in lines[head].strip("|").split("|")][1:] == list(COLUMNS)
    line = next(line for line in lines[head:] if re.match(rf"\| {re.escape(row)} \|", line))
    return dict(zip(COLUMNS, map(int, line.strip("|").split("|")[1:]), strict=True))


def promoting(stage: Stage) -> Callable[[], Any]:
    """`promote --from dev --to prod --tag 1.4.0`."""
    project = stage.project()
    (source,) = [each for each in targets(project.config) if each.environment == "dev"]
    details = PublishedDetails(source, repository(project.config.image("web"), source), "1.4.0", "--tag")
    found = {(PublishedImage, Place("web", source.name)): Found(details, "1.4.0")}
    return lambda: stage.run(project, Ask(steps=("promote",), edge=("dev", "prod"), found=found, tag="1.4.0"))


@pytest.fixture
def pushed(stage: Stage) -> Stage:
    stage.file(DEV_ONLY + IMAGE)
    assert stage.run().exit_code == 0
    return stage


def test_a_run_that_pushes_a_new_image(stage: Stage):
    stage.file(DEV_ONLY + IMAGE)
    assert spent(stage, stage.run) == promise("`run`, a new image")


def test_a_run_in_which_nothing_has_changed(pushed: Stage):
    assert spent(pushed, pushed.run) == promise("`run`, nothing has changed")


def test_a_promotion_to_another_account(pushed: Stage):
    pushed.file(TWO + IMAGE + EDGE)
    pushed.declare(pushed.project())
    assert spent(pushed, promoting(pushed)) == promise("`promote`, to another account")


def test_a_promotion_of_what_is_there(pushed: Stage):
    pushed.file(TWO + IMAGE + EDGE)
    pushed.declare(pushed.project())
    assert promoting(pushed)().exit_code == 0
    assert spent(pushed, promoting(pushed)) == promise("`promote`, again")


def test_a_promotion_by_a_moving_tag(stage: Stage):
    stage.file(POINTERS + IMAGE + EDGE)
    assert stage.run(ask=Ask(steps=("push",))).exit_code == 0
    assert spent(stage, promoting(stage)) == promise("`promote`, a moving tag in one repository")
