"""buildx, with the daemon whose images are in containerd's store: it builds for several platforms by itself."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.clients.client import CLIENTS, NEWER, Client
from tests.e2e.clients.ground import Registry
from tests.e2e.clients.samples import CONTENT

PLUGIN = CLIENTS / "plugins" / "docker-buildx"


class Buildx(Client):
    name, version = "buildx 0.13", "github.com/docker/buildx 0.13."
    reached = "as docker, whose daemon it uses"

    @classmethod
    def needs(cls):
        return (NEWER / "docker-26", NEWER / "dockerd-26", NEWER / "containerd-17", PLUGIN)

    def told(self):
        return self.run(PLUGIN, "version")

    def buildx(self, *arguments: str | Path) -> str:
        plugins = self.home / "docker" / "cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        if not (plugins / "docker-buildx").exists():
            (plugins / "docker-buildx").symlink_to(PLUGIN)
        return self.run(NEWER / "docker-26", "buildx", *arguments)

    def login(self, registry: Registry):
        argv = ("login", "--username", "AWS", "--password-stdin", registry.host)
        self.run(NEWER / "docker-26", *argv, stdin=registry.password)

    def built(self, reference: str, platforms: str) -> None:
        context = self.scratch()
        context.mkdir()
        (context / "hello").write_bytes(CONTENT)
        (context / "Dockerfile").write_text("FROM scratch\nCOPY hello /hello\n")
        self.buildx("build", "--push", "--platform", platforms, "--tag", reference, context)

    def push(self, layout: object, reference: str):
        """What it builds itself, with its attestation of provenance."""
        self.built(reference, "linux/amd64")

    def push_index(self, layout: object, reference: str):
        self.built(reference, "linux/amd64,linux/arm64")

    makes_its_own = True  # what it pushes is not the sample

    def inspect(self, reference: str) -> str:
        told = self.buildx("imagetools", "inspect", "--format", "{{json .Manifest}}", reference)
        return str(json.loads(told)["digest"])

    def retag(self, reference: str, tag: str):
        self.buildx("imagetools", "create", "--tag", f"{reference.rpartition(':')[0]}:{tag}", reference)

    def copy(self, source: str, destination: str):
        self.buildx("imagetools", "create", "--tag", destination, source)
