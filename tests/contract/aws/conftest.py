"""The embedded ECR with a clock that stands still until it is moved, and small images put there by the JSON API."""

from __future__ import annotations

import io
import json
import tarfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from ecr_publish.aws.isolated import Explicit
from ecr_publish.aws.session import Sessions
from ecr_publish.local import embedded_ecr
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.model.target import Target
from ecr_publish.run.clock import SimulatedClock

START = datetime(2026, 1, 1, tzinfo=UTC)
DEV = Target("dev", "dev", EcrRegistry("222222222222", "eu-west-1"))
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Ground:
    """An embedded ECR, the sessions that reach it, and their clock."""

    server: object
    clock: SimulatedClock
    sessions: Sessions = field(init=False)

    def __post_init__(self):
        self.sessions = self.fresh_sessions()

    def fresh_sessions(self, **options):
        return Sessions(Explicit(self.server.url), now=self.clock.now, **options)

    @property
    def ecr(self):
        return self.server.ecr

    @property
    def actions(self):
        """The ECR and STS actions asked for so far."""
        return [request.action for request in self.ecr.script.requests]

    def advance(self, **units):
        self.clock.advance(timedelta(**units))

    def create(self, name, target=DEV, **settings):
        self.sessions.client("ecr", target).create_repository(repositoryName=name, **settings)
        return target.repository(name)

    def put(self, name, tag=None, *, target=DEV, files=("etc/os-release",)) -> Digest:
        """An image with these (empty) files in its one layer."""
        client = self.sessions.client("ecr", target)
        layer, config = _layer(files), json.dumps({"os": "linux", "architecture": "amd64"}).encode()
        parts = []
        for body, kind in (
            (config, "application/vnd.oci.image.config.v1+json"),
            (layer, "application/vnd.oci.image.layer.v1.tar"),
        ):
            _upload(client, name, body)
            parts.append({"mediaType": kind, "digest": str(digest_of(body)), "size": len(body)})
        manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts[0], "layers": [parts[1]]})
        named = {"imageTag": tag} if tag else {}
        client.put_image(repositoryName=name, imageManifest=manifest, imageManifestMediaType=OCI_MANIFEST, **named)
        return digest_of(manifest.encode())


def _layer(files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name in files:
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    return content.getvalue()


def _upload(client, name, body):
    upload = client.initiate_layer_upload(repositoryName=name)["uploadId"]
    client.upload_layer_part(
        repositoryName=name, uploadId=upload, partFirstByte=0, partLastByte=len(body) - 1, layerPartBlob=body
    )
    with suppress(client.exceptions.LayerAlreadyExistsException):  # ECR has seen that it is the same
        client.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[str(digest_of(body))])


@pytest.fixture
def ground():
    clock = SimulatedClock(START)
    with embedded_ecr(clock=clock) as server:
        yield Ground(server, clock)
