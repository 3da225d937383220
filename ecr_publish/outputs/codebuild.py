"""AWS CodeBuild: variables that the build's own shell takes over, and what CodePipeline's deploy actions read.

Source: AWS CodeBuild User Guide, "Build specification reference" (exported-variables); AWS CodePipeline User Guide,
"Image definitions file reference" (imagedefinitions.json, imageDetail.json).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecr_publish.outputs.file import File
from ecr_publish.outputs.remarks import Remark
from ecr_publish.outputs.values import last_places, reference, variable
from ecr_publish.report.report import Report


@dataclass(frozen=True, slots=True)
class CodeBuild:
    """`directory` is where the build's artifacts are taken from."""

    directory: Path
    name: str = "codebuild"
    folds: bool = False

    def block(self, title: str, lines: Iterable[str], token: str) -> Iterator[str]:
        """As they are: CodeBuild's log folds nothing and obeys nothing."""
        yield from (title, *lines)

    def remarks(self, found: Iterable[Remark]) -> Iterator[str]:
        """None: CodeBuild shows a run's errors from its JUnit report."""
        return iter(())

    def masks(self, secret: str) -> Iterator[str]:
        """None: a build cannot mask anything at run time, so nothing secret is ever printed."""
        return iter(())

    def values(self, named: Mapping[str, str], token: str) -> tuple[File, ...]:
        """outputs.sh: only the build's own shell can export, so it reads this file; every name is in it, so that no
        value of an earlier command stays."""
        lines = [f"export {variable(name)}={shlex.quote(value)}\n" for name, value in named.items()]
        return (File(self.directory / "outputs.sh", "".join(lines)),)

    def page(self, markdown: str) -> tuple[File, ...]:
        """summary.md."""
        return (File(self.directory / "summary.md", markdown, needed=False),)


def definitions(report: Report, directory: Path) -> tuple[File, ...]:
    """imagedefinitions.json with every image by digest (ECS), imageDetail.json of a single one (CodeDeploy)."""
    found = {image: reference(held) for image, held in last_places(report).items()}
    if not found:
        return ()
    listed = [{"name": image, "imageUri": uri} for image, uri in found.items()]
    files = [File(directory / "imagedefinitions.json", json.dumps(listed) + "\n")]
    if len(found) == 1:
        files.append(File(directory / "imageDetail.json", json.dumps({"ImageURI": listed[0]["imageUri"]}) + "\n"))
    return tuple(files)
