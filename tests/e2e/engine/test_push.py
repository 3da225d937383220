"""Images of real engines pushed by every way out: the same layers, read by other engines, and nothing sent twice."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecr_publish.builders.compression import compressor as compressor_of
from ecr_publish.model.compression import GZIP
from tests.contract.builders.stores import Kept, tar_of
from tests.e2e.embedded import Embedded, local
from tests.e2e.engine.engines import across, newer
from tests.e2e.projects import committed
from tests.unit.builders.layouts import sha256

ACCOUNT = "111111111111"
NAME = "ecr-publish-e2e-push"
TEXT = b"".join(b"line %d of a layer of several members\n" % number for number in range(60_000))
BASE = (("text", TEXT), ("noise", random.Random(5).randbytes(2_500_000)))
IMAGES = {"1": Kept((*BASE, ("top", b"one"))), "2": Kept((*BASE, ("top", b"two")))}
# Read by one engine each, and built by another: an engine does not unpack a layer again that it has.
IMAGES |= {name: Kept(((name, TEXT[::-1]), ("noise", random.Random(name).randbytes(1_500_000)))) for name in "345"}
FILE = """\
version: 1
environments:
  dev: { account: "111111111111", region: us-east-2 }
images:
  web:
    repository: REPOSITORY
    build: { context: ., compression: METHOD, labels: { e2e: push } }
    tags: ["type=raw,value=TAG"]
"""


@dataclass
class Ground:
    """The engines by name, and an embedded ECR for all of them."""

    embedded: Embedded
    hosts: dict[str, str]
    place: Path

    def run(self, engine: str, repository: str, version: str, method: str = "gzip") -> dict[str, object]:
        """`ecr-publish run` of a Dockerfile that is FROM the loaded image and nothing more; its JSON report."""
        project = self.place / f"{repository}-{version}"
        if not project.exists():
            project.mkdir()
            (project / "Dockerfile").write_text(f"FROM {NAME}:{version}\n")
            file = FILE.replace("REPOSITORY", repository).replace("TAG", version).replace("METHOD", method)
            (project / "ecr-publish.yaml").write_text(file)
            committed(self.embedded.shell, project)
        account = self.embedded.account(ACCOUNT)
        shell = account.shell.having(DOCKER_HOST=self.hosts[engine])
        done = shell.publish("run", "-f", str(project), "--format", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    def layers(self, repository: str, tag: str) -> list[str]:
        """The layers' digests, as skopeo reads them."""
        account = self.embedded.account(ACCOUNT)
        host, password = account.login()
        options = ["--tls-verify=false", "--creds", f"AWS:{password}", "--raw"]
        raw = account.shell.run("skopeo", "inspect", *options, f"docker://{host}/{repository}:{tag}")
        return [each["digest"] for each in json.loads(raw)["layers"]]


def packed(layer: bytes) -> str:
    """The digest of a layer as we compress it, here as on every machine."""
    compressor = compressor_of(GZIP)
    return sha256(compressor.compress(layer) + compressor.flush())


HERE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
ENGINES = ("20.10", "26.1", "26.1 containerd", "20.10 by save", "26.1 by save", "26.1 containerd by save")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    place = tmp_path_factory.mktemp("push")
    (place / "home").mkdir()
    for version, image in IMAGES.items():
        names = [f"{name}/layer.tar" for name, _ in image.files]
        listed = [{"Config": "config.json", "RepoTags": [f"{NAME}:{version}"], "Layers": names}]
        files = dict(zip(names, image.layers, strict=True)) | {"config.json": image.config}
        (place / f"{version}.tar").write_bytes(tar_of(files | {"manifest.json": json.dumps(listed).encode()}))
    with newer(place / "graph", 1, containerd=False) as graph, newer(place / "content", 2, containerd=True) as content:
        hosts = {"20.10": HERE, "26.1": graph, "26.1 containerd": content}
        with across(HERE) as a, across(graph) as b, across(content) as c, local(place / "home") as embedded:
            hosts |= {"20.10 by save": a, "26.1 by save": b, "26.1 containerd by save": c}
            running = Ground(embedded, hosts, place)
            for name in ENGINES[:3]:
                shell = embedded.shell.having(DOCKER_HOST=hosts[name])
                for version in IMAGES:
                    shell.run("docker", "load", "--quiet", "--input", str(place / f"{version}.tar"))
            yield running
            shell = embedded.shell.having(DOCKER_HOST=HERE)
            shell.attempt("docker", "image", "prune", "--force", "--filter", "label=e2e=push")
            for version in IMAGES:
                shell.attempt("docker", "image", "rm", "--force", f"{NAME}:{version}")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engines_image_has_one_digest_and_is_sent_once(ground, engine):
    repository = engine.replace(" ", "-")
    ground.embedded.account(ACCOUNT).create(repository)
    cache = ground.embedded.shell.home / ".cache"
    first = ground.run(engine, repository, "1")
    changed = ground.run(engine, repository, "2")
    sent = [report["transfer"]["sent_bytes"] for report in (first, changed)]
    assert sent[0] > 2_500_000
    assert sent[1] < 10_000  # the new layer and the config
    assert any(cache.rglob("layers/*"))
    assert ground.layers(repository, "1") == [packed(each) for each in IMAGES["1"].layers]


