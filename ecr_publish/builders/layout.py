"""layout: an OCI layout that another tool has made, as a directory or a tar."""

from __future__ import annotations

from pathlib import Path

from ecr_publish.config.model import LayoutBuild
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.image import BuiltImage, InLayout
from ecr_publish.oci.companions import companions
from ecr_publish.oci.layout import open_layout
from ecr_publish.ports import BuildRequest


class LayoutBuilder:
    """A directory is looked through: everything is there, in its size, what points to the image too. Blobs are hashed
    by who gets them, and wrong bytes never become one: a repeat push need not read what the registry has."""

    name = "layout"

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """The image of the layout; a directory stays where it is, a tar is unpacked into `request.output`.

        Raises BuildFailed (it is not there), BadImage (it is damaged), MachineFault.
        """
        build: LayoutBuild = request.build
        path = request.root / build.layout
        if path.is_dir():
            layout = open_layout(path)
            image = layout.closure(layout.root(build.reference).digest)
            companions(layout, image)
            return BuiltImage(InLayout(str(path), image.root.digest), self.name)
        if not path.is_file():
            raise BuildFailed(
                what=f"{build.layout} is not there",
                where=f"images.{request.image}.build.layout",
                hint="run the tool that makes it before this",
            )
        from ecr_publish.builders.output import all_or_nothing
        from ecr_publish.builders.unpack import unpacked

        with all_or_nothing(request.output):
            if unpacked(path, request.output):
                raise BadImage(what="it holds links", where=str(path), hint="make the layout without links")
            return BuiltImage(verified(request.output, build.reference, notify), self.name)


def verified(path: Path, reference: str | None, notify: Notify) -> InLayout:
    """The layout's image with every blob read and compared, of what points to it too. Raises BadImage."""
    layout = open_layout(path)
    root = layout.root(reference)
    image = layout.closure(root.digest)
    for blob in (*image.blobs, *(blob for each in companions(layout, image) for blob in each.blobs)):
        for _ in layout.blocks(blob):
            notify(Note(f"verifying {blob.digest.short}"))
    return InLayout(str(path), root.digest)
