"""docker: a Dockerfile built by a Docker engine."""

from __future__ import annotations

import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from ecr_publish.builders.inputs import ignore_patterns, is_ignored
from ecr_publish.builders.tree import OURS
from ecr_publish.config.model import DockerBuild
from ecr_publish.engine.connection import engine
from ecr_publish.engine.images import DockerImages
from ecr_publish.errors import BuildFailed
from ecr_publish.model.events import Notify, Untrusted
from ecr_publish.model.image import BuiltImage, InEngine
from ecr_publish.ports import BuildRequest

_BUILT = re.compile(r"Successfully built ([0-9a-f]{12,64})")
DOCKERFILE = "Dockerfile"


class DockerBuilder:
    """Builds with the engine's own builder; the image stays in its store until it is pushed."""

    name = "docker"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """Raises BuildFailed (with the Dockerfile's step), EngineUnavailable."""
        build: DockerBuild = request.build
        where = f"images.{request.image}.build"
        context, dockerfile = _context(request.root, build, where)
        if len(build.platforms) > 1:
            raise BuildFailed(
                what=f"the engine's own builder makes one platform at a time, not {', '.join(build.platforms)}",
                where=f"{where}.platforms",
                hint="name one platform, or bring an OCI layout that another tool has made (build: {layout: PATH})",
            )
        with tempfile.TemporaryFile(dir=request.output.parent) as archive:
            _packed(context, dockerfile, archive, where)
            archive.seek(0)
            image_id = self._built(request, build, archive, dockerfile, notify)
        image = InEngine(image_id)
        if request.as_layout:
            layout = DockerImages(self._environment).layout(image, request.output, notify)
            return BuiltImage(layout, self.name)
        return BuiltImage(image, self.name)

    def _built(
        self, request: BuildRequest, build: DockerBuild, archive: IO[bytes], dockerfile: str, notify: Notify
    ) -> str:
        where = f"images.{request.image}.build"
        with engine(self._environment, where) as client:
            lines = client.build(
                fileobj=archive,
                custom_context=True,
                dockerfile=dockerfile,
                buildargs=dict(build.args) or None,
                target=build.target or "",
                labels=dict(request.labels),
                platform=next(iter(build.platforms), None),
                pull=build.pull,
                nocache=build.no_cache,
                network_mode=build.network,
                rm=True,
                forcerm=True,
                decode=True,
            )
            return _followed(lines, f"{where} ({dockerfile})", notify)


def _followed(lines: Iterator[dict[str, Any]], where: str, notify: Notify) -> str:
    """The image id from the engine's output; what is printed is passed on as somebody else's words."""
    image_id, step = "", ""
    for line in lines:
        if "error" in line:
            raise BuildFailed(
                what=f"{line['error']}" + (f" (at {step})" if step else ""),
                where=where,
                hint="the lines above are the build's own output",
            )
        text = str(line.get("stream", "")).strip("\n")
        if text.startswith("Step "):
            step = text
        if text:
            notify(Untrusted(text))
        if match := _BUILT.search(text):
            image_id = match[1]
        if str(line.get("aux", {}).get("ID", "")).startswith("sha256:"):
            image_id = str(line["aux"]["ID"])
    if not image_id:
        raise BuildFailed(what="the engine ended without naming an image", where=where, hint="see its output above")
    return image_id


def _context(root: Path, build: DockerBuild, where: str) -> tuple[Path, str]:
    """The context's directory and the Dockerfile's path inside. Raises BuildFailed."""
    context = root / build.context
    if not context.is_dir():
        raise BuildFailed(
            what=f"the context {build.context} is no directory", where=f"{where}.context", hint="check the path"
        )
    if not context.resolve().is_relative_to(root.resolve()):
        raise BuildFailed(
            what=f"the context {build.context} leads outside of the repository",
            where=f"{where}.context",
            hint="a context lies below the directory of ecr-publish.yaml",
        )
    name = build.dockerfile or DOCKERFILE
    path = context / name
    if not path.is_file():
        raise BuildFailed(
            what=f"there is no {name} in the context {build.context}",
            where=f"{where}.dockerfile",
            hint="write one, or name it with dockerfile: (relative to the context)",
        )
    if not path.resolve().is_relative_to(root.resolve()):
        raise BuildFailed(
            what=f"{name} is a symbolic link that leads outside", where=f"{where}.dockerfile", hint="copy it in"
        )
    return context, Path(name).as_posix()


def _packed(context: Path, dockerfile: str, archive: IO[bytes], where: str) -> None:
    """The context as a tar: `.dockerignore` honoured, what we write ourselves never in it, links kept as links."""
    patterns = ignore_patterns(context)
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(context.rglob("*")):
            name = path.relative_to(context).as_posix()
            if OURS in Path(name).parts:
                continue
            if is_ignored(name, patterns) and name not in (dockerfile, ".dockerignore"):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(context.resolve()):
                raise BuildFailed(
                    what=f"{name} is a symbolic link that leads out of the context",
                    where=f"{where}.context",
                    hint="copy the file in, or list it in .dockerignore",
                )
            if path.is_symlink() or path.is_file() or path.is_dir():
                tar.add(path, name, recursive=False)
