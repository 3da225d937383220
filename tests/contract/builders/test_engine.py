"""A Docker engine over the wire: found, asked, followed, and its failures told apart."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ecr_publish.builders.composing import annotations_of
from ecr_publish.builders.packing import OnDisk
from ecr_publish.config.builds import DockerBuild
from ecr_publish.engine.builder import DockerBuilder
from ecr_publish.engine.contexts import engine_variables, socket_of
from ecr_publish.engine.images import DockerImages
from ecr_publish.errors import BuildFailed, EngineUnavailable, NotAuthorised
from ecr_publish.model.events import Untrusted
from ecr_publish.model.image import InEngine
from ecr_publish.plugins.contributions import Plugins
from ecr_publish.plugins.loading import load
from tests.contract.builders.fakeengine import Engine, serving
from tests.unit.builders.layouts import quiet, request

IMAGE_ID = "sha256:" + "a" * 64
BUILT = [
    {"stream": "Step 1/1 : FROM scratch\n"},
    {"aux": {"ID": IMAGE_ID}},
    {"stream": "Successfully built aaaaaaaaaaaa\n"},
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path / "repository"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with serving(Engine(lines=BUILT)) as running:
        yield running


def build(engine: Engine, root: Path, section: DockerBuild | None = None, notify=quiet, **labels: str):
    return DockerBuilder({"DOCKER_HOST": engine.url}).build(
        request(root, section or DockerBuild(), output=".ecr-publish/out", labels=labels), notify
    )


def test_the_image_is_named_by_its_whole_id(engine, root):
    assert build(engine, root).where == InEngine(IMAGE_ID)


def test_everything_of_the_file_is_asked_for(engine, root):
    section = DockerBuild(
        target="release", args=(("A", "1"),), labels=(("own", "x"),), annotations=(("team", "web"),),
        platforms=("linux/arm64",), pull=True, no_cache=True, network="none",
    )  # fmt: skip
    build(engine, root, section, revision="abc")
    asked = {key: values[0] for key, values in parse_qs(urlsplit(engine.builds[0]).query).items()}
    labels = {"own": "x", "revision": "abc", "io.ecr-publish.annotations": '{"team":"web"}'}
    assert (json.loads(asked["labels"]), json.loads(asked["buildargs"])) == (labels, {"A": "1"})
    wanted = {"target": "release", "platform": "linux/arm64", "networkmode": "none", "dockerfile": "Dockerfile"}
    assert asked.items() >= wanted.items()
    assert (asked["pull"], asked["nocache"]) == ("True", "True")


@pytest.fixture
def logged_in(engine, tmp_path):
    """An environment whose Docker config holds a login."""
    login = base64.b64encode(b"robot:s3cret").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"registry.example": {"auth": login}}}))
    return {"DOCKER_HOST": engine.url, "DOCKER_CONFIG": str(tmp_path)}


def build_by(plugins: Plugins, root: Path):
    (docker,) = [each for each in plugins.builders if each.name == "docker"]
    return docker.build(request(root, DockerBuild(), output=".ecr-publish/out"), quiet)


def test_a_build_is_given_the_logins_of_docker_s_config(engine, logged_in, root):
    build_by(load((), trusted=True, environment=logged_in), root)
    assert engine.logins["registry.example"]["password"] == "s3cret"


def test_a_build_of_code_that_is_not_trusted_is_given_no_login(engine, logged_in, root):
    build_by(load((), trusted=False, environment=logged_in), root)
    assert not any(engine.logins.values())
    assert "registry.example" not in engine.logins


@pytest.mark.parametrize("config", [{"credsStore": "gone"}, {"credHelpers": {"registry.example": "gone"}}])
def test_a_credential_helper_that_is_not_there_is_told_with_what_to_do(engine, root, tmp_path, config):
    (tmp_path / "config.json").write_text(json.dumps(config))
    environment = {"DOCKER_HOST": engine.url, "DOCKER_CONFIG": str(tmp_path)}
    with warnings.catch_warnings(action="ignore"), pytest.raises(NotAuthorised) as caught:
        build_by(load((), trusted=True, environment=environment), root)
    assert "docker-credential-gone" in caught.value.what
    assert caught.value.where == str(tmp_path / "config.json")
    assert "install docker-credential-gone" in caught.value.hint


def test_the_annotations_of_a_base_are_not_its_childrens(engine, root):
    """A label is inherited from the base, unless the child has one of its own."""
    build(engine, root)
    (labels,) = parse_qs(urlsplit(engine.builds[0]).query)["labels"]
    assert annotations_of({"io.ecr-publish.annotations": '{"team":"base"}'} | json.loads(labels)) == {}


def test_the_output_is_passed_on_as_somebody_elses_words(engine, root):
    told = []
    build(engine, root, notify=told.append)
    assert Untrusted("Step 1/1 : FROM scratch") in told


def test_an_error_is_told_with_the_step_it_came_from(engine, root):
    engine.lines = [
        {"stream": "Step 2/3 : RUN make\n"},
        {"error": "returned a non-zero code: 2", "errorDetail": {"code": 2}},
    ]
    with pytest.raises(BuildFailed) as caught:
        build(engine, root)
    assert caught.value.what == "returned a non-zero code: 2 (at Step 2/3 : RUN make)"
    assert (caught.value.where, caught.value.exit_code) == ("images.web.build (Dockerfile)", 4)


def test_a_dockerfile_that_the_engine_refuses_is_a_failed_build(engine, root):
    engine.status = 400
    with pytest.raises(BuildFailed, match="line 2: unknown instruction: RUNN") as caught:
        build(engine, root)
    assert not isinstance(caught.value, EngineUnavailable)


@pytest.mark.parametrize("lines", [[], BUILT])
def test_an_engine_that_goes_away_in_the_middle_has_not_built(engine, root, lines):
    engine.lines, engine.cut = lines, True
    with pytest.raises(EngineUnavailable):
        build(engine, root)


def test_an_engine_that_ends_without_an_image_has_not_built(engine, root):
    engine.lines = BUILT[:1]
    with pytest.raises(BuildFailed, match="without naming an image"):
        build(engine, root)


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_no_engine_is_told_with_what_to_do(root, host):
    environment = {"DOCKER_HOST": host}
    asked = request(root, DockerBuild(), output=".ecr-publish/out")
    for ask in (
        lambda: DockerBuilder(environment).build(asked, quiet),
        lambda: DockerImages(environment).layout(InEngine(IMAGE_ID), asked.output, quiet, OnDisk()),
    ):
        with pytest.raises(EngineUnavailable, match="no Docker engine answers") as caught:
            ask()
        assert all(words in caught.value.hint for words in ("privileged", "docker:dind", "DOCKER_HOST", "files"))
        assert (caught.value.exit_code, caught.value.code) == (4, "engine")


def test_certificates_that_are_not_there_are_told_as_an_unreachable_engine(root, tmp_path):
    environment = {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    with pytest.raises(EngineUnavailable):
        DockerBuilder(environment).build(request(root, DockerBuild(), output=".ecr-publish/out"), quiet)


def members(engine: Engine) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(engine.context)) as tar:
        return {member.name: member for member in tar}


def test_the_context_is_sent_without_owners_and_without_what_is_ignored_or_ours(engine, root):
    (root / "sub").mkdir()
    (root / "sub" / "kept").write_text("x")
    (root / "left").write_text("x")
    (root / ".dockerignore").write_text("left\n")
    build(engine, root)
    found = members(engine)
    assert sorted(found) == [".dockerignore", "Dockerfile", "sub", "sub/kept"]
    assert {(each.uid, each.gid, each.uname) for each in found.values()} == {(0, 0, "")}


def test_two_names_of_one_file_are_sent_as_two_files(engine, root):
    (root / "one").write_text("x")
    (root / "two").hardlink_to(root / "one")
    build(engine, root)
    assert {name: each.isreg() for name, each in members(engine).items()} == dict.fromkeys(
        ("Dockerfile", "one", "two"), True
    )


@pytest.mark.parametrize("name", ["../docker/Dockerfile", "link"])
def test_a_dockerfile_beside_the_context_or_behind_a_link_is_sent_along(engine, root, name):
    (root / "docker").mkdir()
    (root / "docker" / "Dockerfile").write_text("FROM elsewhere\n")
    (root / "app").mkdir()
    (root / "app" / "link").symlink_to("../docker/Dockerfile")
    (root / "app" / ".dockerignore").write_text("link\n")
    build(engine, root, DockerBuild(context="app", dockerfile=name))
    asked = parse_qs(urlsplit(engine.builds[0]).query)["dockerfile"][0]
    with tarfile.open(fileobj=io.BytesIO(engine.context)) as tar:
        assert tar.extractfile(asked).read() == b"FROM elsewhere\n"


@pytest.mark.parametrize(
    ("section", "where", "words"),
    [
        (DockerBuild(context="nowhere"), "build.context", "is no directory"),
        (DockerBuild(context="outside"), "build.context", "leads outside of the repository"),
        (DockerBuild(context=".."), "build.context", "leads outside of the repository"),
        (DockerBuild(dockerfile="Other"), "build.dockerfile", "no Other in the context"),
        (DockerBuild(dockerfile="secret"), "build.dockerfile", "leads outside of the repository"),
        (DockerBuild(context="linked"), "build.context", "a symbolic link that leads out of the context"),
        (DockerBuild(platforms=("linux/amd64", "linux/arm64")), "build.platforms", "one platform at a time"),
    ],
)
def test_a_build_that_cannot_be_is_refused_before_anything_is_sent(engine, root, section, where, words):
    (root.parent / "elsewhere").mkdir()
    (root / "outside").symlink_to("../elsewhere")
    (root.parent / "secret").write_text("FROM scratch\n")
    (root / "secret").symlink_to("../secret")
    (root / "linked").mkdir()
    (root / "linked" / "Dockerfile").write_text("FROM scratch\n")
    (root / "linked" / "key").symlink_to("/etc/passwd")
    with pytest.raises(BuildFailed, match=words) as caught:
        build(engine, root, section)
    assert (caught.value.where, caught.value.exit_code, engine.builds) == (f"images.web.{where}", 4, [])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the docker context `desk`, which is current."""
    store = tmp_path / ".docker" / "contexts" / "meta" / hashlib.sha256(b"desk").hexdigest()
    store.mkdir(parents=True)
    (store / "meta.json").write_text(
        json.dumps({"Name": "desk", "Endpoints": {"docker": {"Host": "unix:///desk.sock"}}})
    )
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "desk"}')
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "host"),
    [
        ({}, "unix:///desk.sock"),
        ({"DOCKER_HOST": "tcp://there:1"}, "tcp://there:1"),
        ({"DOCKER_HOST": "tcp://there:1", "DOCKER_CONTEXT": "desk"}, "tcp://there:1"),
        ({"DOCKER_CONTEXT": "default"}, ""),
        ({"DOCKER_CONFIG": "/nowhere"}, ""),
    ],
)
def test_the_engine_is_found_as_dockers_own_client_finds_it(home, variables, host):
    assert engine_variables({"HOME": str(home), **variables})["DOCKER_HOST"] == host


def test_a_context_brings_its_certificates(home):
    tls = home / ".docker" / "contexts" / "tls" / hashlib.sha256(b"desk").hexdigest() / "docker"
    tls.mkdir(parents=True)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tls / name).touch()
    found = engine_variables({"HOME": str(home)})
    assert (found["DOCKER_CERT_PATH"], found["DOCKER_TLS_VERIFY"]) == (str(tls), "1")


def test_a_context_that_is_not_there_is_told(home):
    with pytest.raises(EngineUnavailable, match="the Docker context 'other' is not there"):
        engine_variables({"HOME": str(home), "DOCKER_CONTEXT": "other"})


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({}, "/desk.sock"),
        ({"DOCKER_CONTEXT": "default"}, "/var/run/docker.sock"),
        ({"DOCKER_HOST": "unix://"}, "/var/run/docker.sock"),
        ({"DOCKER_HOST": "unix://run/other.sock"}, "/run/other.sock"),
        ({"DOCKER_HOST": "tcp://127.0.0.1:1"}, None),
        ({"DOCKER_HOST": "ssh://desk"}, None),
    ],
)
def test_an_engine_of_this_machine_is_known_by_its_socket(home, variables, place):
    assert socket_of({"HOME": str(home), **variables}) == place
