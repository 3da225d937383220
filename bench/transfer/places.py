"""Where images go in a race: a registry behind a meter, and what contestants are told of it."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.processes import Helper
from bench.transfer.payloads import TAG
from bench.transfer.seeding import Seeder


@dataclass(frozen=True)
class Address:
    """One registry in one run. `authorization` is a whole header value; account and region are those of ECR."""

    host: str
    authorization: str = ""
    account: str = ""
    region: str = ""


class Place:
    """One registry, the meter before it, and what every request of ours to it carries."""

    def __init__(self, begun: ExitStack, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._port, self._headers = port, headers or {}
        self._meter = Helper(begun, "bench.transfer.meter", f"127.0.0.1:{port}")

    def host(self) -> str:
        """A new `host:port` of this registry through the meter: no client's cache has heard of it."""
        return f"127.0.0.1:{self._meter.ask('open')}"

    def measure(self, rtt: float) -> None:
        """Forget the counts; from now on the registry is `rtt` seconds away."""
        self._meter.say("reset")
        self._meter.say(f"rtt {rtt}")

    def measured(self) -> dict[str, Any]:
        """The counts since then; the registry is near again."""
        self._meter.say("rtt 0")
        counts: dict[str, Any] = json.loads(self._meter.ask("stats"))
        return counts

    def seed(self, layout: Path, repository: str, tag: str = TAG) -> None:
        """Put a layout under a tag, past the meter."""
        with Seeder(self._port, repository, self._headers) as seeder:
            seeder.seed(layout, tag)

    def whole(self, repository: str, tag: str, wanted: str) -> bool:
        """Whether the tag names that digest (any, if it is empty) and everything below it is there."""
        with Seeder(self._port, repository, self._headers) as seeder:
            return seeder.whole(tag, wanted)


@dataclass(frozen=True)
class Counts:
    """What was asked of all registries in one run: requests by class, connections, most requests at once, each
    registry's log; on ECR also by account, region and action, and how many were refused for going too fast."""

    requests: dict[str, int]
    connections: int
    most: int
    logs: list[list[str]]
    actions: dict[str, int] = field(default_factory=dict)
    refused: int = 0


def merged(counts: list[dict[str, Any]]) -> Counts:
    """Of several meters."""
    requests: dict[str, int] = {}
    for each in counts:
        for name, number in each["requests"].items():
            requests[name] = requests.get(name, 0) + number
    connections = sum(each["connections"] for each in counts)
    return Counts(requests, connections, max(each["most"] for each in counts), [each["log"] for each in counts])


class Registries(Protocol):
    """One kind of registry. Of its places the first is where images come from and stay; the others are far."""

    places: tuple[Place, ...]

    def addresses(self) -> tuple[Address, ...]:
        """Of all places, new."""

    def variables(self) -> dict[str, str]:
        """What clients find in their environment."""

    def empty(self) -> None:
        """Remove everything."""

    def make(self, place: int, repositories: list[str]) -> None:
        """Create repositories, where a push does not."""

    def measure(self, rtt: float) -> None:
        """Count anew, from so far away."""

    def measured(self) -> Counts:
        """What was counted; everything is near again."""
