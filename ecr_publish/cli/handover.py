"""What a CI is given of a run: foreign output folded, annotations, masks, and files for later steps and jobs.

On a laptop there is no face, and nothing of this happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.cli.readers import tell
from ecr_publish.cli.reports import unwritable
from ecr_publish.cli.surroundings import environment
from ecr_publish.errors import ConfigErrors, MachineFault, PublishError
from ecr_publish.outputs.face import Face, face
from ecr_publish.run.clock import SystemClock, token
from ecr_publish.run.stop import StopRequest

if TYPE_CHECKING:
    from ecr_publish.app.project import Project
    from ecr_publish.outputs.file import File
    from ecr_publish.outputs.remarks import Remark
    from ecr_publish.report.report import Report

WORKSPACE = ".ecr-publish"


class Handover:
    """The face of this CI, if it is one that we know, and where the files of a run go there."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """`ECR_PUBLISH_OUTPUTS` names the directory, else it is `.ecr-publish/outputs` in the working directory."""
        named = env.get("ECR_PUBLISH_OUTPUTS")
        self.directory = Path(named) if named else Path(WORKSPACE, "outputs")
        self._own = not named
        self._env = env
        now = int(SystemClock(StopRequest()).now().timestamp())
        self._face: Face | None = face(env, self.directory, now)

    @property
    def ci(self) -> str | None:
        """github, gitlab, codebuild; None on a laptop."""
        return self._face.name if self._face else None

    @property
    def block(self) -> Callable[[str, Sequence[str]], Iterator[str]] | None:
        """How a program's output is folded here, with a fresh token for each; None where it is printed as it comes."""
        known = self._face
        if known is None or not known.folds:
            return None
        return lambda title, lines: known.block(title, lines, token())

    def conceal(self, secret: str) -> None:
        """Have the CI hide it. Only where `ECR_PUBLISH_MASK` says that standard error goes to the runner itself: in a
        file, the line that asks for a mask would be the leak."""
        if self._face is not None and self._env.get("ECR_PUBLISH_MASK") == "true":
            tell("".join(f"{line}\n" for line in self._face.masks(secret)), nl=False)

    def finished(self, project: Project, report: Report) -> tuple[MachineFault, ...]:
        """Annotate the run, and write what later steps read; what could not be written and must be there."""
        if self._face is None:
            return ()
        from ecr_publish.outputs.file import File
        from ecr_publish.outputs.remarks import remarks
        from ecr_publish.outputs.values import values

        images = {
            image.name: project.loaded.position("images", index) for index, image in enumerate(project.config.images)
        }
        self._tell(remarks(report, images, self._located(project.root)))
        written = {each.name: each.text(report) for each in project.plugins.reporters}
        files = [
            *self._face.values(values(report, str(self.directory / "report.json")), token()),
            *self._face.page(written["markdown"]),
            File(self.directory / "report.json", written["json"]),
            File(self.directory / "junit.xml", written["junit"]),
        ]
        if self._face.name == "codebuild":
            from ecr_publish.outputs.codebuild import definitions

            files += definitions(report, self.directory)
        return self._write(files)

    def refused(self, errors: Sequence[PublishError], exit_code: int) -> tuple[MachineFault, ...]:
        """The same for a command that came to no report."""
        if self._face is None:
            return ()
        from ecr_publish.outputs.remarks import refusals
        from ecr_publish.report.markdown import refusal
        from ecr_publish.report.problems import problem

        each = [one for error in errors for one in (error.errors if isinstance(error, ConfigErrors) else (error,))]
        self._tell(refusals(each, self._located(Path())))
        return self._write([*self._face.page(refusal([problem("", one) for one in each], exit_code))])

    def named(self, values: Mapping[str, str]) -> tuple[MachineFault, ...]:
        """Hand values over that are no run's."""
        return () if self._face is None else self._write(self._face.values(values, token()))

    def _tell(self, found: Sequence[Remark]) -> None:
        for line in self._face.remarks(found) if self._face else ():
            tell(line)

    def _located(self, root: Path) -> Callable[[str], str | None]:
        """Files as the CI names them: from the top of its checkout."""
        top = Path(self._env.get("GITHUB_WORKSPACE") or Path()).resolve()

        def locate(text: str) -> str | None:
            found = next((path for path in (Path(text), root / text) if path.is_file()), None)
            if found is None:
                return None
            path = found.resolve()
            return str(path.relative_to(top)) if path.is_relative_to(top) else None

        return locate

    def _write(self, files: Sequence[File]) -> tuple[MachineFault, ...]:
        """Write each; one that fails does not hinder the others. What only shows something is worth a warning."""
        faults = []
        for file in files:
            try:
                self._put(file)
            except OSError as error:
                fault = unwritable(file.path, error, f"outputs for {self.ci}")
                if file.needed:
                    faults.append(fault)
                else:
                    tell(f"warning: {fault.what}")
        return tuple(faults)

    def _put(self, file: File) -> None:
        if file.path.parent == self.directory:
            from ecr_publish.run.results import prepare

            if self._own:
                prepare(Path(WORKSPACE))  # what git ignores does not make the tree dirty for the next command
            self.directory.mkdir(parents=True, exist_ok=True)
        with file.path.open("a" if file.append else "w", encoding="utf-8", newline="") as handle:
            handle.write(file.text)


def handover() -> Handover:
    """That of this process's environment."""
    return Handover(environment())
