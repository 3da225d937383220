"""What an engine says of one of its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecr_publish.errors import ResultUnusable
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


def found(client: Any, image: InEngine) -> Found:
    """Ask the engine (API: ImageInspect). Raises ResultUnusable where it has no such image."""
    import docker

    try:
        value = client.inspect_image(image.image_id)
    except docker.errors.ImageNotFound as error:
        raise ResultUnusable(
            what=f"the engine has no image {image.image_id}",
            where="engine",
            hint="on another machine than the build's: build with `ecr-publish build --output layout`",
        ) from error
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
