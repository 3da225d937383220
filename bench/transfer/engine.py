"""The transfer engine as a library in a process that is warm: one job per line of JSON on stdin, its cost on stdout.

Connections and threads are new for each job; only the modules are loaded, and on ECR it has a token. Several images of
a job go eight at a time, as the scheduler has them.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ecr_publish.errors import PublishError
from ecr_publish.http.transport import Transport
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InLayout, PublishedImage
from ecr_publish.model.registry import EcrRegistry, PlainRegistry, Registry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.images import RegistryImages
from ecr_publish.oci.layout import open_layout
from ecr_publish.ports.access import Access
from ecr_publish.run.clock import SystemClock, full_jitter
from ecr_publish.run.stop import StopRequest


class Known:
    """Registries on loopback, with tokens that are known."""

    def __init__(self) -> None:
        self._accesses: dict[Registry, Access] = {}

    def target(self, host: str, authorization: str, account: str, region: str) -> Target:
        """A target there, from now on at this address."""
        registry = EcrRegistry(account, region) if account else PlainRegistry(host)
        self._accesses[registry] = Access(f"http://{host}", authorization or None)
        return Target(str(registry), str(registry), registry)

    def access(self, target: Target) -> Access:
        return self._accesses[target.registry]

    def renew(self, target: Target) -> Access:
        return self.access(target)


class Jobs:
    """What can be asked for: the images go from and to targets that are told as `Known.target` takes them."""

    def __init__(self, images: RegistryImages, known: Known) -> None:
        self._images, self._known = images, known

    def push(self, layout: str, to: list[str], repository: str, tag: str) -> None:
        root, there = open_layout(Path(layout)).root(), self._known.target(*to)
        image = InLayout(layout, root.digest)
        self._images.push(image, there, Repository(there.registry, repository), (tag,), lambda _: None)

    def copy(self, digest: str, source: list[str], name: str, to: list[str], repository: str, tag: str) -> None:
        """As a promotion does it: the digest is known."""
        here, there = self._known.target(*source), self._known.target(*to)
        image = PublishedImage(Repository(here.registry, name), Digest(digest), ())
        self._images.copy(image, here, there, Repository(there.registry, repository), (tag,), lambda _: None)

    def retag(self, digest: str, to: list[str], repository: str, new: str) -> None:
        """As a promotion to an environment that is a moving tag."""
        self.copy(digest, to, repository, to, repository, new)


def peak() -> float:
    """The most memory since it was last forgotten, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def main() -> None:
    """Serve until stdin ends."""
    for line in sys.stdin:
        name, images_of_job = json.loads(line)
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
        cpu, began = time.process_time(), time.monotonic()
        stop = StopRequest()
        known = Known()
        images = RegistryImages(Transport(stop), known, SystemClock(stop), full_jitter())
        job: Callable[..., Any] = getattr(Jobs(images, known), name)
        failed = ""
        with ThreadPoolExecutor(8) as steps:
            for each in [steps.submit(job, *words) for words in images_of_job]:
                if isinstance(error := each.exception(), PublishError):
                    failed = str(error)
                elif error is not None:
                    raise error
        wall = time.monotonic() - began
        cost = {"wall": wall, "cpu": time.process_time() - cpu, "peak": peak(), "failed": failed}
        images.close()
        print(json.dumps(cost), flush=True)


if __name__ == "__main__":
    main()
