"""The stand-in keeps to what AWS documents of phases; a buildspec that relies on more would fail in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.ci.codebuild import Build, CodeBuild


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    return folder


def run(source: Path, phases: str, **environment: str) -> Build:
    path = {"PATH": os.environ["PATH"]}
    return CodeBuild(source, {**path, **environment}).run(f"version: 0.2\nphases:\n{phases}")


@pytest.mark.parametrize(
    ("failing", "ran"),
    [
        ("install", ["install"]),
        ("pre_build", ["install", "pre_build"]),
        ("build", ["install", "pre_build", "build", "post_build"]),
        ("post_build", ["install", "pre_build", "build", "post_build"]),
    ],
)
def test_what_runs_after_a_failure(source: Path, failing: str, ran: list[str]):
    phases = "".join(
        f"  {name}: {{commands: ['{'exit 6' if name == failing else 'true'}']}}\n"
        for name in ("install", "pre_build", "build", "post_build")
    )
    build = run(source, phases)
    assert list(build.phases) == ran
    assert build.exit_code == 1
    assert "exit status 6" in build.log


def test_a_failed_build_that_aborts_enters_no_post_build(source: Path):
    build = run(source, "  build: {on-failure: ABORT, commands: ['false']}\n  post_build: {commands: ['touch x']}\n")
    assert list(build.phases) == ["build"]
    assert not (source / "x").exists()


def test_post_build_knows_that_the_build_failed(source: Path):
    build = run(
        source, "  build: {commands: ['false']}\n  post_build: {commands: ['echo is $CODEBUILD_BUILD_SUCCEEDING']}\n"
    )
    assert "is 0" in build.log


def test_finally_runs_after_a_failure_and_the_rest_of_the_commands_does_not(source: Path):
    build = run(source, "  build: {commands: ['false', 'echo next'], finally: ['echo at last']}\n")
    assert "at last" in build.log
    assert "next" not in build.log.replace("Error while executing", "")


def test_a_directory_and_an_export_carry_over(source: Path):
    (source / "sub").mkdir()
    install = "  install: {commands: ['cd sub', 'export A=1']}\n"
    build = run(source, install + "  build: {commands: ['echo $A at $(basename $PWD)']}\n")
    assert "1 at sub" in build.log


def test_variables_are_literal(source: Path):
    spec = "version: 0.2\nenv: {variables: {A: '$HOME/x'}}\nphases: {build: {commands: ['printenv A']}}\n"
    build = CodeBuild(source, {"PATH": os.environ["PATH"], "HOME": "/root"}).run(spec)
    assert "$HOME/x" in build.log


def test_what_starts_the_build_wins_over_the_buildspec(source: Path):
    spec = "version: 0.2\nenv: {variables: {A: file}}\nphases: {build: {commands: ['printenv A']}}\n"
    build = CodeBuild(source, {"PATH": os.environ["PATH"], "A": "start"}).run(spec)
    assert "start" in build.log


def test_artifacts_that_match_nothing_fail_the_build(source: Path):
    spec = "version: 0.2\nphases: {build: {commands: ['true']}}\nartifacts: {files: ['*.json']}\n"
    assert CodeBuild(source, {"PATH": os.environ["PATH"]}).run(spec).exit_code == 1
