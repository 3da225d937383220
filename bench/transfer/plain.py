"""Two of Debian's docker-registry, without authentication, as places of the race."""

import shutil
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from bench.processes import free_port, started
from bench.transfer.places import Address, Counts, Place, merged

SETTINGS = """\
version: 0.1
log: {{ level: error, accesslog: {{ disabled: true }} }}
storage:
  filesystem: {{ rootdirectory: {root}, maxthreads: 100 }}
  delete: {{ enabled: true }}
  maintenance: {{ uploadpurging: {{ enabled: false }} }}
http: {{ addr: "127.0.0.1:{port}", secret: race }}
"""


class DockerRegistry:
    """One, with its storage in a directory of its own."""

    def __init__(self, begun: ExitStack, directory: Path) -> None:
        self._root, self.port = directory / "storage", free_port()
        self._root.mkdir(parents=True)
        settings, log = directory / "config.yml", directory / "log"
        settings.write_text(SETTINGS.format(root=self._root, port=self.port), encoding="utf-8")
        started(["docker-registry", "serve", str(settings)], log, begun)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"docker-registry does not answer:\n{log.read_text()[-2000:]}")

    def empty(self) -> None:
        """Remove everything; it keeps no cache."""
        shutil.rmtree(self._root / "docker", ignore_errors=True)


class PlainRegistries:
    """`places.Registries`."""

    def __init__(self, begun: ExitStack, base: Path) -> None:
        self._servers = [DockerRegistry(begun, base / name) for name in ("one", "two")]
        self.places = tuple(Place(begun, server.port) for server in self._servers)

    def addresses(self) -> tuple[Address, ...]:
        """Behind new ports."""
        return tuple(Address(place.host()) for place in self.places)

    def variables(self) -> dict[str, str]:
        """Nothing."""
        return {}

    def empty(self) -> None:
        """Remove everything."""
        for server in self._servers:
            server.empty()

    def make(self, place: int, repositories: list[str]) -> None:
        """A push makes them."""

    def measure(self, rtt: float) -> None:
        """Count anew."""
        for place in self.places:
            place.measure(rtt)

    def measured(self) -> Counts:
        """What was counted."""
        return merged([place.measured() for place in self.places])
