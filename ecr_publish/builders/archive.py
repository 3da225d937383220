"""archive: what `docker save` writes, as it is or as an OCI layout with layers compressed by us."""

from __future__ import annotations

from pathlib import Path

from ecr_publish.builders.archived import ArchivedImages
from ecr_publish.builders.layout import looked_through
from ecr_publish.builders.packing import OnDisk
from ecr_publish.builders.saved import is_layout, saved_image
from ecr_publish.builders.unpack import is_compressed
from ecr_publish.config.builds import ArchiveBuild
from ecr_publish.errors import BuildFailed
from ecr_publish.model.compression import compression
from ecr_publish.model.events import Notify
from ecr_publish.model.image import BuiltImage, InArchive, Where
from ecr_publish.oci.members import members
from ecr_publish.ports.building import BuildRequest


class ArchiveBuilder:
    """Reads both forms: the one with `layer.tar` files, and the newer one that is an OCI layout too."""

    name = "archive"

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """The image of the archive. It is looked through and stays there until it is pushed, or becomes a layout in
        `request.output` where somebody else than this run's push goes on with it.

        Raises BuildFailed (it is not there), BadImage (it is damaged), MachineFault.
        """
        build: ArchiveBuild = request.build
        path = request.root / build.archive
        if not path.is_file():
            raise BuildFailed(
                what=f"{build.archive} is not there",
                where=f"images.{request.image}.build.archive",
                hint="run `docker save -o FILE IMAGE` before this",
            )
        image = InArchive(str(path), build.reference)
        if request.only_pushed:
            return BuiltImage(_looked_through(image), self.name)
        how = compression(build.compression, build.compression_level)
        return BuiltImage(ArchivedImages().layout(image, request.output, notify, OnDisk(), how), self.name)


def _looked_through(image: InArchive) -> Where:
    """The archive, or the layout that it is; one that is compressed is looked through when it is read."""
    path = Path(image.path)
    if is_compressed(path):
        return image
    found = members(path)
    if is_layout(found):
        return looked_through(path, image.reference)
    saved_image(found, image.reference)
    return image
