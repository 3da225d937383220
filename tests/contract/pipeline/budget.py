"""The commands whose requests docs/transfer.md counts, and what each request is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecr_publish.model.image import PublishedImage
from ecr_publish.model.target import Place
from ecr_publish.plan.ask import Ask, Found
from ecr_publish.plan.targets import repository, targets
from ecr_publish.steps.resume import PublishedDetails
from tests.contract.pipeline.stage import WEB, Stage

Command = Callable[[], Any]

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


def new_image(stage: Stage) -> Command:
    stage.file(DEV_ONLY + IMAGE)
    return stage.run


def nothing_changed(stage: Stage) -> Command:
    stage.file(DEV_ONLY + IMAGE)
    assert stage.run().exit_code == 0
    return stage.run


def to_another_account(stage: Stage) -> Command:
    nothing_changed(stage)
    stage.file(TWO + IMAGE + EDGE)
    stage.declare(stage.project())
    return promoting(stage)


def there_already(stage: Stage) -> Command:
    assert to_another_account(stage)().exit_code == 0
    return promoting(stage)


def by_a_moving_tag(stage: Stage) -> Command:
    stage.file(POINTERS + IMAGE + EDGE)
    assert stage.run(ask=Ask(steps=("push",))).exit_code == 0
    return promoting(stage)


def promoting(stage: Stage) -> Command:
    """`promote --from dev --to prod --tag 1.4.0`."""
    project = stage.project()
    (source,) = [each for each in targets(project.config) if each.environment == "dev"]
    details = PublishedDetails(source, repository(project.config.image("web"), source), "1.4.0", "--tag")
    found = {(PublishedImage, Place("web", source.name)): Found(details, "1.4.0")}
    return lambda: stage.run(project, Ask(steps=("promote",), edge=("dev", "prod"), found=found, tag="1.4.0"))


COMMANDS: dict[str, Callable[[Stage], Command]] = {  # by their rows in the table
    "`run`, a new image": new_image,
    "`run`, nothing has changed": nothing_changed,
    "`promote`, to another account": to_another_account,
    "`promote`, again": there_already,
    "`promote`, a moving tag in one repository": by_a_moving_tag,
}