@pytest.mark.parametrize(
    ("engine", "other"), [("20.10", "26.1 containerd"), ("26.1 containerd", "20.10"), ("26.1", "20.10")]
)
def test_other_engines_and_clients_read_what_was_pushed(ground, engine, other):
    repository = f"read-{engine}".replace(" ", "-")
    account = ground.embedded.account(ACCOUNT)
    account.create(repository)
    ground.run(engine, repository, "1")
    shell = account.shell.having(DOCKER_HOST=ground.hosts[other])
    host, password = account.login()
    shell.run("docker", "login", "--username", "AWS", "--password-stdin", host, stdin=password)
    for version in IMAGES:
        shell.attempt("docker", "image", "rm", "--force", f"{NAME}:{version}")
    shell.run("docker", "pull", "--quiet", f"{host}/{repository}:1")
    (found,) = json.loads(shell.run("docker", "image", "inspect", f"{host}/{repository}:1"))
    shell.run("docker", "image", "rm", "--force", f"{host}/{repository}:1")
    for version in IMAGES:
        shell.run("docker", "load", "--quiet", "--input", str(ground.place / f"{version}.tar"))
    assert found["RootFS"]["Layers"] == IMAGES["1"].diff_ids
    plain = ground.place / f"plain-{repository}"
    reading = ["skopeo", "copy", "--quiet", "--insecure-policy", "--src-tls-verify=false", "--dest-decompress"]
    shell.run(*reading, "--src-creds", f"AWS:{password}", f"docker://{host}/{repository}:1", f"dir:{plain}")
    assert {sha256(path.read_bytes()) for path in plain.iterdir()} >= set(IMAGES["1"].diff_ids)


@pytest.mark.parametrize(
    ("version", "engine", "other", "reads"),
    [("3", "20.10", "26.1", True), ("4", "20.10", "26.1 containerd", True), ("5", "26.1", "20.10", False)],
)
def test_zstd_is_read_by_whom_the_warning_says(ground, version, engine, other, reads):
    repository = f"zstd-{other}".replace(" ", "-")
    account = ground.embedded.account(ACCOUNT)
    account.create(repository)
    shell = account.shell.having(DOCKER_HOST=ground.hosts[other])
    shell.attempt("docker", "image", "rm", "--force", f"{NAME}:{version}")
    builder = account.shell.having(DOCKER_HOST=ground.hosts[engine])
    builder.run("docker", "load", "--quiet", "--input", str(ground.place / f"{version}.tar"))
    ground.run(engine, repository, version, method="zstd")
    checked = account.shell.publish("check", "-f", str(ground.place / f"{repository}-{version}"))
    assert "Docker 20.10 cannot read them" in checked.stdout + checked.stderr
    host, password = account.login()
    shell.run("docker", "login", "--username", "AWS", "--password-stdin", host, stdin=password)
    pulled = shell.attempt("docker", "pull", "--quiet", f"{host}/{repository}:{version}")
    shell.attempt("docker", "image", "rm", "--force", f"{host}/{repository}:{version}")
    assert (pulled.returncode == 0) is reads, pulled.stderr
