"""The embedded ECR as places of the race: an account that pushes, and two regions of another one.

Its API is as far away as its registries are.
"""

import json
from contextlib import ExitStack
from pathlib import Path

from bench.ecrapi import token
from bench.processes import Helper
from bench.transfer.places import Address, Counts, Place, merged

HOME = ("111111111111", "us-east-2")
SITES = (HOME, ("222222222222", "eu-west-1"), ("222222222222", "us-east-2"))


class EcrRegistries:
    """`places.Registries`, with ECR's documented request rates while something is measured."""

    def __init__(self, begun: ExitStack, base: Path) -> None:
        blobs, self._logins = base / "ecr", base / "logins"
        blobs.mkdir()
        self._logins.mkdir()
        self._server = Helper(begun, "bench.transfer.ecr", TMPDIR=str(blobs))
        port = int(self._server.heard())
        self._api = Place(begun, port)
        self._tokens = [f"Basic {token(port, *site)}" for site in SITES]
        self.places = tuple(
            Place(begun, int(self._server.ask(f"open {' '.join(site)}")), {"Authorization": authorization})
            for site, authorization in zip(SITES, self._tokens, strict=True)
        )

    def addresses(self) -> tuple[Address, ...]:
        """Behind new ports, which GetAuthorizationToken names too; with docker's file of logins for them."""
        found = []
        for place, site, authorization in zip(self.places, SITES, self._tokens, strict=True):
            host = place.host()
            self._server.ask(f"lead {' '.join(site)} {host.rpartition(':')[2]}")
            found.append(Address(host, authorization, *site))
        logins = {each.host: {"auth": each.authorization.partition(" ")[2]} for each in found}
        (self._logins / "config.json").write_text(json.dumps({"auths": logins}), encoding="utf-8")
        return tuple(found)

    def variables(self) -> dict[str, str]:
        """The API and the first account's credentials for ours, logins for the peers."""
        url = f"http://{self._api.host()}"
        return {
            "AWS_ENDPOINT_URL_ECR": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ACCESS_KEY_ID": HOME[0],
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_CONFIG_FILE": "/dev/null",
            "DOCKER_CONFIG": str(self._logins),
            "REGISTRY_AUTH_FILE": str(self._logins / "config.json"),
        }

    def empty(self) -> None:
        """Remove all repositories."""
        self._server.ask("empty")

    def make(self, place: int, repositories: list[str]) -> None:
        """Create repositories."""
        self._server.ask(" ".join(("make", *SITES[place], *repositories)))

    def measure(self, rtt: float) -> None:
        """Count anew, the API too."""
        self._server.ask("begin")
        for place in (self._api, *self.places):
            place.measure(rtt)

    def measured(self) -> Counts:
        """What was counted, with what each account and region was asked."""
        counts = merged([place.measured() for place in (*self.places, self._api)])
        told = json.loads(self._server.ask("stats"))
        return Counts(counts.requests, counts.connections, counts.most, counts.logs, told["actions"], told["refused"])
