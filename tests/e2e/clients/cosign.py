"""cosign: with a key, and no transparency log, which would be on the internet."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

from tests.e2e.clients.client import CLIENTS, NEWER, Client
from tests.e2e.clients.ground import Registry
from tests.e2e.clients.samples import Layout

OFFLINE = ("--tlog-upload=false", "--yes")
KIND = "kind"  # the annotation by which `cosign load` knows what a layout holds


class Cosign(Client):
    name, version = "cosign 2.5", "2.5."
    reached = "nothing to do; `--tlog-upload=false` where there is no internet"

    @classmethod
    def needs(cls):
        return (NEWER / "cosign",)

    def told(self):
        """Of its package: Debian's build says `devel`."""
        changes = CLIENTS / "newer" / "cosign" / "usr" / "share" / "doc" / "cosign" / "changelog.Debian.gz"
        return gzip.decompress(changes.read_bytes()).decode().partition("(")[2]

    def login(self, registry: Registry):
        argv = ("login", "--username", "AWS", "--password-stdin", registry.host)
        self.run("cosign", *argv, stdin=registry.password)

    def _load(self, layout: Layout, kind: str, reference: str) -> None:
        folder = self.scratch()
        shutil.copytree(layout.path, folder)
        index = json.loads((folder / "index.json").read_text())
        index["manifests"][0]["annotations"] = {KIND: f"dev.cosignproject.cosign/{kind}"}
        (folder / "index.json").write_text(json.dumps(index))
        self.run("cosign", "load", "--dir", folder, reference)

    def push(self, layout: Layout, reference: str):
        self._load(layout, "image", reference)

    def push_index(self, layout: Layout, reference: str):
        self._load(layout, "imageIndex", reference)

    def pull(self, reference: str) -> str:
        to = self.scratch()
        self.run("cosign", "save", "--dir", to, reference)
        (named,) = json.loads((to / "index.json").read_text())["manifests"]
        return str(named["digest"])

    def copy(self, source: str, destination: str):
        self.run("cosign", "copy", source, destination)

    def _keys(self) -> tuple[Path, Path]:
        if not (self.home / "cosign.key").exists():
            self.run("cosign", "generate-key-pair")
        return self.home / "cosign.key", self.home / "cosign.pub"

    def attach(self, reference: str):
        (self.home / "sbom.json").write_text("{}")
        self.run("cosign", "attach", "sbom", "--sbom", "sbom.json", "--type", "cyclonedx", reference)

    def sign(self, reference: str):
        """As a tag beside the image, and verified."""
        private, public = self._keys()
        self.run("cosign", "sign", "--key", private, *OFFLINE, reference)
        self.run("cosign", "verify", "--key", public, "--insecure-ignore-tlog", reference)

    def sign_referrer(self, reference: str):
        """As a referrer by OCI 1.1, and verified."""
        private, public = self._keys()
        experiment = ("env", "COSIGN_EXPERIMENTAL=1", "cosign")
        self.run(*experiment, "sign", "--key", private, *OFFLINE, "--registry-referrers-mode=oci-1-1", reference)
        argv = ("verify", "--key", public, "--insecure-ignore-tlog", "--experimental-oci11", reference)
        self.run(*experiment, *argv)

    def clean(self, reference: str):
        self.run("cosign", "clean", "--force", "--type", "signature", reference)
