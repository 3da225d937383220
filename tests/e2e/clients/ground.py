"""The embedded ECR under the clients, filled and looked at through boto3 alone: no client is another's witness."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from ecr_publish.local.server import Server
from tests.e2e.clients import samples
from tests.e2e.clients.samples import OCI, Layout

ACCOUNT, REGION = "111111111111", "us-east-2"
OTHER_ACCOUNT, OTHER_REGION = "333333333333", "eu-west-1"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SBOM = "application/vnd.example.sbom"


@dataclass(frozen=True)
class Registry:
    """One account's registry in one region, and its owner's client."""

    host: str  # 127.0.0.1:port
    password: str
    ecr: Any  # boto3

    def repository(self, name: str, **settings: Any) -> Repository:
        """A new repository."""
        self.ecr.create_repository(repositoryName=name, **settings)
        return Repository(self, name)

    def repositories(self) -> set[str]:
        """All names."""
        pages = self.ecr.get_paginator("describe_repositories").paginate()
        return {each["repositoryName"] for page in pages for each in page["repositories"]}


@dataclass(frozen=True)
class Repository:
    """A repository, and what boto3 sees in it."""

    registry: Registry
    name: str

    @property
    def path(self) -> str:
        """What clients call it: host:port/name."""
        return f"{self.registry.host}/{self.name}"

    def tags(self) -> dict[str, str]:
        """tag -> digest."""
        listed = self.registry.ecr.list_images(repositoryName=self.name)["imageIds"]
        return {each["imageTag"]: each["imageDigest"] for each in listed if "imageTag" in each}

    def digests(self) -> set[str]:
        listed = self.registry.ecr.list_images(repositoryName=self.name)["imageIds"]
        return {each["imageDigest"] for each in listed}

    def manifest(self, **image_id: str) -> dict[str, Any]:
        """Its JSON; the digest is right."""
        (image,) = self.registry.ecr.batch_get_image(repositoryName=self.name, imageIds=[image_id])["images"]
        digest = f"sha256:{hashlib.sha256(image['imageManifest'].encode()).hexdigest()}"
        assert digest == image["imageId"]["imageDigest"]
        return dict(json.loads(image["imageManifest"]))

    def blob(self, digest: str) -> bytes:
        """Its bytes; the digest is right."""
        answer = self.registry.ecr.get_download_url_for_layer(repositoryName=self.name, layerDigest=digest)
        with urllib.request.urlopen(answer["downloadUrl"]) as response:
            content = response.read()
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
        return bytes(content)

    def as_docker(self, tag: str) -> str:
        """The digest of what a client gets that takes Docker's format only."""
        token = base64.b64encode(f"AWS:{self.registry.password}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Accept": DOCKER_MANIFEST}
        url = f"http://{self.registry.host}/v2/{self.name}/manifests/{tag}"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
            assert response.headers["content-type"] == DOCKER_MANIFEST
            return f"sha256:{hashlib.sha256(response.read()).hexdigest()}"

    def put(self, layout: Layout, tag: str) -> str:
        """The layout's root under a tag, everything below first; the digest."""
        self._put(layout, layout.digest, tag)
        return layout.digest

    def _put(self, layout: Layout, digest: str, tag: str | None) -> None:
        manifest = json.loads(layout.blob(digest))
        for child in manifest.get("manifests", ()):
            self._put(layout, child["digest"], None)
        for each in [manifest[key] for key in ("config",) if key in manifest] + manifest.get("layers", []):
            self.upload(layout.blob(each["digest"]))
        self._put_manifest(layout.blob(digest).decode(), tag)

    def _put_manifest(self, text: str, tag: str | None) -> str:
        named = {"imageTag": tag} if tag is not None else {}
        put = self.registry.ecr.put_image(repositoryName=self.name, imageManifest=text, **named)
        return str(put["image"]["imageId"]["imageDigest"])

    def upload(self, content: bytes) -> str:
        """A layer by the API's own three calls."""
        ecr, digest = self.registry.ecr, f"sha256:{hashlib.sha256(content).hexdigest()}"
        upload = ecr.initiate_layer_upload(repositoryName=self.name)["uploadId"]
        ecr.upload_layer_part(
            repositoryName=self.name,
            uploadId=upload,
            partFirstByte=0,
            partLastByte=len(content) - 1,
            layerPartBlob=content,
        )
        with contextlib.suppress(ecr.exceptions.LayerAlreadyExistsException):
            ecr.complete_layer_upload(repositoryName=self.name, uploadId=upload, layerDigests=[digest])
        return digest

    def attach(self, subject: str, kind: str = SBOM) -> str:
        """An artifact whose subject is an image of here; its digest."""
        (image,) = self.registry.ecr.batch_get_image(repositoryName=self.name, imageIds=[{"imageDigest": subject}])[
            "images"
        ]
        empty, payload = b"{}", b'{"sbom": true}'
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI + "manifest.v1+json",
            "artifactType": kind,
            "config": {
                "mediaType": "application/vnd.oci.empty.v1+json",
                "digest": self.upload(empty),
                "size": len(empty),
            },
            "layers": [{"mediaType": kind, "digest": self.upload(payload), "size": len(payload)}],
            "subject": {
                "mediaType": image["imageManifestMediaType"],
                "digest": subject,
                "size": len(image["imageManifest"]),
            },
        }
        return self._put_manifest(json.dumps(manifest), None)

    def referrers(self, subject: str) -> list[dict[str, Any]]:
        answer = self.registry.ecr.list_image_referrers(repositoryName=self.name, subjectId={"imageDigest": subject})
        return list(answer["referrers"])


class Ground:
    """Two registries of one embedded ECR, and the samples."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server = server
        self.image, self.index = samples.image(home / "image"), samples.index(home / "index")
        self._numbers = itertools.count(1)

    def registry(self, account: str = ACCOUNT, region: str = REGION) -> Registry:
        """That registry, with a token made now."""
        ecr = boto3.client(
            "ecr",
            endpoint_url=self.server.url,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="local",
        )
        (data,) = ecr.get_authorization_token()["authorizationData"]
        _, password = base64.b64decode(data["authorizationToken"]).decode().split(":", 1)
        return Registry(data["proxyEndpoint"].removeprefix("http://"), password, ecr)

    def other(self) -> Registry:
        """A registry of another account in another region."""
        return self.registry(OTHER_ACCOUNT, OTHER_REGION)

    def name(self) -> str:
        """A repository's name that is not taken."""
        return f"team/app{next(self._numbers)}"
