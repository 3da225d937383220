"""crane."""

from __future__ import annotations

import json

from tests.e2e.clients.client import NEWER, Client
from tests.e2e.clients.ground import Registry
from tests.e2e.clients.samples import Layout


class Crane(Client):
    name, version = "crane 0.22", "v0.22."
    reached = "nothing to do"

    @classmethod
    def needs(cls):
        return (NEWER / "crane",)

    def told(self):
        return self.run("crane", "version")

    def login(self, registry: Registry):
        argv = ("auth", "login", "--username", "AWS", "--password-stdin", registry.host)
        self.run("crane", *argv, stdin=registry.password)

    def push(self, layout: Layout, reference: str):
        self.run("crane", "push", layout.path, reference)

    push_index = push

    def pull(self, reference: str) -> str:
        to = self.scratch()
        self.run("crane", "pull", "--format", "oci", reference, to)
        (named,) = json.loads((to / "index.json").read_text())["manifests"]
        return str(named["digest"])

    def inspect(self, reference: str) -> str:
        return self.run("crane", "digest", reference).strip()

    def tags(self, repository: str) -> set[str]:
        return set(self.run("crane", "ls", repository).split())

    def repositories(self, registry: Registry) -> set[str]:
        return set(self.run("crane", "catalog", registry.host).split())

    def retag(self, reference: str, tag: str):
        self.run("crane", "tag", reference, tag)

    def copy(self, source: str, destination: str):
        self.run("crane", "copy", source, destination)

    def untag(self, reference: str):
        self.run("crane", "delete", reference)

    def delete(self, reference: str):
        self.run("crane", "delete", reference)
