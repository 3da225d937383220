"""The transfer engine as a library in a process that is warm: one job per line of JSON on stdin, its cost on stdout.

Connections, tokens and threads are new for each job; only the modules are loaded. Several images of a job go eight at a
time, as the scheduler has them.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ecr_publish.http.transport import Transport
from ecr_publish.model.image import InLayout, PublishedImage
from ecr_publish.model.registry import PlainRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.images import RegistryImages
from ecr_publish.oci.layout import open_layout
from ecr_publish.ports import Access
from ecr_publish.run.clock import SystemClock, full_jitter
from ecr_publish.run.stop import StopRequest


class Anonymous:
    """Registries on loopback that ask for nothing."""

    def access(self, target: Target) -> Access:
        return Access(f"http://{target.registry}")

    def renew(self, target: Target) -> Access:
        return self.access(target)


def target(host: str) -> Target:
    return Target(host, host, PlainRegistry(host))


def push(images: RegistryImages, layout: str, to: str, repository: str, tag: str) -> None:
    root = open_layout(Path(layout)).root()
    there = target(to)
    images.push(InLayout(layout, root.digest), there, Repository(there.registry, repository), (tag,), lambda _: None)


def copy(images: RegistryImages, layout: str, source: str, name: str, to: str, repository: str, tag: str) -> None:
    """As a promotion does it: the digest is known."""
    here, there = target(source), target(to)
    image = PublishedImage(Repository(here.registry, name), open_layout(Path(layout)).root().digest, ())
    images.copy(image, here, there, Repository(there.registry, repository), (tag,), lambda _: None)


def retag(images: RegistryImages, layout: str, host: str, repository: str, new: str) -> None:
    """As a promotion to an environment that is a moving tag."""
    copy(images, layout, host, repository, host, repository, new)


def peak() -> float:
    """The most memory since it was last forgotten, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    jobs: dict[str, Callable[..., None]] = {"push": push, "copy": copy, "retag": retag}
    for line in sys.stdin:
        name, images_of_job = json.loads(line)
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
        idle, cpu, began = peak(), time.process_time(), time.monotonic()
        stop = StopRequest()
        images = RegistryImages(Transport(stop), Anonymous(), SystemClock(stop), full_jitter())
        with ThreadPoolExecutor(8) as steps:
            asked = [steps.submit(jobs[name], images, *words) for words in images_of_job]
            for each in asked:
                each.result()
        wall = time.monotonic() - began
        cost = {"wall": wall, "cpu": time.process_time() - cpu, "peak": peak(), "idle": idle, "status": 0}
        images.close()
        print(json.dumps(cost), flush=True)


if __name__ == "__main__":
    main()
