"""Images in the engine's own store, brought out as OCI layouts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ecr_publish.builders.archive import layout_of
from ecr_publish.builders.output import all_or_nothing
from ecr_publish.engine.connection import engine
from ecr_publish.errors import ResultUnusable
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.image import InEngine, InLayout

BLOCK = 2 << 20


class DockerImages:
    """`ports.EngineImages` by `save`: the engine's own stream, written to disk, then compressed by us."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def layout(self, image: InEngine, output: Path, notify: Notify) -> InLayout:
        """Write the image as a layout into `output`, streaming; annotations are those its labels ask for.

        Raises EngineUnavailable, ResultUnusable (the engine has no such image), MachineFault.
        """
        archive = output.parent / f".{output.name}.save"
        try:
            with all_or_nothing(output):
                self._save(image, archive, notify)
            return layout_of(archive, output, None, notify)
        finally:
            archive.unlink(missing_ok=True)

    def _save(self, image: InEngine, archive: Path, notify: Notify) -> None:
        import docker

        with engine(self._environment, f"engine image {image.image_id}") as client:
            try:
                client.inspect_image(image.image_id)
            except docker.errors.ImageNotFound as error:
                raise ResultUnusable(
                    what=f"the engine has no image {image.image_id}",
                    where="engine",
                    hint="on another machine than the build's: build with `ecr-publish build --output layout`",
                ) from error
            with archive.open("wb") as file:
                for block in client.get_image(image.image_id, chunk_size=BLOCK):
                    file.write(block)
                    notify(Note("reading the image out of the engine"))
