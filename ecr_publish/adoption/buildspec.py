"""CodeBuild's buildspec: docker's commands in its phases as images and rules.

Source: AWS CodeBuild User Guide, "Build specification reference for CodeBuild".
"""

from __future__ import annotations

from ecr_publish.adoption.called import Files
from ecr_publish.adoption.found import Destination, Found, Place, Remark, Source
from ecr_publish.adoption.reading import mapping, read, texts, word
from ecr_publish.adoption.script import Script
from ecr_publish.config.document import Map, Text

PHASES = ("install", "pre_build", "build", "post_build")


def buildspec(content: bytes, file: str, files: Files = lambda path: None) -> Found:
    """What the phases build and push, in their order. Raises ConfigError for what is no YAML."""
    tree = read(content, file)
    plain = mapping(tree, "env", "variables")
    script = Script(lambda name: str(plain[name]) if isinstance(plain.get(name), Text) else None)
    remarks = []
    for kind in ("parameter-store", "secrets-manager"):
        for name, value in mapping(tree, "env", kind).items():
            place = Place(file, getattr(value, "at", (0, 0))[0] + 1)
            remarks.append(Remark(place, f"{name} comes from {kind}: keep it in the project where a build needs it"))
    for phase in PHASES:
        for part in ("commands", "finally"):
            for command in texts(mapping(tree, "phases", phase).get(part)):
                script.read(command, Place(file, command.at[0] + 1))
    images = script.images(Destination())
    remarks = [*script.remarks, *_artifacts(tree, file)] + (remarks if images else [])
    return Found(images, tuple(remarks), (Source("codebuild", file),) if images or script.remarks else ())


def _artifacts(tree: Map, file: str) -> list[Remark]:
    names = ("imagedefinitions.json", "imageDetail.json")
    return [
        Remark(Place(file, each.at[0] + 1), f"{word(each)} is written by ecr-publish under CodeBuild: see docs/ci.md")
        for each in texts(mapping(tree, "artifacts").get("files"))
        if word(each) in names
    ]
