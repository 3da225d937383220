"""A run that is to end does not wait for an engine that says nothing, whatever it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ecr_publish.builders.packing import OnDisk
from ecr_publish.engine.images import DockerImages
from ecr_publish.errors import Interrupted
from ecr_publish.run.stop import StopRequest
from tests.contract.builders.fakeengine import Engine, serving
from tests.contract.builders.stores import Kept
from tests.contract.builders.test_engine_images import IMAGE, Desk, desk
from tests.unit.builders.layouts import quiet

__all__ = ["desk"]  # a fixture

Put = Callable[[Desk, Kept], object]


def stopped(engine: Engine, image: object, output: Path) -> float:
    """Seconds from Ctrl-C, which comes when the engine was asked what it says nothing to, to the end."""
    stop, asked = StopRequest(), []

    def interrupt() -> None:
        engine.asked.wait(30)
        asked.append(time.monotonic())
        stop.interrupt()

    threading.Thread(target=interrupt).start()
    output.mkdir()
    with pytest.raises(Interrupted):
        DockerImages({"DOCKER_HOST": engine.url}, check=stop.check).layout(image, output, quiet, OnDisk())
    return time.monotonic() - asked[0]


@pytest.mark.parametrize(
    ("silent", "put"),
    [
        ("json", Desk.only_saved),
        ("info", lambda desk, image: desk.in_content(image, packed=True)),
        ("get", Desk.only_saved),
    ],
    ids=["what the image is", "where its store is", "the image"],
)
def test_a_stop_does_not_wait_for_an_engine_at_its_socket(desk: Desk, tmp_path: Path, silent: str, put: Put):
    image = put(desk, IMAGE)
    desk.engine.silent = silent
    assert stopped(desk.engine, image, tmp_path / "out") < 10


@pytest.mark.parametrize("silent", ["version", "json", "get"])
def test_a_stop_does_not_wait_for_an_engine_elsewhere(desk: Desk, tmp_path: Path, silent: str):
    image = desk.only_saved(IMAGE)
    desk.engine.silent = silent
    with serving(desk.engine) as elsewhere:
        assert stopped(elsewhere, image, tmp_path / "out") < 10
