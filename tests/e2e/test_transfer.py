"""Random images go to another account and back, and clients that know nothing of us find them whole."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import tarfile
from pathlib import Path

import pytest

from tests.e2e.embedded import Account, Embedded
from tests.e2e.programs import ECR_PUBLISH

CLIENTS = Path(os.environ.get("ECR_PUBLISH_CLIENTS") or Path.home() / ".cache" / "ecr-publish-clients")
CRANE = str(CLIENTS / "bin" / "crane")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
HERE, THERE = "111111111111", "222222222222"
FILE = f"""\
version: 1
environments:
  a: {{ account: "{HERE}", region: us-east-2, create: if-missing }}
  b: {{ account: "{THERE}", region: eu-west-1, role: arn:aws:iam::{THERE}:role/publish, create: if-missing }}
  c: {{ account: "{HERE}", region: us-east-2, prefix: back/, create: if-missing }}
promote:
  - {{ from: a, to: b, gate: advisory }}
  - {{ from: b, to: c, gate: advisory }}
images:
  web:
    repository: team/web
    build: {{ builder: layout, layout: layout }}
    tags: ["type=raw,value=1.0"]
"""


class Layout:
    """An index of random images of random shared layers, and an index within it."""

    def __init__(self, directory: Path, seed: int) -> None:
        self._random, self._blobs = random.Random(seed), directory / "blobs" / "sha256"
        self._blobs.mkdir(parents=True)
        layers = [self._layer() for _ in range(self._random.randint(2, 6))]
        images = [self._image(layers, each) for each in ("amd64", "arm64", "s390x")[: self._random.randint(1, 3)]]
        inner = self._document({"schemaVersion": 2, "mediaType": INDEX, "manifests": images[:1]})
        root = self._document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [*images, inner]})
        self.digest = str(root["digest"])
        (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [root]}))
        (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def _blob(self, content: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (self._blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def _document(self, value: dict[str, object]) -> dict[str, object]:
        # white space of our own: bytes that somebody wrote anew would have another digest
        return self._blob(json.dumps(value, indent=self._random.randint(0, 4)).encode(), str(value["mediaType"]))

    def _layer(self) -> tuple[dict[str, object], str]:
        tar, content = io.BytesIO(), self._random.randbytes(self._random.randint(1, 300_000))
        with tarfile.open(fileobj=tar, mode="w") as archive:
            member = tarfile.TarInfo(f"data{self._random.random()}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        plain = hashlib.sha256(tar.getvalue()).hexdigest()
        packed = gzip.compress(tar.getvalue(), self._random.randint(0, 9), mtime=0)
        return self._blob(packed, "application/vnd.oci.image.layer.v1.tar+gzip"), f"sha256:{plain}"

    def _image(self, layers: list[tuple[dict[str, object], str]], architecture: str) -> dict[str, object]:
        chosen = self._random.sample(layers, self._random.randint(1, len(layers)))
        plain = [diff_id for _, diff_id in chosen]
        config = {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": plain}}
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._blob(json.dumps(config).encode(), CONFIG),
            "layers": [described for described, _ in chosen],
        }
        platform = {"architecture": architecture, "os": "linux"}
        return {**self._document(manifest), "platform": platform}


@pytest.mark.parametrize("seed", range(3))
def test_what_went_there_and_back_is_accepted_by_crane_and_skopeo(embedded: Embedded, tmp_path: Path, seed: int):
    layout = Layout(tmp_path / "layout", seed)
    (tmp_path / "ecr-publish.yaml").write_text(FILE)
    dev, prod = embedded.account(HERE), embedded.account(THERE, "eu-west-1")
    dev.shell.run(*ECR_PUBLISH, "run", "-f", str(tmp_path))
    for account, repository in ((dev, "team/web"), (prod, "team/web"), (dev, "back/team/web")):
        assert validated(account, repository) == layout.digest


def validated(account: Account, repository: str) -> str:
    """The digest of the tag as skopeo fetches it, after crane has read every layer of every platform."""
    host, password = account.login()
    account.shell.run(CRANE, "auth", "login", host, "-u", "AWS", "-p", password)
    account.shell.run(CRANE, "validate", "--remote", f"{host}/{repository}:1.0")
    return account.raw_digest(f"{host}/{repository}:1.0")
