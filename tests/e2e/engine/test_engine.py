"""Dockerfiles built by a real daemon, brought out as layouts, and looked at by skopeo and docker."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ecr_publish.builders.archive import ArchiveBuilder
from ecr_publish.builders.files import FilesBuilder
from ecr_publish.builders.packing import OnDisk
from ecr_publish.config.builds import ArchiveBuild, DockerBuild, FileEntry, FilesBuild
from ecr_publish.engine.builder import DockerBuilder
from ecr_publish.engine.images import DockerImages
from ecr_publish.errors import BuildFailed, ResultUnusable
from ecr_publish.model.events import Untrusted
from ecr_publish.model.image import BuiltImage, InEngine, InLayout
from ecr_publish.oci.layout import open_layout
from ecr_publish.ports.building import BuildRequest
from tests.e2e.images import BUSYBOX
from tests.e2e.programs import Shell

CREATED = datetime(2026, 11, 24, tzinfo=UTC)
DOCKERFILE = """\
FROM scratch AS files
COPY etc /etc
FROM files AS program
ARG WORDS=nothing
COPY busybox /bin/busybox
RUN ["/bin/busybox", "touch", "/made"]
ENV WORDS=$WORDS
ENTRYPOINT ["/bin/busybox", "env"]
"""


class Engine:
    """The real engine, by our builder; what it built is removed at the end."""

    def __init__(self, root: Path, shell: Shell) -> None:
        self.root, self.shell = root, shell
        self.environment = {key: value for key, value in os.environ.items() if key.startswith("DOCKER_")}
        self.lines: list[str] = []
        self.images: set[str] = set()

    def build(self, section: DockerBuild, *, as_layout: bool = False, **labels: str) -> BuiltImage:
        output = self.root / ".ecr-publish" / "out"
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        labelled = tuple((key.replace("_", "."), value) for key, value in labels.items())
        request = BuildRequest("web", section, self.root, output, labelled, CREATED, as_layout)
        built = DockerBuilder(self.environment).build(request, self._told)
        if isinstance(built.where, InEngine):
            self.images.add(built.where.image_id)
        return built

    def _told(self, progress: object) -> None:
        if isinstance(progress, Untrusted):
            self.lines.append(progress.text)

    def image(self, section: DockerBuild, **labels: str) -> str:
        """The image id in the engine."""
        where = self.build(section, **labels).where
        assert isinstance(where, InEngine)
        return where.image_id

    def layout(self, image_id: str, name: str = "layout") -> InLayout:
        (self.root.parent / name).mkdir()
        return DockerImages(self.environment).layout(
            InEngine(image_id), self.root.parent / name, lambda _: None, OnDisk()
        )

    def inspect(self, image_id: str) -> dict[str, Any]:
        (found,) = json.loads(self.shell.run("docker", "image", "inspect", image_id))
        return dict(found)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "home").mkdir()
    return Shell(tmp_path / "home", {key: value for key, value in os.environ.items() if key == "DOCKER_HOST"})


@pytest.fixture
def engine(tmp_path: Path, shell: Shell) -> Iterator[Engine]:
    root = tmp_path / "repository"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "os-release").write_text("ID=debian\n")
    (root / "Dockerfile").write_text(DOCKERFILE)
    shutil.copy(BUSYBOX, root / "busybox")
    running = Engine(root, shell)
    yield running
    for image in running.images:
        shell.attempt("docker", "image", "rm", "--force", image)


def test_an_image_is_built_as_the_file_says_and_its_output_told(engine):
    section = DockerBuild(
        args=(("WORDS", "hello"),), labels=(("own", "x"),), platforms=("linux/amd64",), network="none"
    )
    image = engine.image(section, org_opencontainers_image_revision="abc")
    found = engine.inspect(image)
    assert (found["Id"], found["Os"], found["Architecture"]) == (image, "linux", "amd64")
    own = {"own": "x", "org.opencontainers.image.revision": "abc"}
    assert found["Config"]["Labels"] == own | {"io.ecr-publish.annotations": "{}"}
    assert "WORDS=hello" in engine.shell.run("docker", "run", "--rm", image).splitlines()
    assert any(line.startswith("Step 1/") for line in engine.lines)


def test_a_target_is_where_the_build_stops(engine):
    assert engine.inspect(engine.image(DockerBuild(target="files")))["Config"]["Entrypoint"] is None


def test_a_layout_out_of_the_engine_has_the_digest_that_skopeo_finds(engine):
    image = engine.image(DockerBuild(annotations=(("team", "web"),)), org_opencontainers_image_revision="abc")
    layout = engine.layout(image)
    told = json.loads(engine.shell.run("skopeo", "inspect", f"oci:{layout.path}"))
    raw = engine.shell.run("skopeo", "inspect", "--raw", f"oci:{layout.path}")
    assert told["Digest"] == str(layout.digest)
    assert json.loads(raw)["annotations"] == {"team": "web", "org.opencontainers.image.revision": "abc"}
    assert json.loads(raw)["config"]["digest"] == image


def test_a_layout_goes_back_into_the_engine_as_the_same_image(engine):
    image = engine.image(DockerBuild(args=(("WORDS", "round"),)))
    layout = engine.layout(image)
    back = engine.root.parent / "back.tar"
    engine.shell.run("skopeo", "copy", f"oci:{layout.path}", f"docker-archive:{back}:round:trip")
    engine.shell.run("docker", "image", "rm", "--force", image)
    engine.shell.run("docker", "load", "--input", str(back))
    engine.images.add("round:trip")
    assert "WORDS=round" in engine.shell.run("docker", "run", "--rm", "round:trip").splitlines()


def test_two_layouts_of_one_image_are_the_same(engine):
    image = engine.image(DockerBuild())
    assert engine.layout(image, "one").digest == engine.layout(image, "two").digest


def test_an_image_can_be_asked_for_as_a_layout_at_once(engine):
    where = engine.build(DockerBuild(), as_layout=True).where
    assert isinstance(where, InLayout)
    manifest = open_layout(Path(where.path)).manifest(where.digest)
    engine.images.add(str(manifest.config.digest))
    assert len(manifest.layers) == 3
    assert [path.name for path in (engine.root / ".ecr-publish").iterdir()] == ["out"]


def test_what_docker_save_writes_is_the_same_image(engine):
    image = engine.image(DockerBuild())
    engine.shell.run("docker", "tag", image, "saved:1")
    engine.images.add("saved:1")
    engine.shell.run("docker", "save", "--output", str(engine.root / "saved.tar"), "saved:1")
    (engine.root.parent / "archive").mkdir()
    section = ArchiveBuild(archive="saved.tar", reference="saved:1")
    request = BuildRequest("web", section, engine.root, engine.root.parent / "archive", (), CREATED)
    assert ArchiveBuilder().build(request, lambda _: None).where.digest == engine.layout(image).digest


def test_the_step_that_failed_is_told(engine):
    (engine.root / "Dockerfile").write_text(DOCKERFILE.replace('"touch", "/made"', '"false"'))
    with pytest.raises(BuildFailed, match=r"non-zero code: 1 \(at Step 6/9 : RUN"):
        engine.build(DockerBuild())


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        ("FROM scratch\nRUNN x\n", "unknown instruction: RUNN"),
        ("FROM scratch\nCOPY nowhere /\n", "nowhere"),
        ("", "cannot be empty"),
    ],
)
def test_a_dockerfile_that_cannot_be_built_is_a_failed_build(engine, dockerfile, words):
    (engine.root / "Dockerfile").write_text(dockerfile)
    with pytest.raises(BuildFailed, match=words) as caught:
        engine.build(DockerBuild())
    assert caught.value.exit_code == 4


def test_a_target_that_is_not_there_is_a_failed_build(engine):
    with pytest.raises(BuildFailed, match="nowhere"):
        engine.build(DockerBuild(target="nowhere"))


def test_an_image_that_the_engine_has_not_is_told_with_what_to_do(engine):
    with pytest.raises(ResultUnusable, match="has no image") as caught:
        engine.layout("sha256:" + "0" * 64)
    assert "--output layout" in caught.value.hint


def test_a_dockerfile_beside_the_context_is_built(engine):
    (engine.root / "app").mkdir()
    (engine.root / "app" / "f").write_text("f")
    (engine.root / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    layout = engine.layout(engine.image(DockerBuild(context="app", dockerfile="../Dockerfile")))
    assert "f" in names_in(layout)


IGNORE_FILES = {
    "all but": "*\n!keep\n!deep/er/x\n",
    "by suffix": "*.log\n",
    "anywhere": "**/*.log\n",
    "a directory": "deep\n",
    "back again": "deep\n!deep/er\ndeep/er/y\n",
    "slashes": "/deep/er/\n./keep\n",
    "classes": "[a-k]*\n",
    "the files themselves": "Dockerfile\n.dockerignore\n",
}


def names_in(layout: InLayout) -> set[str]:
    opened = open_layout(Path(layout.path))
    found: set[str] = set()
    for layer in opened.manifest(layout.digest).layers:
        with tarfile.open(opened.path(layer.digest)) as tar:
            found |= {member.name for member in tar}
    return found


@pytest.mark.parametrize("ignore", IGNORE_FILES.values(), ids=IGNORE_FILES)
def test_the_context_is_what_dockers_own_client_sends(engine, ignore):
    context = engine.root / "context"
    for name in ("keep", "a.log", "deep/b.log", "deep/er/x", "deep/er/y", "zoo/é"):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(name)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (context / ".dockerignore").write_text(ignore)
    ours = engine.image(DockerBuild(context="context", no_cache=True))
    classic = engine.shell.having(DOCKER_BUILDKIT="0")
    theirs = classic.run("docker", "build", "--quiet", "--no-cache", str(context)).strip()
    engine.images.add(theirs)
    assert names_in(engine.layout(ours, "ours")) == names_in(engine.layout(theirs, "theirs"))


def test_a_dockerfiles_own_ignore_file_is_read_as_buildkit_reads_it(engine):
    """The engine's own builder knows `.dockerignore` only; people's clients are BuildKit's."""
    context = engine.root / "context"
    for name in ("keep", "a.log", "docker/x"):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(name)
    (context / "docker" / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (context / "docker" / "Dockerfile.dockerignore").write_text("*.log\n")
    (context / ".dockerignore").write_text("keep\n")
    ours = engine.image(DockerBuild(context="context", dockerfile="docker/Dockerfile", no_cache=True))
    file = str(context / "docker" / "Dockerfile")
    buildkit = engine.shell.having(DOCKER_BUILDKIT="1")
    theirs = buildkit.run("/usr/bin/docker", "build", "--quiet", "--no-cache", "--file", file, str(context)).strip()
    engine.images.add(theirs)
    names = names_in(engine.layout(ours, "ours"))
    assert names == names_in(engine.layout(theirs, "theirs"))
    assert "keep" in names
    assert "a.log" not in names


def test_a_files_image_runs_in_the_engine(engine):
    output = engine.root.parent / "files"
    output.mkdir()
    section = FilesBuild(
        files=(FileEntry(source="busybox", to="/bin/busybox"), FileEntry(source="etc", to="/etc")),
        entrypoint=("/bin/busybox", "cat", "/etc/os-release"),
    )
    request = BuildRequest("web", section, engine.root, output, (), CREATED)
    FilesBuilder().build(request, lambda _: None)
    engine.shell.run("skopeo", "copy", f"oci:{output}", "docker-daemon:files:image")
    engine.images.add("files:image")
    assert engine.shell.run("docker", "run", "--rm", "files:image") == "ID=debian\n"


def test_a_file_laid_over_a_base_with_a_linked_bin_leaves_the_base_working(engine):
    links = 'RUN ["/usr/bin/busybox", "ln", "-s", "usr/bin", "/bin"]\n'
    sticky = 'RUN ["/usr/bin/busybox", "mkdir", "-m", "1777", "/tmp"]\n'
    (engine.root / "Dockerfile").write_text(f"FROM scratch\nCOPY busybox /usr/bin/busybox\n{links}{sticky}")
    base = engine.layout(engine.image(DockerBuild()), "repository/base")
    (engine.root / "hello").write_text("hello\n")
    output = engine.root.parent / "over"
    output.mkdir()
    section = FilesBuild(
        base="base",
        files=(FileEntry(source="hello", to="/bin/hello"), FileEntry(source="hello", to="/tmp/hello")),
        entrypoint=("/bin/busybox", "stat", "-c", "%n %a", "/bin/hello", "/usr/bin/hello", "/tmp", "/bin"),
    )
    FilesBuilder().build(BuildRequest("web", section, engine.root, output, (), CREATED), lambda _: None)
    engine.shell.run("skopeo", "copy", f"oci:{output}", "docker-daemon:over:base")
    engine.images.add("over:base")
    assert base.path.endswith("base")
    told = engine.shell.run("docker", "run", "--rm", "over:base").split("\n")
    assert told[:4] == ["/bin/hello 644", "/usr/bin/hello 644", "/tmp 1777", "/bin 777"]
