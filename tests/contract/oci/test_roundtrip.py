"""Random images, with shared layers, indexes in indexes and referrers of referrers, copied there and back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecr_publish.model.image import InLayout, PublishedImage
from ecr_publish.model.registry import Repository
from tests.contract.oci.registries import HERE, THERE, World, world
from tests.unit.oci.layouts import MANIFEST, Writer

LAYERS = [b"base" * 50, b"shared" * 70, b"app", b"\0" * 3000, b"x"]
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Shape:
    """`images` are layers by number; `nests` how many of them each index takes in; `points` which manifest (modulo
    what there is by then) each referrer is about."""

    images: tuple[tuple[int, ...], ...]
    nests: tuple[int, ...]
    points: tuple[int, ...]


SHAPES = st.builds(
    Shape,
    st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple), min_size=1, max_size=4).map(tuple),
    st.lists(st.integers(1, 3), max_size=3).map(tuple),
    st.lists(st.integers(0, 20), max_size=4).map(tuple),
)


@pytest.fixture(scope="module")
def ground() -> Iterator[World]:
    with world() as made:
        yield made


def built(shape: Shape, directory: Path) -> tuple[InLayout, list[InLayout]]:
    """The image and its referrers, each as a layout over the same blobs."""
    writer = Writer(directory)
    known = [writer.manifest(*[LAYERS[n] for n in layers], annotations=None) for layers in shape.images]
    open_ends = list(known)
    for taken in shape.nests:
        inner = writer.index(*open_ends[:taken])
        open_ends = [inner, *open_ends[taken:]]
        known.append(inner)
    root = open_ends[0] if len(open_ends) == 1 else writer.index(*open_ends)
    below = [each for each in known if each is not root]
    reach, referrers = [root, *below], []
    for number, point in enumerate(shape.points):
        subject = {key: reach[point % len(reach)][key] for key in ("mediaType", "digest", "size")}
        about = writer.document(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": "application/vnd.example.note",
                "config": writer.blob(b"{}", "application/vnd.oci.empty.v1+json"),
                "layers": [writer.blob(b"note %d" % number, "text/plain")],
                "subject": subject,
            }
        )
        reach.append(about)
        referrers.append(about)
    image = writer.publish(root)
    return image, [InLayout(image.path, type(image.digest)(str(each["digest"]))) for each in referrers]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SHAPES)
def test_there_and_back_every_manifest_and_blob_is_the_same(ground: World, shape: Shape):
    name = f"image{next(_NUMBERS)}"
    source, away, back = ground.create(name), ground.create(name, THERE), ground.create(f"{name}-back")
    with TemporaryDirectory() as directory:
        image, referrers = built(shape, Path(directory))
        pushed = ground.push(image, source, "1.0")
        for each in referrers:
            ground.push(each, source)
    ground.copy(pushed, away, "1.0")
    sent = PublishedImage(Repository(THERE.registry, name), image.digest, ())
    ground.images.copy(sent, THERE, HERE, back, ("1.0",), ground.told.append)
    first, last = ground.stored(source), ground.stored(back)
    assert set(last.images) == set(first.images)
    assert last.layers == first.layers
    assert last.tags == first.tags
