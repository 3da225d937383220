"""The embedded ECR as a place of the race: a round trip away, and with the request rates that ECR documents.

python -m bench.transfer.ecr        prints the API's URL; then one command per line on stdin:

make ACCOUNT REGION NAME...     create repositories
far SECONDS                     every request waits so long from now on, rates are kept, and counting begins
stats                           print the counts since then as JSON: requests by registry and action, and refusals
tags ACCOUNT REGION             print repository -> tag -> digest as JSON
"""

import asyncio
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.exchange import Answer, Exchange
from ecr_publish.local.records import Repository
from ecr_publish.local.registry import answers
from ecr_publish.local.registry.routes import action_of
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest

RATES = {  # requests per second of an account and region (Amazon ECR User Guide, "Service quotas")
    "BatchCheckLayerAvailability": 1000,
    "BatchGetImage": 2000,
    "CompleteLayerUpload": 100,
    "GetDownloadUrlForLayer": 3000,
    "InitiateLayerUpload": 100,
    "PutImage": 10,
    "UploadLayerPart": 500,
}
Registry = Callable[[str, str, Exchange], Awaitable[Answer]]


class Gate:
    """Stands before the registries: distance, rates (a bucket of one second's worth each), and counts."""

    def __init__(self, inner: Registry) -> None:
        self._inner = inner
        self.begin(0)

    def begin(self, seconds: float) -> None:
        """Be so far away, and count anew."""
        self._seconds = seconds
        self._room: dict[tuple[str, str], tuple[float, float]] = {}
        self.requests: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def registry(self, account: str, region: str, exchange: Exchange) -> Answer:
        """One request to a registry's port."""
        await asyncio.sleep(self._seconds)
        route = action_of(exchange.method, exchange.path)
        action = route[0] if route else "GetObject"
        if self._seconds:
            key = f"{account}/{region} {action}"
            self.requests[key] += 1
            if not self._has_room(f"{account}/{region}", action):
                self.refused[key] += 1
                return answers.failed(429, "TOOMANYREQUESTS", "Rate exceeded")
        return await self._inner(account, region, exchange)

    def _has_room(self, registry: str, action: str) -> bool:
        rate = RATES.get(action)
        if rate is None:
            return True
        now = time.monotonic()
        room, since = self._room.get((registry, action), (float(rate), now))
        room = min(rate, room + (now - since) * rate)
        self._room[registry, action] = (room - 1 if room >= 1 else room, now)
        return room >= 1


def main() -> None:
    """Serve until stdin ends."""
    logging.disable()  # clients that greet by TLS first are no news
    # scans are done: it is the transfer that is measured
    settings = Settings(scan_takes=timedelta(0))
    with embedded_ecr(settings, SystemClock(StopRequest())) as server:
        gate = Gate(server.ecr.registry)
        server.ecr.registry = gate.registry  # type: ignore[method-assign]
        print(server.url, flush=True)
        for line in sys.stdin:
            match line.split():
                case ["make", account, region, *names]:
                    made = server.ecr.store.registry(account, region).repositories
                    made.update({name: Repository(name, time.time(), scan_on_push=True) for name in names})
                    print(server.ecr.registry_url(account, region), flush=True)
                case ["far", seconds]:
                    gate.begin(float(seconds))
                    print("ok", flush=True)
                case ["stats"]:
                    print(json.dumps({"requests": gate.requests, "refused": gate.refused}), flush=True)
                case ["tags", account, region]:
                    there = server.ecr.store.registry(account, region).repositories
                    print(json.dumps({name: each.tags for name, each in there.items()}), flush=True)
        os._exit(0)


if __name__ == "__main__":
    main()
