"""The aws command line: everything by ECR's API."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from types import MappingProxyType
from typing import Any

from tests.e2e.clients.client import Client, Refused
from tests.e2e.clients.ground import Registry
from tests.e2e.clients.samples import Layout


class Aws(Client):
    name, version = "aws 1", "aws-cli/1."
    reached = "`AWS_ENDPOINT_URL_ECR`, as `local` prints it"
    cannot = MappingProxyType(
        {
            "push with an expired token": "it signs each request, and has no token",
            "push to a repository that a template makes": "whether the API's own calls make one is not known",
        }
    )

    @classmethod
    def needs(cls):
        return ("aws",)

    def told(self):
        return self.run("aws", "--version")

    def ecr(self, operation: str, *arguments: str) -> Any:
        text = self.run("aws", "ecr", operation, *arguments, "--output", "json")
        return json.loads(text) if text.strip().startswith(("{", "[")) else text

    @staticmethod
    def split(reference: str) -> tuple[str, str]:
        """(repository, image id) of a reference, as the command line takes them."""
        _, _, path = reference.partition("/")
        if "@" in path:
            return path.partition("@")[0], f"imageDigest={path.partition('@')[2]}"
        name, _, tag = path.partition(":")
        return name, f"imageTag={tag}"

    def login(self, registry: Registry):
        """It has no login of its own: it gives the password that others log in with."""
        assert self.run("aws", "ecr", "get-login-password").strip()

    def signed_in(self, *registries: Registry) -> None:
        """Each request is signed by itself."""

    def _put(self, name: str, layout: Layout, digest: str, *options: str) -> None:
        manifest = json.loads(layout.blob(digest))
        for child in manifest.get("manifests", ()):
            self._put(name, layout, child["digest"], "--image-digest", child["digest"])
        for each in [manifest[key] for key in ("config",) if key in manifest] + manifest.get("layers", []):
            self._upload(name, layout, each["digest"])
        text = layout.blob(digest).decode()
        self.ecr("put-image", "--repository-name", name, "--image-manifest", text, *options)

    def _upload(self, name: str, layout: Layout, digest: str) -> None:
        repository, content = ("--repository-name", name), layout.blob(digest)
        found = self.ecr("batch-check-layer-availability", *repository, "--layer-digests", digest)
        if found["layers"] and found["layers"][0]["layerAvailability"] == "AVAILABLE":
            return
        upload = ("--upload-id", self.ecr("initiate-layer-upload", *repository)["uploadId"])
        file = self.home / "part"
        file.write_bytes(content)
        part = ("--part-first-byte", "0", "--part-last-byte", str(len(content) - 1))
        self.ecr("upload-layer-part", *repository, *upload, *part, "--layer-part-blob", f"fileb://{file}")
        self.ecr("complete-layer-upload", *repository, *upload, "--layer-digests", digest)

    def push(self, layout: Layout, reference: str):
        name, image_id = self.split(reference)
        self._put(name, layout, layout.digest, "--image-tag", image_id.removeprefix("imageTag="))

    push_index = push

    def _manifest(self, reference: str) -> str:
        name, image_id = self.split(reference)
        got = self.ecr("batch-get-image", "--repository-name", name, "--image-ids", image_id)
        if got["failures"]:
            raise Refused(json.dumps(got["failures"]))
        return str(got["images"][0]["imageManifest"])

    def pull(self, reference: str) -> str:
        """The manifest, and every layer from where the API says."""
        name, _ = self.split(reference)
        text = self._manifest(reference)
        for each in json.loads(text)["layers"]:
            argv = ("--repository-name", name, "--layer-digest", each["digest"])
            url = self.ecr("get-download-url-for-layer", *argv)["downloadUrl"]
            with urllib.request.urlopen(url) as response:
                assert f"sha256:{hashlib.sha256(response.read()).hexdigest()}" == each["digest"]
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def inspect(self, reference: str) -> str:
        name, image_id = self.split(reference)
        (image,) = self.ecr("describe-images", "--repository-name", name, "--image-ids", image_id)["imageDetails"]
        return str(image["imageDigest"])

    def tags(self, repository: str) -> set[str]:
        listed = self.ecr("list-images", "--repository-name", repository.partition("/")[2])["imageIds"]
        return {each["imageTag"] for each in listed if "imageTag" in each}

    def repositories(self, registry: Registry) -> set[str]:
        return {each["repositoryName"] for each in self.ecr("describe-repositories")["repositories"]}

    def retag(self, reference: str, tag: str):
        name, _ = self.split(reference)
        self.ecr(
            *("put-image", "--repository-name", name),
            *("--image-manifest", self._manifest(reference), "--image-tag", tag),
        )

    def referrers(self, reference: str) -> set[str]:
        name, image_id = self.split(reference)
        digest = self.inspect(reference) if image_id.startswith("imageTag") else image_id.partition("=")[2]
        found = self.ecr("list-image-referrers", "--repository-name", name, "--subject-id", f"imageDigest={digest}")
        return {each["digest"] for each in found["referrers"]}

    def untag(self, reference: str):
        name, image_id = self.split(reference)
        done = self.ecr("batch-delete-image", "--repository-name", name, "--image-ids", image_id)
        if done["failures"]:
            raise Refused(json.dumps(done["failures"]))

    delete = untag

    def create(self, name: str):
        self.ecr("create-repository", "--repository-name", name)

    def drop(self, name: str):
        self.ecr("delete-repository", "--repository-name", name, "--force")
