"""regctl."""

from __future__ import annotations

import json

from tests.e2e.clients.client import NEWER, Client
from tests.e2e.clients.ground import SBOM, Registry
from tests.e2e.clients.samples import Layout


class Regctl(Client):
    name, version = "regctl 0.11", "v0.11."
    reached = "`regctl registry set --tls disabled HOST:PORT`"

    @classmethod
    def needs(cls):
        return (NEWER / "regctl",)

    def told(self):
        return self.run("regctl", "version", "--format", "{{.VCSTag}}")

    def login(self, registry: Registry):
        self.run("regctl", "registry", "set", "--tls", "disabled", "--skip-check", registry.host)
        argv = ("registry", "login", "--user", "AWS", "--pass-stdin", registry.host)
        self.run("regctl", *argv, stdin=registry.password)

    def push(self, layout: Layout, reference: str):
        self.run("regctl", "image", "copy", f"ocidir://{layout.path}:sample", reference)

    push_index = push

    def pull(self, reference: str) -> str:
        to = self.scratch()
        self.run("regctl", "image", "copy", reference, f"ocidir://{to}:pulled")
        (named,) = json.loads((to / "index.json").read_text())["manifests"]
        return str(named["digest"])

    def inspect(self, reference: str) -> str:
        return self.run("regctl", "image", "digest", reference).strip()

    def tags(self, repository: str) -> set[str]:
        return set(self.run("regctl", "tag", "ls", repository).split())

    def repositories(self, registry: Registry) -> set[str]:
        """It takes no second page by itself."""
        return set(self.run("regctl", "repo", "ls", "--limit", "1000", registry.host).split())

    def retag(self, reference: str, tag: str):
        self.copy(reference, f"{reference.rpartition(':')[0]}:{tag}")

    def copy(self, source: str, destination: str):
        self.run("regctl", "image", "copy", source, destination)

    def attach(self, reference: str):
        self.run("regctl", "artifact", "put", "--artifact-type", SBOM, "--subject", reference, stdin="{}")

    def referrers(self, reference: str) -> set[str]:
        found = json.loads(self.run("regctl", "artifact", "list", "--format", "{{json .}}", reference))
        return {each["digest"] for each in found["descriptors"]}

    def untag(self, reference: str):
        self.run("regctl", "tag", "delete", reference)

    def delete(self, reference: str):
        self.run("regctl", "manifest", "delete", reference)
