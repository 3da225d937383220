"""The ecr-publish.yaml of a job, with what an earlier `build` left where the image is in an engine."""

import json
from collections.abc import Sequence
from pathlib import Path

from bench.transfer.jobs import Job
from bench.transfer.places import Address

IMAGE = """\
  {name}:
    repository: {name}
    build: {{ builder: layout, layout: {name} }}
    tags: ["type=raw,value={tag}"]
"""


def write_file(folder: Path, kind: str, jobs: Sequence[Job]) -> None:
    """One file for all images; each has its layout beside it, as a link."""
    folder.mkdir(parents=True, exist_ok=True)
    first = jobs[0]
    goals = tuple({job.goal: None for job in jobs})
    target = _environment(goals, first.home.account, first.target)
    match kind:
        case "copy":
            places = {"a": _environment((first.home,), first.home.account, first.source), "b": target}
        case "retag":
            places = {"a": [*target, "pointer: here"], "b": [*target, f"pointer: {first.new}"]}
        case _:
            places = {"a": target}
    text = "version: 1\nenvironments:\n"
    text += "".join(f"  {name}: {{ {', '.join(parts)} }}\n" for name, parts in places.items())
    text += "promote:\n  - { from: a, to: b, gate: advisory }\n" if "b" in places else ""
    text += "images:\n"
    for job in {job.name: job for job in jobs}.values():
        link = folder / job.name
        link.unlink(missing_ok=True)
        link.symlink_to(job.layout)
        text += IMAGE.format(name=job.name, tag=job.tag)
    (folder / "ecr-publish.yaml").write_text(text, encoding="utf-8")


def write_result(folder: Path, name: str, image_id: str) -> None:
    """What `ecr-publish build` says of an image that it left in the engine."""
    result = {"version": 1, "image": name, "built": {"engine": image_id}, "published": []}
    path = folder / ".ecr-publish" / "result.d" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result), encoding="utf-8")


def _environment(goals: tuple[Address, ...], ours: str, repository: str) -> list[str]:
    """A registry by its host; on ECR by account and regions, with a role where the account is not ours."""
    goal, prefix = goals[0], f'prefix: "{repository.rpartition("/")[0]}/"'
    if not goal.account:
        return [f'registry: "{goal.host}"', prefix]
    regions = f"regions: [{', '.join(each.region for each in goals)}]"
    role = f"role: arn:aws:iam::{goal.account}:role/publish"
    return [f'account: "{goal.account}"', regions, prefix, *([role] if goal.account != ours else [])]
