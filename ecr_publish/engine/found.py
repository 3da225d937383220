"""What an engine says of one of its images."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ecr_publish.engine.attended import answer
from ecr_publish.engine.connection import ASKED_SECONDS, engine
from ecr_publish.errors import ResultUnusable
from ecr_publish.http.unixsocket import document
from ecr_publish.model.image import InEngine
from ecr_publish.model.platform import Platform


@dataclass(frozen=True, slots=True)
class Found:
    """An image of an engine. `graph` is the top layer's directory where a graph driver keeps it, None with the
    containerd store and with drivers that have no such directory; `image_id` is the digest of the config with a graph
    driver, of a manifest or index with the containerd store."""

    image_id: str
    diff_ids: tuple[str, ...]
    labels: Mapping[str, str]
    platform: Platform
    graph: Path | None


def found(environment: Mapping[str, str], image: InEngine, beside: str | None, *, check: Callable[[], None]) -> Found:
    """Ask the engine (API: ImageInspect), `beside` us at its socket file if it is there. Docker's SDK, which takes
    longer to load than this does, is left for engines elsewhere and for saying what is wrong. `check` raises when the
    run is to stop.

    Raises ResultUnusable where it has no such image, and what `engine` does.
    """
    value = told(beside, f"/images/{quote(image.image_id, safe=':')}/json", check) if beside else None
    if value is None:
        value = _inspected(environment, image, check)
    layers = (value.get("RootFS") or {}).get("Layers") or ()
    labels = (value.get("Config") or {}).get("Labels") or {}
    driver = value.get("GraphDriver") or {}
    upper = (driver.get("Data") or {}).get("UpperDir") if driver.get("Name") == "overlay2" else None
    return Found(
        image_id=str(value.get("Id") or image.image_id),
        diff_ids=tuple(str(layer) for layer in layers),
        labels={str(key): str(text) for key, text in labels.items()},
        platform=Platform(str(value.get("Os")), str(value.get("Architecture")), value.get("Variant") or None),
        graph=Path(upper) if upper else None,
    )


def told(beside: str, path: str, check: Callable[[], None]) -> dict[str, Any] | None:
    """The JSON object that the engine at that socket file answers; None if it does not."""
    try:
        value = json.loads(answer(lambda: document(beside, path), check) or b"null")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _inspected(environment: Mapping[str, str], image: InEngine, check: Callable[[], None]) -> dict[str, Any]:
    with engine(environment, f"engine image {image.image_id}", check=check) as client:
        import docker

        client.timeout = ASKED_SECONDS
        try:
            return answer(lambda: dict(client.inspect_image(image.image_id)), check)
        except docker.errors.ImageNotFound as error:
            raise ResultUnusable(
                what=f"the engine has no image {image.image_id}",
                where="engine",
                hint="on another machine than the build's: build with `ecr-publish build --output layout`",
            ) from error
