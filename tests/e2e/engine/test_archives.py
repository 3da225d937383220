"""Archives and layouts in tars as real tools write them: pushed whole, once, and with the layers that they have."""

from __future__ import annotations

import json
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.embedded import Embedded, local
from tests.e2e.engine.engines import CLIENTS, newer
from tests.e2e.engine.test_push import HERE
from tests.e2e.programs import Shell
from tests.e2e.test_transfer import CRANE
from tests.unit.builders.layouts import sha256

ACCOUNT = "111111111111"
NAME = "ecr-publish-e2e-archives"
GZIP, ZSTD = (f"application/vnd.oci.image.layer.v1.tar+{each}" for each in ("gzip", "zstd"))
FILE = """\
version: 1
environments:
  dev: { account: "111111111111", region: us-east-2 }
images:
  web: { repository: REPOSITORY, build: { BUILDER: image.tar }, tags: [TAG] }
"""
DOCKERFILE = "FROM scratch\nCOPY noise /noise\nCOPY text /text\nCOPY text /text\n"  # one layer twice


@dataclass
class Ground:
    """An embedded ECR, and a directory with the tars by the names of their makers; `changed` have one more layer."""

    embedded: Embedded
    place: Path
    diff_ids: dict[str, list[str]]

    def run(self, repository: str, tar: str, tag: str) -> int:
        """`ecr-publish run`; the bytes that it sent."""
        project = self.place / "projects" / repository
        project.mkdir(parents=True, exist_ok=True)
        (project / "image.tar").unlink(missing_ok=True)
        (project / "image.tar").hardlink_to(self.place / f"{tar}.tar")
        builder = "layout" if "oci" in tar else "archive"
        file = FILE.replace("REPOSITORY", repository).replace("BUILDER", builder).replace("TAG", tag)
        (project / "ecr-publish.yaml").write_text(file)
        shell = self.embedded.account(ACCOUNT).shell
        done = shell.publish("run", "-f", str(project), "--report", f"json={project}/report.json")
        assert done.returncode == 0, done.stdout + done.stderr
        return int(json.loads((project / "report.json").read_text())["transfer"]["sent_bytes"])

    def layers(self, repository: str, tag: str, diff_ids: list[str]) -> list[str]:
        """The layers' media types as skopeo reads them, after it has unpacked every one of them."""
        account = self.embedded.account(ACCOUNT)
        host, password = account.login()
        reference, plain = f"docker://{host}/{repository}:{tag}", self.place / f"plain-{repository}-{tag}"
        reading = ["skopeo", "copy", "--quiet", "--insecure-policy", "--src-tls-verify=false", "--dest-decompress"]
        account.shell.run(*reading, "--src-creds", f"AWS:{password}", reference, f"dir:{plain}")
        assert {sha256(path.read_bytes()) for path in plain.iterdir()} >= set(diff_ids)
        options = ["--tls-verify=false", "--creds", f"AWS:{password}"]
        config = json.loads(account.shell.run("skopeo", "inspect", *options, "--config", reference))
        assert config["rootfs"]["diff_ids"] == diff_ids
        raw = json.loads(account.shell.run("skopeo", "inspect", *options, "--raw", reference))
        return [each["mediaType"] for each in raw["layers"]]


def write(place: Path, shell: Shell, embedded: Embedded) -> Iterator[dict[str, list[str]]]:
    """Both images by every tool; the diffIDs of each."""
    context, diff_ids = place / "context", {}
    context.mkdir()
    (context / "text").write_bytes(b"".join(b"line %d of a text\n" % number for number in range(150_000)))
    (context / "noise").write_bytes(random.Random(7).randbytes(1_500_000))
    (place / "home" / "docker").mkdir(exist_ok=True)
    (place / "home" / "docker" / "config.json").write_text("{}")
    with newer(place / "graph", 1, containerd=False) as graph, newer(place / "content", 2, containerd=True) as content:
        for tag, more in (("first", ""), ("changed", "COPY Dockerfile /changed\n")):
            (context / "Dockerfile").write_text(f"FROM {NAME}:first\n{more}" if more else DOCKERFILE)
            made, name = place / f"20.10 {tag}.tar", f"{NAME}:{tag}"
            shell.run("docker", "build", "--quiet", "--tag", name, str(context))
            (found,) = json.loads(shell.run("docker", "image", "inspect", name))
            diff_ids[tag] = found["RootFS"]["Layers"]
            shell.run("docker", "save", "--output", str(made), name)
            for engine, host in (("26.1", graph), ("26.1 containerd", content)):
                there = shell.having(DOCKER_HOST=host)
                there.run("docker", "load", "--quiet", "--input", str(made))
                there.run("docker", "save", "--output", str(place / f"{engine} {tag}.tar"), name)
            copied(shell, place, made, tag)
            crane(embedded, place, made, tag)
            (context / "Dockerfile").write_text(DOCKERFILE + more)
            for form in ("docker", "oci"):
                for method in ("zstd", "gzip"):
                    buildx(shell.having(DOCKER_HOST=content), context, place / f"buildx {form} {method} {tag}.tar")
        yield diff_ids
        for tag in diff_ids:
            shell.attempt("docker", "image", "rm", "--force", f"{NAME}:{tag}")


