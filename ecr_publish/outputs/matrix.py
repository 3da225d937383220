"""Matrices: one job per image, in the form in which each CI fans out.

Every text goes in as JSON, which is YAML too: no image name or address can become a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence


def github(images: Sequence[str]) -> str:
    """One line for `strategy: {matrix: ${{ fromJSON(...) }}}`.

    Source: GitHub docs, "Running variations of jobs in a workflow".
    """
    return json.dumps({"include": [{"image": image} for image in images]}, separators=(",", ":")) + "\n"


def codebuild(images: Sequence[str]) -> str:
    """The `batch:` part of a buildspec: CodeBuild reads it before any command runs, so it stands in the file.

    Source: AWS CodeBuild User Guide, "Batch build buildspec reference" (build-list).
    """
    lines = ["batch:", "  fast-fail: false", "  build-list:"]
    for identifier, image in _identifiers(images):
        lines += [
            f"    - identifier: {identifier}",
            "      env:",
            "        variables:",
            f"          ECR_PUBLISH_ARGS: {json.dumps(_only(image))}",
        ]
    return "\n".join(lines) + "\n"


def gitlab(images: Sequence[str], included: str, inputs: Mapping[str, str]) -> str:
    """A child pipeline that includes the component once per image. `included` is the component's address, or a file of
    the same project.

    Source: GitLab docs, "Downstream pipelines" (dynamic child pipelines).
    """
    kind = "component" if "@" in included else "local"
    lines = ["include:"]
    for image in images:
        lines += [f"  - {kind}: {json.dumps(included)}", "    inputs:"]
        given = {**inputs, "job-name": f"publish {image}", "args": _only(image)}
        lines += [f"      {name}: {json.dumps(value)}" for name, value in given.items()]
    return "\n".join(lines) + "\n"


def _only(image: str) -> str:
    """Arguments as the CI files take them, one on each line."""
    return f"--image\n{image}"


def _identifiers(images: Sequence[str]) -> list[tuple[str, str]]:
    """Names of letters, digits and underscores that begin with a letter, each once."""
    found: dict[str, str] = {}
    for image in images:
        name = re.sub(r"[^A-Za-z0-9_]", "_", image if image[:1].isalpha() else f"image_{image}")[:100]
        number = 2
        while name in found:
            name, number = f"{name}_{number}", number + 1
        found[name] = image
    return list(found.items())
