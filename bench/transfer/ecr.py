"""The embedded ECR in a process of its own, which takes one command per line:

python -m bench.transfer.ecr        prints the API's port; then

open ACCOUNT REGION             print the port of a registry
lead ACCOUNT REGION PORT        GetAuthorizationToken names this port as that registry's from now on
make ACCOUNT REGION NAME...     create repositories, and print how many
empty                           remove all repositories, and print how many
begin                           keep ECR's documented request rates from now on, and count anew
stats                           print the counts since then as JSON, by registry and action; rates are kept no more
"""

import json
import logging
import os
import sys
import time
from collections import Counter
from datetime import timedelta

from ecr_publish.local import embedded_ecr
from ecr_publish.local.api.wire import ApiError
from ecr_publish.local.embedded import EmbeddedEcr, Settings
from ecr_publish.local.quotas import Quotas
from ecr_publish.local.records import Repository
from ecr_publish.local.tokens import Principal
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest


class Counted(Quotas):
    """Quotas that are kept, with what each bucket was asked for and how often one was empty."""

    def __init__(self, clock: object) -> None:
        super().__init__(clock, True)
        self.actions: Counter[str] = Counter()
        self.refused = 0

    def take(self, principal: Principal, region: str, action: str) -> None:
        """One request. Raises ApiError."""
        self.actions[f"{principal.account}/{region} {action}"] += 1
        try:
            super().take(principal, region, action)
        except ApiError:
            self.refused += 1
            raise


class Commands:
    """What the commands do; each gives the line that answers it."""

    def __init__(self, ecr: EmbeddedEcr) -> None:
        self._ecr, self._counted = ecr, Counted(ecr.clock)
        self._led: dict[tuple[str, str], str] = {}
        self._straight = ecr.registry_url
        ecr.registry_url = self._url  # type: ignore[method-assign]

    def _url(self, account: str, region: str) -> str:
        return self._led.get((account, region)) or self._straight(account, region)

    def open(self, account: str, region: str) -> str:
        return self._straight(account, region).rpartition(":")[2]

    def lead(self, account: str, region: str, port: str) -> str:
        self._led[account, region] = f"http://127.0.0.1:{port}"
        return port

    def make(self, account: str, region: str, *names: str) -> str:
        made = self._ecr.store.registry(account, region).repositories
        made.update({name: Repository(name, time.time(), scan_on_push=True) for name in names})
        return str(len(made))

    def empty(self) -> str:
        """What no repository names any more is removed by the store."""
        gone = [
            (registry, registry.repositories.pop(name))
            for registry in self._ecr.store.registries
            for name in tuple(registry.repositories)
        ]
        for registry, repository in gone:
            self._ecr.store.save(registry, repository)
        return str(len(gone))

    def begin(self) -> str:
        self._ecr.quotas = self._counted = Counted(self._ecr.clock)
        return "ok"

    def stats(self) -> str:
        self._ecr.quotas = Quotas(self._ecr.clock, False)
        return json.dumps({"actions": self._counted.actions, "refused": self._counted.refused})


def main() -> None:
    """Serve until stdin ends."""
    logging.disable()  # clients that greet by TLS first are no news
    # scans are done: it is the transfer that is measured
    settings = Settings(scan_takes=timedelta(0))
    with embedded_ecr(settings, SystemClock(StopRequest())) as server:
        commands = Commands(server.ecr)
        print(server.port, flush=True)
        for line in sys.stdin:
            name, *words = line.split()
            print(getattr(commands, name)(*words), flush=True)
        server.ecr.close()
        os._exit(0)


if __name__ == "__main__":
    main()