def copied(shell: Shell, place: Path, archive: Path, tag: str) -> None:
    """By skopeo and buildah, in both of their formats."""
    source, quiet = f"docker-archive:{archive}", ("--quiet", "--insecure-policy")
    shell.run("skopeo", "copy", *quiet, source, f"docker-archive:{place}/skopeo {tag}.tar:web:1")
    shell.run("skopeo", "copy", *quiet, source, f"oci-archive:{place}/skopeo oci {tag}.tar:web")
    store = ("--root", f"{place}/store", "--runroot", f"{place}/run", "--storage-driver", "vfs")
    image = shell.run("buildah", *store, "pull", "--quiet", source).split()[-1]
    shell.run("buildah", *store, "push", "--quiet", image, f"docker-archive:{place}/buildah {tag}.tar:web:1")
    shell.run("buildah", *store, "push", "--quiet", image, f"oci-archive:{place}/buildah oci {tag}.tar:web")


def crane(embedded: Embedded, place: Path, archive: Path, tag: str) -> None:
    """Pulled from a registry, where the layers are compressed by somebody else."""
    account = embedded.account(ACCOUNT)
    host, password = account.login()
    account.shell.run(CRANE, "auth", "login", host, "-u", "AWS", "-p", password)
    account.shell.run(CRANE, "push", str(archive), f"{host}/source:{tag}")
    account.shell.run(CRANE, "pull", f"{host}/source:{tag}", str(place / f"crane {tag}.tar"))


def buildx(shell: Shell, context: Path, to: Path) -> None:
    plugins = shell.home / "docker" / "cli-plugins"
    plugins.mkdir(exist_ok=True)
    if not (plugins / "docker-buildx").exists():
        (plugins / "docker-buildx").symlink_to(CLIENTS / "plugins" / "docker-buildx")
    _, form, method, _ = to.stem.split()
    output = f"type={form},compression={method},force-compression=true,dest={to},name=web:1"
    client = str(CLIENTS / "bin" / "docker-26")
    shell.run(client, "buildx", "build", "--quiet", "--provenance=false", "--output", output, str(context))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    place = tmp_path_factory.mktemp("archives")
    (place / "home").mkdir()
    with local(place / "home") as embedded:
        embedded.account(ACCOUNT).create("source")
        for diff_ids in write(place, embedded.shell.having(DOCKER_HOST=HERE), embedded):
            yield Ground(embedded, place, diff_ids)


PLAIN = ("20.10", "26.1", "26.1 containerd", "skopeo", "buildah")
COMPRESSED = {
    "crane": GZIP, "skopeo oci": GZIP, "buildah oci": GZIP,
    "buildx docker gzip": GZIP, "buildx docker zstd": ZSTD, "buildx oci gzip": GZIP, "buildx oci zstd": ZSTD,
}  # fmt: skip
LARGE = 1_500_000  # bytes, at least, of the layers that both images have


@pytest.mark.parametrize("maker", [*PLAIN, *COMPRESSED])
def test_what_a_tool_wrote_is_pushed_and_of_the_next_one_only_its_new_layer(ground, maker):
    repository = maker.replace(" ", "-")
    ground.embedded.account(ACCOUNT).create(repository)
    diff_ids = ground.diff_ids
    if "buildx" in maker:  # it builds by itself, with times of its own
        diff_ids = {tag: diff_ids_of(ground.place / f"{maker} {tag}.tar") for tag in ("first", "changed")}
    sent = [ground.run(repository, f"{maker} {tag}", tag) for tag in ("first", "first", "changed")]
    assert sent[0] > LARGE
    assert sent[1] == 0
    assert 0 < sent[2] < 10_000
    for tag in ("first", "changed"):
        assert set(ground.layers(repository, tag, diff_ids[tag])) == {COMPRESSED.get(maker, GZIP)}


def diff_ids_of(tar: Path) -> list[str]:
    """As the config of the image in the tar says."""
    with tarfile.open(tar) as members:
        for member in members:
            content = members.extractfile(member)
            body = content.read() if content and member.size < 10_000 else b""
            if body.startswith(b"{") and "rootfs" in (value := json.loads(body)):
                return list(value["rootfs"]["diff_ids"])
    raise AssertionError(f"{tar} has no config")


def test_all_archives_of_one_image_have_the_digest_that_the_engines_image_has(ground):
    account = ground.embedded.account(ACCOUNT)
    account.create("one")
    for number, maker in enumerate(PLAIN):
        ground.run("one", f"{maker} first", f"t{number}")
    assert len(set(account.tags("one").values())) == 1


def test_a_damaged_archive_ends_with_one_error_and_no_tag(ground):
    account = ground.embedded.account(ACCOUNT)
    account.create("damaged")
    whole = (ground.place / "20.10 first.tar").read_bytes()
    (ground.place / "damaged.tar").write_bytes(whole.replace(b"line 7 of", b"LINE 7 of", 1))
    with pytest.raises(AssertionError, match=r"its config says|does not name"):
        ground.run("damaged", "damaged", "first")
    assert account.tags("damaged") == {}
