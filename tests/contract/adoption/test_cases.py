"""`init` on projects as people have them: the files that it writes, what it says, and `check` on the result.

A case is a folder of tests/data/init: `project/` is what is there, `expected/` what is written, `said.txt` what is
printed. CodeBuild's file is the shipped buildspec.yml and not kept again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecr_publish.cli.main import run
from tests.contract.cifiles.schema import complaints

DATA = Path(__file__).parents[2] / "data" / "init"
BUILDSPEC = Path(__file__).parents[3] / "buildspec.yml"
CASES = sorted(path.name for path in DATA.iterdir())


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Publish = Callable[..., Done]


@pytest.fixture
def publish(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Publish:
    """`ecr-publish ARGUMENTS` in a directory, as a user in no particular region types it."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)

    def call(directory: Path, *arguments: str) -> Done:
        monkeypatch.chdir(directory)
        code = run(arguments)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return call


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the case's project."""
    return Path(shutil.copytree(DATA / request.param / "project", tmp_path / "project"))


def written(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_there_are_twelve_cases_and_each_ci_has_several():
    assert len(CASES) >= 12
    for ci in ("github", "codebuild", "gitlab"):
        assert sum(name.startswith(ci) for name in CASES) >= 2


@pytest.mark.parametrize(("project", "name"), [(name, name) for name in CASES], indirect=["project"])
def test_what_is_there_becomes_the_expected_files(project: Path, name: str, publish: Publish):
    before = written(project)
    done = publish(project, "init")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (DATA / name / "said.txt").read_text()
    after = written(project)
    expected = written(DATA / name / "expected")
    if name.startswith("codebuild"):  # the buildspec that is shipped, word for word
        expected["buildspec.ecr-publish.yml"] = BUILDSPEC.read_text()
    assert {path: text for path, text in after.items() if path not in before} == expected
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize("project", CASES, indirect=True)
def test_the_file_passes_check_and_a_second_init_writes_over_nothing(project: Path, publish: Publish):
    assert publish(project, "init").returncode == 0
    checked = publish(project, "check")
    assert checked.returncode == 0, checked.stderr
    (project / "ecr-publish.yaml").write_text("mine")
    again = publish(project, "init")
    assert again.returncode == 2
    assert "ecr-publish.yaml" in again.stderr
    assert "is there already" in again.stderr
    assert (project / "ecr-publish.yaml").read_text() == "mine"


@pytest.mark.parametrize("project", ["github-plain", "codebuild-classic", "gitlab-dind"], indirect=True)
def test_a_second_init_finds_nothing_to_say_of_what_the_first_wrote(project: Path, publish: Publish):
    first = publish(project, "init")
    again = publish(project, "init", "--force")
    assert again.returncode == 0, again.stderr
    assert again.stdout == first.stdout


@pytest.mark.parametrize("project", ["github-metadata"], indirect=True)
def test_a_dry_run_prints_and_writes_nothing(project: Path, publish: Publish):
    before = written(project)
    done = publish(project, "init", "--dry-run", "--ci", "gitlab")
    assert done.returncode == 0
    assert "# --- .gitlab/ecr-publish.yml" in done.stdout
    assert written(project) == before


@pytest.mark.parametrize("project", ["codebuild-classic"], indirect=True)
def test_a_named_file_is_read_whatever_it_is_called(project: Path, publish: Publish):
    (project / "buildspec.yml").rename(project / "steps.yaml")
    done = publish(project, "init", "--from", "steps.yaml", "--ci", "none")
    assert done.returncode == 0, done.stderr
    assert "read steps.yaml" in done.stdout
    assert "repository: inventory" in (project / "ecr-publish.yaml").read_text()
    assert sorted(written(project)) == ["ecr-publish.yaml", "steps.yaml"]


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        ({"README.md": "nothing"}, (), "no image was found"),
        (
            {".gitlab-ci.yml": "job: { script: [docker compose push] }"},
            (),
            ".gitlab-ci.yml:1: not carried over",
        ),
        ({"Dockerfile": "FROM scratch"}, ("--ci", "jenkins"), "'jenkins' is no CI"),
        ({"Dockerfile": "FROM scratch"}, ("--from", "absent.yml"), "No such file or directory"),
        ({"Dockerfile": "FROM scratch"}, ("--from", "/etc/hosts"), "outside of the project"),
        ({".gitlab-ci.yml": "a: [b\nc: d"}, (), ".gitlab-ci.yml:2:2"),
        ({".gitlab-ci.yml": "\tjob: {}"}, (), ".gitlab-ci.yml:1:1"),
        ({"buildspec.yml": "x: &a [*a]"}, (), "aliases"),
    ],
)
def test_what_cannot_be_done_is_one_clear_error(
    tmp_path: Path, files: dict[str, str], arguments: tuple[str, ...], said: str, publish: Publish
):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = publish(tmp_path, "init", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "ecr-publish.yaml").exists()


@pytest.mark.parametrize(
    ("name", "file", "schema"),
    [
        ("github-metadata", ".github/workflows/ecr-publish.yml", "vendor.github-workflows"),
        ("gitlab-dind", ".gitlab/ecr-publish.yml", "vendor.gitlab-ci"),
    ],
)
def test_the_ci_s_file_keeps_the_ci_s_schema(name: str, file: str, schema: str):
    assert complaints(schema, DATA / name / "expected" / file) == ""
