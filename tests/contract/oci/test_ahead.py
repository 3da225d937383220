"""Blobs that go ahead of their image: none is sent that came meanwhile."""

from __future__ import annotations

from pathlib import Path

from ecr_publish.model.digest import Digest
from ecr_publish.model.layer import StoredBlob
from tests.contract.oci.registries import HERE, World
from tests.unit.oci.layouts import LAYER, Writer, single

FINISH = "PUT ecr:CompleteLayerUpload"


def blobs(directory: Path, *contents: bytes) -> list[StoredBlob]:
    """Blobs of a layout that is being written."""
    written = [Writer(directory).blob(each) for each in contents]
    return [
        StoredBlob(Digest(str(each["digest"])), len(content), LAYER)
        for each, content in zip(written, contents, strict=True)
    ]


def receiving(ecr: World, directory: Path, repository):
    return ecr.images.receiving(directory, HERE, repository, (), ecr.told.append)


def test_a_blob_that_another_image_brought_since_it_was_asked_for_is_not_sent_again(ecr: World, tmp_path: Path):
    repository, (blob,) = ecr.create("web"), blobs(tmp_path, b"base layer")
    with receiving(ecr, tmp_path, repository) as sending:
        assert sending.receiver.has((blob,)) == frozenset()
        ecr.push(single(tmp_path / "other", b"base layer"), repository, "1.0")
        sending.receiver.take(blob)
    assert (ecr.asked().count(FINISH), sending.sent_bytes) == (2, 0)
