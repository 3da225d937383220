"""archive: what `docker save` writes, as an OCI layout with layers compressed by us."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ecr_publish.builders.layout import verified
from ecr_publish.builders.output import all_or_nothing
from ecr_publish.builders.saved import Saved, as_layout
from ecr_publish.builders.unpack import unpacked
from ecr_publish.config.model import ArchiveBuild
from ecr_publish.errors import BuildFailed
from ecr_publish.model.compression import GZIP, Compression, compression
from ecr_publish.model.events import Notify
from ecr_publish.model.image import BuiltImage, InLayout
from ecr_publish.ports import BuildRequest


class ArchiveBuilder:
    """Reads both forms: the one with `layer.tar` files, and the newer one that is an OCI layout too."""

    name = "archive"

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """The image of the archive. Raises BuildFailed (it is not there), BadImage (it is damaged), MachineFault."""
        build: ArchiveBuild = request.build
        path = request.root / build.archive
        if not path.is_file():
            raise BuildFailed(
                what=f"{build.archive} is not there",
                where=f"images.{request.image}.build.archive",
                hint="run `docker save -o FILE IMAGE` before this",
            )
        how = compression(build.compression, build.compression_level)
        return BuiltImage(layout_of(path, request.output, build.reference, notify, how), self.name)


def layout_of(archive: Path, output: Path, reference: str | None, notify: Notify, how: Compression = GZIP) -> InLayout:
    """Write the archive's image as a layout into `output`. Needs as much space again while it works.

    Raises BadImage; MachineFault with nothing left in `output`.
    """
    with all_or_nothing(output), tempfile.TemporaryDirectory(dir=output.parent, prefix=".archive-") as temporary:
        directory = Path(temporary)
        links = unpacked(archive, directory)
        if (directory / "manifest.json").exists() or not (directory / "oci-layout").exists():
            return as_layout(Saved(directory, links, archive), output, reference, notify, how)
        for each in directory.iterdir():
            each.replace(output / each.name)
        return verified(output, reference, notify)
