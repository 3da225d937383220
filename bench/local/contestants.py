"""Registries that run on a directory: ours, and Debian's docker-registry."""

import http.client
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import urlsplit

from bench.ecrapi import called
from bench.processes import free_port, started

ACCOUNT, REGION, NAME = "1" * 12, "us-east-2", "bench/blob"
STARTS = 7
CONFIG = """\
version: 0.1
log: {{ level: error, accesslog: {{ disabled: true }} }}
storage: {{ filesystem: {{ rootdirectory: {root} }} }}
http: {{ addr: 127.0.0.1:{port} }}
"""


@dataclass
class Contestant:
    """A registry that runs: where its `/v2` is, its process, what every request of it carries, and the seconds from its
    start to its first answer."""

    name: str
    process: Popen[bytes]
    seconds: float
    port: int
    headers: dict[str, str]
    api_port: int | None = None

    def connection(self) -> http.client.HTTPConnection:
        """A new one, which sends in large pieces."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120, blocksize=1 << 20)

    @property
    def peak_mb(self) -> float:
        """The greatest resident size so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1000


Maker = Callable[[Path, ExitStack], Contestant]


def embedded(folder: Path, begun: ExitStack) -> Contestant:
    """`ecr-publish local` on a directory."""
    port = free_port()
    script = str(Path(sys.executable).with_name("ecr-publish"))
    command = [script, "local", "--port", str(port), "--store", str(folder)]
    process, seconds = _started(command, folder, begun, lambda: _asked(port, "DescribeRepositories"))
    _asked(port, "CreateRepository", repositoryName=NAME)
    (data,) = _asked(port, "GetAuthorizationToken")["authorizationData"]
    headers = {"Authorization": f"Basic {data['authorizationToken']}"}
    registry = urlsplit(data["proxyEndpoint"]).port or 0
    return Contestant("ecr-publish local", process, seconds, registry, headers, port)


def docker_registry(folder: Path, begun: ExitStack) -> Contestant:
    """Debian's docker-registry on a directory."""
    port, config = free_port(), folder.with_suffix(".yml")
    config.write_text(CONFIG.format(root=folder, port=port), encoding="utf-8")

    def asked() -> bytes:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        link.request("GET", "/v2/")
        return link.getresponse().read()

    process, seconds = _started(["docker-registry", "serve", str(config)], folder, begun, asked)
    return Contestant("docker-registry", process, seconds, port, {})


def cold(make: Maker, folder: Path) -> float:
    """Milliseconds from the start to the first answer; the fastest of some: whatever else runs only adds to it."""
    times = []
    for number in range(STARTS):
        with ExitStack() as begun:
            times.append(make(folder / f"cold-{number}", begun).seconds * 1000)
    return min(times)


def _asked(port: int, operation: str, **given: object) -> dict[str, Any]:
    return called(port, operation, ACCOUNT, REGION, **given)


def _started(
    command: list[str], folder: Path, begun: ExitStack, answers: Callable[[], object]
) -> tuple[Popen[bytes], float]:
    """The process, and the seconds from its start to its first answer."""
    begin = time.perf_counter()
    process = started(command, folder.with_suffix(".log"), begun)
    limit = time.monotonic() + 30
    while True:
        try:
            answers()
            return process, time.perf_counter() - begin
        except (OSError, http.client.HTTPException):
            if time.monotonic() > limit:
                raise
            time.sleep(0.002)
