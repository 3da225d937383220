"""The ecr-publish.yaml of a job, with what an earlier `build` left where the image is in an engine."""

import json
from collections.abc import Sequence
from pathlib import Path

_HEAD = """\
version: 1
environments:
  a: {{ registry: "{sourcehost}", prefix: "{prefix_a}"{here} }}
{b}images:
"""
IMAGE = """\
  {name}:
    repository: {name}
    build: {{ builder: layout, layout: {name} }}
    tags: ["type=raw,value={tag}"]
"""


def write_file(folder: Path, job: str, images: Sequence[dict[str, str]]) -> None:
    """One file for all images; each has its layout beside it, as a link."""
    folder.mkdir(parents=True, exist_ok=True)
    first = images[0]
    prefix_a = _prefix(first["source"] if job == "copy" else first["target"])
    place = f'registry: "{first["host"]}", prefix: "{_prefix(first["target"])}"'
    place += ", pointer: again" if job == "retag" else ""
    moves = job in ("copy", "retag")
    second = f"  b: {{ {place} }}\npromote:\n  - {{ from: a, to: b, gate: advisory }}\n" if moves else ""
    here = ", pointer: here" if job == "retag" else ""
    text = _HEAD.format(**first, prefix_a=prefix_a, b=second, here=here)
    for words in images:
        link = folder / words["name"]
        link.unlink(missing_ok=True)
        link.symlink_to(words["layout"])
        text += IMAGE.format(**words)
    (folder / "ecr-publish.yaml").write_text(text, encoding="utf-8")


def write_result(folder: Path, name: str, image_id: str) -> None:
    """What `ecr-publish build` says of an image that it left in the engine."""
    result = {"version": 1, "image": name, "built": {"engine": image_id}, "published": []}
    path = folder / ".ecr-publish" / "result.d" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result), encoding="utf-8")


def _prefix(repository: str) -> str:
    """`host/prefix/name` -> `prefix/`."""
    path = repository.partition("/")[2]
    return path.rpartition("/")[0] + "/"
