"""oras."""

from __future__ import annotations

import json

from tests.e2e.clients.client import NEWER, Client
from tests.e2e.clients.ground import SBOM, Registry
from tests.e2e.clients.samples import Layout


class Oras(Client):
    name, version = "oras 1.2", "1.2."
    reached = "`--plain-http` (`--from-`, `--to-`)"

    @classmethod
    def needs(cls):
        return (NEWER / "oras",)

    def told(self):
        return self.run("oras", "version").split()[1]

    def login(self, registry: Registry):
        argv = ("login", "--plain-http", "--username", "AWS", "--password-stdin", registry.host)
        self.run("oras", *argv, stdin=registry.password)

    def push(self, layout: Layout, reference: str):
        self.run("oras", "cp", "--from-oci-layout", "--to-plain-http", f"{layout.path}:sample", reference)

    push_index = push

    def pull(self, reference: str) -> str:
        to = self.scratch()
        self.run("oras", "cp", "--from-plain-http", "--to-oci-layout", reference, f"{to}:pulled")
        (named,) = (each for each in json.loads((to / "index.json").read_text())["manifests"] if "annotations" in each)
        return str(named["digest"])

    def inspect(self, reference: str) -> str:
        told = self.run("oras", "manifest", "fetch", "--plain-http", "--descriptor", reference)
        return str(json.loads(told)["digest"])

    def tags(self, repository: str) -> set[str]:
        return set(self.run("oras", "repo", "tags", "--plain-http", repository).split())

    def repositories(self, registry: Registry) -> set[str]:
        return set(self.run("oras", "repo", "ls", "--plain-http", registry.host).split())

    def retag(self, reference: str, tag: str):
        self.run("oras", "tag", "--plain-http", reference, tag)

    def copy(self, source: str, destination: str):
        self.run("oras", "cp", "--from-plain-http", "--to-plain-http", source, destination)

    def attach(self, reference: str):
        (self.home / "sbom.json").write_text("{}")
        argv = ("attach", "--plain-http", "--artifact-type", SBOM, reference, f"sbom.json:{SBOM}")
        self.run("oras", *argv)

    def referrers(self, reference: str) -> set[str]:
        found = json.loads(self.run("oras", "discover", "--plain-http", "--format", "json", reference))
        return {each["digest"] for each in found["manifests"]}

    def delete(self, reference: str):
        self.run("oras", "manifest", "delete", "--plain-http", "--force", reference)
