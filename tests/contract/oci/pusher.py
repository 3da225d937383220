"""A process that pushes and copies one image of a given layer size and prints its own peak of memory, in KiB.

The registry runs in a thread of the parent: only the engine's memory counts here.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from ecr_publish.http.transport import Transport
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.images import RegistryImages
from ecr_publish.ports.access import Access
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest
from tests.peak import peak
from tests.unit.oci.layouts import MANIFEST, Writer

HERE = Target("dev", "dev", EcrRegistry("111111111111", "us-east-2"))
THERE = Target("prod", "prod", EcrRegistry("222222222222", "eu-west-1"))


class Given:
    """Tokens from the command line."""

    def __init__(self, here: Access, there: Access) -> None:
        self._known = {"dev": here, "prod": there}

    def access(self, target: Target) -> Access:
        return self._known[target.name]

    def renew(self, target: Target) -> Access:
        return self._known[target.name]


def layer(directory: Path, size: int) -> dict[str, object]:
    """A layer of that size, written block by block."""
    block, digest, path = bytes(range(256)) * 4096, hashlib.sha256(), directory / "blobs" / "sha256" / "layer"
    with path.open("wb") as file:
        for _ in range(size // len(block)):
            digest.update(block)
            file.write(block)
    path.rename(path.with_name(digest.hexdigest()))
    return {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": f"sha256:{digest.hexdigest()}",
        "size": size // len(block) * len(block),
    }


def main(directory: str, size: str, here: str, here_token: str, there: str, there_token: str) -> None:
    writer, stop = Writer(Path(directory)), StopRequest()
    config = writer.blob(b"{}", "application/vnd.oci.image.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config}
    image = writer.publish(writer.document({**manifest, "layers": [layer(Path(directory), int(size))]}))
    given = Given(Access(here, here_token), Access(there, there_token))
    images = RegistryImages(Transport(stop), given, SystemClock(stop), lambda seconds: seconds)
    pushed = images.push(image, HERE, Repository(HERE.registry, "web"), (size,), lambda progress: None)
    images.copy(pushed.image, HERE, THERE, Repository(THERE.registry, "web"), (size,), lambda progress: None)
    images.close()
    print(peak())


if __name__ == "__main__":
    main(*sys.argv[1:])
