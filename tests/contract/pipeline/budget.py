"""The commands whose requests docs/transfer.md counts, and what each request is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ecr_publish.local.quirks import OCI
from ecr_publish.model.image import PublishedImage
from ecr_publish.model.target import Place
from ecr_publish.plan.ask import Ask, Found
from ecr_publish.plan.targets import repository, targets
from ecr_publish.steps.resume import PublishedDetails
from tests.contract.pipeline.stage import DEV, WEB, Stage

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


@dataclass(frozen=True)
class Row:
    """How a command of the table is set up, and the embedded ECR that it needs."""

    prepare: Callable[[Stage], Command]
    settings: dict[str, Any] = field(default_factory=dict)


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
    return pushed_and_promoted(stage, POINTERS + IMAGE + EDGE)


def plain_new_image(stage: Stage) -> Command:
    stage.file(plain(stage, "a"))
    return partial(stage.run, declared=False)


def plain_nothing_changed(stage: Stage) -> Command:
    assert plain_new_image(stage)().exit_code == 0
    return partial(stage.run, declared=False)


def plain_to_another_repository(stage: Stage) -> Command:
    return pushed_and_promoted(stage, plain(stage, 'a, prefix: "a/"', 'b, prefix: "b/"'))


def plain_by_a_moving_tag(stage: Stage) -> Command:
    return pushed_and_promoted(stage, plain(stage, "a, pointer: a", "b, pointer: b"))


def plain(stage: Stage, *environments: str) -> str:
    """A file with one plain registry and these environments in it: `NAME, more settings`."""
    host = stage.server.ecr.registry_url(DEV, "us-east-2").partition("://")[2]
    text = "environments:\n"
    for each in environments:
        name, _, more = each.partition(", ")
        text += f'  {name}: {{ registry: "{host}"{more and ", "}{more} }}\n'
    edge = "promote:\n  - { from: a, to: b, gate: advisory }\n" if len(environments) > 1 else ""
    return text + IMAGE + edge


def pushed_and_promoted(stage: Stage, text: str) -> Command:
    stage.file(text)
    assert stage.run(ask=Ask(steps=("push",)), declared="account" in text).exit_code == 0
    return promoting(stage, declared="account" in text)


def promoting(stage: Stage, declared: bool = True) -> Command:
    """`promote --from … --to … --tag 1.4.0`, along the file's only edge."""
    project = stage.project()
    (edge,) = project.config.promote
    (source,) = [each for each in targets(project.config) if each.environment == edge.source]
    details = PublishedDetails(source, repository(project.config.image("web"), source), "1.4.0", "--tag")
    found = {(PublishedImage, Place("web", source.name)): Found(details, "1.4.0")}
    ask = Ask(steps=("promote",), edge=(edge.source, edge.destination), found=found, tag="1.4.0")
    return lambda: stage.run(project, ask, declared=declared)


PLAIN = {"quirks": OCI}
COMMANDS: dict[str, Row] = {  # by their rows in the table
    "`run`, a new image": Row(new_image),
    "`run`, nothing has changed": Row(nothing_changed),
    "`promote`, to another account": Row(to_another_account),
    "`promote`, again": Row(there_already),
    "`promote`, a moving tag in one repository": Row(by_a_moving_tag),
    "`run`, a new image, plain registry": Row(plain_new_image, PLAIN),
    "`run`, nothing has changed, plain registry": Row(plain_nothing_changed, PLAIN),
    "`promote`, to another repository of a plain registry": Row(plain_to_another_repository, PLAIN),
    "`promote`, a moving tag in a plain registry": Row(plain_by_a_moving_tag, PLAIN),
}
