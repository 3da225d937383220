"""Docker: three daemons, each with the command line of its version."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from tests.e2e.clients.client import NEWER, Client
from tests.e2e.clients.ground import Registry
from tests.e2e.clients.samples import Layout, engine_archive


class Docker(Client):
    """Debian 12's own, with the daemon that runs on this machine."""

    name, version = "docker 20.10", "20.10."
    program: ClassVar[Path] = Path("/usr/bin/docker")
    reached = "nothing to do: 127.0.0.1 needs no TLS"
    cannot = MappingProxyType(
        {"copy an index to another account and region": "what it pulls is one platform of an index"}
    )

    @classmethod
    def needs(cls):
        return (cls.program,)

    def told(self):
        return self.run(self.program, "version", "--format", "{{.Server.Version}}")

    def docker(self, *arguments: str | Path, stdin: str = "") -> str:
        return self.run(self.program, *arguments, stdin=stdin)

    def login(self, registry: Registry):
        self.docker("login", "--username", "AWS", "--password-stdin", registry.host, stdin=registry.password)

    remarks = MappingProxyType(
        {
            "the digest behind a tag": "it asks for Docker's types only, to which ECR translates an OCI image, by tag, "
            "under another digest; User Guide: image-manifest-formats"
        }
    )

    def push(self, layout: Layout, reference: str):
        archive = engine_archive(layout, reference, self.scratch())
        self.docker("load", "--input", archive)
        try:
            self.docker("push", reference)
        finally:
            self.docker("image", "rm", reference)

    def push_index(self, layout: Layout, reference: str):
        """By `docker manifest`, of images that it has pushed itself."""
        names = [f"{reference}-{each}" for each in ("amd64", "arm64")]
        for name in names:
            self.push(layout.only(name.rpartition("-")[2]), name)
        self.docker("manifest", "create", "--insecure", reference, *names)
        self.docker("manifest", "push", "--insecure", "--purge", reference)

    def pull(self, reference: str) -> str:
        self.docker("pull", reference)
        try:
            (image,) = json.loads(self.docker("image", "inspect", reference))
            return str(image["RepoDigests"][0].partition("@")[2])
        finally:
            self.docker("image", "rm", reference)

    def inspect(self, reference: str) -> str:
        found = json.loads(self.docker("manifest", "inspect", "--insecure", "--verbose", reference))
        return str(found["Descriptor"]["digest"])

    def retag(self, reference: str, tag: str):
        """The long way: pull, tag, push."""
        other = f"{reference.rpartition(':')[0]}:{tag}"
        self.moved(reference, other)

    def copy(self, source: str, destination: str):
        self.moved(source, destination)

    def moved(self, source: str, destination: str) -> None:
        self.docker("pull", source)
        try:
            self.docker("tag", source, destination)
            self.docker("push", destination)
        finally:
            self.docker("image", "rm", source, destination)


class Docker26(Docker):
    """Debian 13's, unpacked aside, images in a graph driver."""

    name, version = "docker 26.1", "26.1."
    program = NEWER / "docker-26"
    remarks = MappingProxyType({})

    @classmethod
    def needs(cls):
        return (cls.program, NEWER / "dockerd-26", NEWER / "containerd-17")


class Docker26Containerd(Docker26):
    """The same with images in containerd's store, which keeps indexes."""

    name = "docker 26.1, containerd store"

    def push_index(self, layout: Layout, reference: str):
        self.docker("load", "--input", layout.archive(reference, self.scratch()))
        try:
            self.docker("push", reference)
        finally:
            self.docker("image", "rm", reference)
