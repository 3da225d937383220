"""docker: a Dockerfile built by a Docker engine."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import IO, Any

from ecr_publish.builders.composing import ANNOTATIONS_LABEL
from ecr_publish.builders.output import all_or_nothing
from ecr_publish.builders.packing import OnDisk
from ecr_publish.config.builds import DockerBuild
from ecr_publish.engine.attended import attended
from ecr_publish.engine.connection import engine, forget_logins
from ecr_publish.engine.dockercontext import Context, context_of
from ecr_publish.engine.images import DockerImages
from ecr_publish.errors import BuildFailed
from ecr_publish.model.compression import compression
from ecr_publish.model.events import Notify, Untrusted
from ecr_publish.model.image import BuiltImage, InEngine
from ecr_publish.ports.building import BuildRequest

_BUILT = re.compile(r"Successfully built ([0-9a-f]{12,64})")


class DockerBuilder:
    """Builds with the engine's own builder; the image stays in its store until it is pushed."""

    name = "docker"

    def __init__(self, environment: Mapping[str, str], *, trusted: bool = True) -> None:
        """`trusted`: whether the code that is built may have the logins of Docker's config for what it is FROM."""
        self._environment, self._trusted = environment, trusted

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """Raises BuildFailed (with the Dockerfile's step), EngineUnavailable, MachineFault."""
        build: DockerBuild = request.build
        where = f"images.{request.image}.build"
        context = context_of(request.root, build, where)
        if len(build.platforms) > 1:
            raise BuildFailed(
                what=f"the engine's own builder makes one platform at a time, not {', '.join(build.platforms)}",
                where=f"{where}.platforms",
                hint="name one platform, or bring an OCI layout that another tool has made (build: {layout: PATH})",
            )
        with all_or_nothing(request.output):
            with tempfile.TemporaryFile(dir=request.output.parent) as archive:
                context.pack(archive)
                archive.seek(0)
                image = InEngine(self._built(request, context, archive, notify))
            if not request.as_layout:
                return BuiltImage(image, self.name)
            how = compression(build.compression, build.compression_level)
            layout = DockerImages(self._environment, check=request.check).layout(
                image, request.output, notify, OnDisk(), how
            )
            return BuiltImage(layout, self.name)

    def _built(self, request: BuildRequest, context: Context, archive: IO[bytes], notify: Notify) -> str:
        build: DockerBuild = request.build

        def refused(words: str) -> str:
            return context.named(refusal=words)

        with engine(self._environment, context.where, check=request.check, refused=refused) as client:
            if not self._trusted:
                forget_logins(client)

            def lines() -> Iterator[dict[str, Any]]:
                yield from client.build(
                    fileobj=archive,
                    custom_context=True,
                    dockerfile=context.name,
                    buildargs=dict(build.args) or None,
                    target=build.target or "",
                    labels=_labels(request),
                    platform=next(iter(build.platforms), None),
                    pull=build.pull,
                    nocache=build.no_cache,
                    network_mode=build.network,
                    rm=True,
                    forcerm=True,
                    decode=True,
                )

            with closing(attended(lines(), request.check)) as told:
                return _followed(told, context.named, notify)


def _labels(request: BuildRequest) -> dict[str, str]:
    """The plan's labels over the file's, and the annotations that the image's manifest is to have in the end."""
    build: DockerBuild = request.build
    labels = dict(build.labels) | dict(request.labels)
    # also where there are none: the base may have such a label, which would be inherited
    labels[ANNOTATIONS_LABEL] = json.dumps(dict(build.annotations), sort_keys=True, separators=(",", ":"))
    return labels


def _followed(lines: Iterator[dict[str, Any]], where: Callable[[str], str], notify: Notify) -> str:
    """The image id from the engine's output; what is printed is passed on as somebody else's words. `where` gives the
    Dockerfile's place of a step."""
    image_id, step = "", ""
    for line in lines:
        if "error" in line:
            raise BuildFailed(
                what=f"{line['error']}" + (f" (at {step})" if step else ""),
                where=where(step),
                hint="the lines above are the build's own output",
            )
        text = str(line.get("stream", "")).strip("\n")
        if text.startswith("Step "):
            step = text
        if text:
            notify(Untrusted(text))
        if not image_id and (match := _BUILT.search(text)):
            image_id = match[1]  # shortened: only where the engine does not say it whole
        if str((line.get("aux") or {}).get("ID", "")).startswith("sha256:"):
            image_id = str(line["aux"]["ID"])
    if not image_id:
        raise BuildFailed(
            what="the engine ended without naming an image", where=where(step), hint="see its output above"
        )
    return image_id
