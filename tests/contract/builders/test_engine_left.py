"""An engine that is no longer listened to is left, though an error that came of its words is kept for the report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecr_publish.builders.packing import OnDisk
from ecr_publish.config.builds import DockerBuild
from ecr_publish.engine.builder import DockerBuilder
from ecr_publish.engine.images import DockerImages
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.model.image import InEngine
from tests.contract.builders.fakeengine import Engine, serving
from tests.contract.builders.stores import Kept
from tests.unit.builders.layouts import quiet, request

IMAGE = Kept((("base", b"base" * 1000),))
NO_ARCHIVE = b"no archive" * 1_000_000  # more than is read ahead


@pytest.fixture
def engine() -> Iterator[Engine]:
    with serving(Engine()) as running:
        yield running


@pytest.fixture
def listening() -> Callable[[], int]:
    """How many threads listen to an engine that did not before this test: within ten seconds none, else those left."""
    before = set(threading.enumerate())

    def count() -> int:
        until = time.monotonic() + 10
        while there := [one for one in threading.enumerate() if one.name == "attended" and one not in before]:
            if time.monotonic() > until:
                break
            time.sleep(0.05)
        return len(there)

    return count


def test_an_archive_that_cannot_be_read_is_left(engine: Engine, listening, tmp_path: Path):
    engine.images[IMAGE.image_id] = IMAGE.inspected(Path("/nowhere/overlay2/id/diff"))
    engine.archives[IMAGE.image_id] = NO_ARCHIVE
    (tmp_path / "out").mkdir()
    with pytest.raises(BadImage) as kept:
        DockerImages({"DOCKER_HOST": engine.url}).layout(InEngine(IMAGE.image_id), tmp_path / "out", quiet, OnDisk())
    assert listening() == 0
    assert "cannot be read" in kept.value.what


def test_a_build_that_failed_is_left(engine: Engine, listening, tmp_path: Path):
    engine.lines = [{"error": "no"}, *({"stream": "and so on"} for _ in range(1000))]
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(BuildFailed) as kept:
        DockerBuilder({"DOCKER_HOST": engine.url}).build(request(tmp_path, DockerBuild(), output="out"), quiet)
    assert listening() == 0
    assert kept.value.what == "no"
