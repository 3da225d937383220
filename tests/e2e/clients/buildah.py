"""buildah, with a store of its own."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from tests.e2e.clients.client import Client
from tests.e2e.clients.ground import Registry
from tests.e2e.clients.samples import Layout


class Buildah(Client):
    name, version = "buildah 1.28", "buildah version 1.28."
    reached = "`--tls-verify=false`"
    cannot = MappingProxyType(
        {"copy an index to another account and region": "what it pulls is one platform of an index"}
    )

    @classmethod
    def needs(cls):
        return ("buildah",)

    def told(self):
        return self.run("buildah", "--version")

    def buildah(self, *arguments: str | Path, stdin: str = "") -> str:
        store = ("--root", self.home / "store", "--runroot", self.home / "run", "--storage-driver", "vfs")
        return self.run("buildah", *store, *arguments, stdin=stdin)

    def login(self, registry: Registry):
        argv = ("login", "--tls-verify=false", "--username", "AWS", "--password-stdin", registry.host)
        self.buildah(*argv, stdin=registry.password)

    def push(self, layout: Layout, reference: str):
        image = self.buildah("pull", f"oci:{layout.path}:sample").split()[-1]
        self.buildah("push", "--tls-verify=false", image, f"docker://{reference}")

    def push_index(self, layout: Layout, reference: str):
        name = f"localhost/{self.scratch().name}"
        self.buildah("manifest", "create", name)
        self.buildah("manifest", "add", "--all", name, f"oci:{layout.path}:sample")
        self.buildah("manifest", "push", "--all", "--tls-verify=false", name, f"docker://{reference}")

    makes_its_own = True  # it writes its own manifest and compresses layers anew

    def pull(self, reference: str) -> str:
        image = self.buildah("pull", "--tls-verify=false", reference).split()[-1]
        return self.buildah("inspect", "--type", "image", "--format", "{{.FromImageDigest}}", image).strip()

    def retag(self, reference: str, tag: str):
        self.copy(reference, f"{reference.rpartition(':')[0]}:{tag}")

    def copy(self, source: str, destination: str):
        """The long way: pull, push."""
        image = self.buildah("pull", "--tls-verify=false", source).split()[-1]
        self.buildah("push", "--tls-verify=false", image, f"docker://{destination}")
