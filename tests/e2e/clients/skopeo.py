"""skopeo."""

from __future__ import annotations

import hashlib
import json

from tests.e2e.clients.client import Client
from tests.e2e.clients.ground import Registry
from tests.e2e.clients.samples import Layout


class Skopeo(Client):
    name, version = "skopeo 1.9", "skopeo version 1.9."
    reached = "`--tls-verify=false` (`--src-`, `--dest-`)"

    @classmethod
    def needs(cls):
        return ("skopeo",)

    def told(self):
        return self.run("skopeo", "--version")

    def login(self, registry: Registry):
        argv = ("login", "--tls-verify=false", "--username", "AWS", "--password-stdin", registry.host)
        self.run("skopeo", *argv, stdin=registry.password)

    def push(self, layout: Layout, reference: str):
        self.run("skopeo", "copy", "--dest-tls-verify=false", f"oci:{layout.path}:sample", f"docker://{reference}")

    def push_index(self, layout: Layout, reference: str):
        argv = ("copy", "--all", "--dest-tls-verify=false", f"oci:{layout.path}:sample", f"docker://{reference}")
        self.run("skopeo", *argv)

    def pull(self, reference: str) -> str:
        to = self.scratch()
        self.run("skopeo", "copy", "--src-tls-verify=false", f"docker://{reference}", f"oci:{to}:pulled")
        (named,) = json.loads((to / "index.json").read_text())["manifests"]
        return str(named["digest"])

    def inspect(self, reference: str) -> str:
        raw = self.run("skopeo", "inspect", "--tls-verify=false", "--raw", f"docker://{reference}")
        return f"sha256:{hashlib.sha256(raw.encode()).hexdigest()}"

    def tags(self, repository: str) -> set[str]:
        listed = self.run("skopeo", "list-tags", "--tls-verify=false", f"docker://{repository}")
        return set(json.loads(listed)["Tags"])

    def retag(self, reference: str, tag: str):
        self.copy(reference, f"{reference.rpartition(':')[0]}:{tag}")

    def copy(self, source: str, destination: str):
        argv = ("copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false")
        self.run("skopeo", *argv, f"docker://{source}", f"docker://{destination}")

    def delete(self, reference: str):
        self.run("skopeo", "delete", "--tls-verify=false", f"docker://{reference}")
