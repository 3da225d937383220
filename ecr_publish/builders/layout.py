"""layout: an OCI layout that another tool has made, as a directory or a tar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.config.builds import LayoutBuild
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.model.image import BuiltImage, InLayout
from ecr_publish.oci.companions import companions
from ecr_publish.oci.layout import open_layout

if TYPE_CHECKING:
    from ecr_publish.model.events import Notify
    from ecr_publish.ports.building import BuildRequest


class LayoutBuilder:
    """A directory or tar is looked through: everything is there, in its size, what points to the image too. Blobs are
    hashed by who gets them, and wrong bytes never become one: a repeat push need not read what the registry has."""

    name = "layout"

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """The image of the layout. It stays where it is; only a tar that is compressed, or that somebody else than
        this run's push goes on with, is unpacked into `request.output`.

        Raises BuildFailed (it is not there), BadImage (it is damaged), MachineFault.
        """
        build: LayoutBuild = request.build
        path = request.root / build.layout
        if not path.is_dir() and not path.is_file():
            raise BuildFailed(
                what=f"{build.layout} is not there",
                where=f"images.{request.image}.build.layout",
                hint="run the tool that makes it before this",
            )
        if path.is_dir():
            return BuiltImage(looked_through(path, build.reference), self.name)
        from ecr_publish.builders.output import all_or_nothing
        from ecr_publish.builders.unpack import is_compressed

        if request.only_pushed and not is_compressed(path):
            return BuiltImage(looked_through(path, build.reference), self.name)
        with all_or_nothing(request.output):
            return BuiltImage(laid_out(path, request.output, build.reference, notify), self.name)


def looked_through(path: Path, reference: str | None) -> InLayout:
    """The layout's image: everything is there, what points to it too. Raises BadImage."""
    layout = open_layout(path)
    if layout.members is not None and layout.members.links:
        raise BadImage(what="it holds links", where=str(path), hint="make the layout without links")
    image = layout.closure(layout.root(reference).digest)
    companions(layout, image)
    return InLayout(str(path), image.root.digest)


def laid_out(tar: Path, output: Path, reference: str | None, notify: Notify) -> InLayout:
    """The image of the layout in a tar, which is unpacked into `output`: every blob read and compared, of what points
    to it too. Raises BadImage."""
    from ecr_publish.builders.unpack import unpacked
    from ecr_publish.model.events import Note

    unpacked(tar, output)
    layout = open_layout(output)
    root = layout.root(reference)
    image = layout.closure(root.digest)
    for blob in (*image.blobs, *(blob for each in companions(layout, image) for blob in each.blobs)):
        for _ in layout.blocks(blob):
            notify(Note(f"verifying {blob.digest.short}"))
    return InLayout(str(output), root.digest)
