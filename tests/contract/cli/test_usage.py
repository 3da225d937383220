"""What is wrong on the command line: one clear error with its exit code, before anything is done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecr_publish.cli.main import run

FILE = """\
environments:
  dev:  { account: "111111111111", region: us-east-2 }
  prod: { account: "222222222222", region: us-east-2, role: arn:aws:iam::222222222222:role/publish }
images:
  web: { repository: team/web, tags: one, build: { files: [{ from: system, to: / }] } }
promote:
  - { from: dev, to: prod }
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "ecr-publish.yaml"
    path.write_text(FILE)
    return str(path)


PROMOTE = ("promote", "-f", "FILE", "--from", "dev", "--to", "prod")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Commands"),
        (("chekc",), "Did you mean 'check'?"),
        (("check", "--nope"), "No such option"),
        (("check", "-f", "FILE/no/such"), "FILE/no/such: "),
        (("check", "-f", "FILE", "--format", "xml"), "'xml' is not one of 'text', 'json'"),
        (("plan", "-f", "FILE", "--format", "xml"), "'xml' is not one of 'text', 'json'"),
        (("tag", "-f", "FILE", "--format", "xml"), "'xml' is not one of 'text', 'json'"),
        (("origin", "-f", "FILE", "--format", "xml"), "'xml' is not one of 'text', 'json'"),
        (("plugins", "-f", "FILE", "--format", "xml"), "'xml' is not one of 'text', 'json'"),
        (("rehearse", "FILE", "--format", "xml"), "choose from console, "),
        (("rehearse", "FILE", "-f", "FILE"), "both name the file"),
        (("rehearse", "FILE", "--parallel", "0"), "0 is not in the range"),
        (("rehearse", "FILE", "--findings", "/no/such"), "/no/such: cannot be read"),
        (("plan", "-f", "FILE", "--image", "nope"), "the file has no image 'nope'"),
        (("plan", "-f", "FILE", "--env", "nope"), "the file has no environment 'nope'"),
        (("plan", "-f", "FILE", "--to", "nope"), "the file has no environment 'nope'"),
        (("run", "-f", "FILE", "--only", "nope"), "the file has no step 'nope'"),
        (("run", "-f", "FILE", "--to", "dev", "--env", "prod"), "nothing of the file is what was asked for"),
        (("run", "-f", "FILE", "--only", "login", "--image", "web"), "nothing of the file is what was asked for"),
        (("run", "-f", "FILE", "--plan", "/dev/null"), "this is no saved plan"),
        (("plan", "-f", "FILE", "--as-tag", ""), "cannot be the name of a git tag"),
        (("plan", "-f", "FILE", "--as-tag", "v1 0"), "cannot be the name of a git tag"),
        (("rehearse", "FILE", "--as-tag", "v1..0"), "cannot be the name of a git tag"),
        ((*PROMOTE, "--tag", "a", "--digest", "sha256:" + "0" * 64), "name the same thing"),
        ((*PROMOTE, "--digest", "sha256:00"), "not a digest: 'sha256:00'"),
        ((*PROMOTE, "--digest", ""), "not a digest: ''"),
        ((*PROMOTE, "--tag", "a b/c"), "'a b/c' is no tag"),
        ((*PROMOTE, "--tag", ""), "'' is no tag"),
        ((*PROMOTE[:-1], "nope", "--tag", "one"), "the file has no environment 'nope'"),
        ((*PROMOTE[:4], "prod", "--to", "dev", "--tag", "one"), "the edges are: dev -> prod"),
        (("local", "--port", "99999"), "99999 is not in the range"),
        (("local", "--port", "-5"), "-5 is not in the range"),
        (("local", "--account", "12"), "it has exactly 12 digits"),
        (("local", "--bandwidth", "fast"), "'fast' is no bandwidth"),
        (("local", "--bandwidth", "0MB/s"), "'0MB/s' is no bandwidth"),
        (("local", "--scan-seconds", "-1"), "is not in the range"),
        (("schema", "nope"), "'nope' is not one of"),
        (("explain", "nope"), "no error and no exit code is called 'nope'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_use_is_exit_code_2_with_what_is_wrong(file, capsys, arguments, words):
    assert run([each.replace("FILE", file) for each in arguments]) == 2
    said = capsys.readouterr()
    assert words.replace("FILE", file) in said.err
    assert said.err.endswith("(exit 2)\n")
    assert "fault of ours" not in said.err


@pytest.mark.parametrize("tag", ["v1.4.0", "release/1.4", "web@1.4.0", "ü", "refs/tags/v1"])
def test_whatever_git_takes_as_a_tag_can_be_proceeded_as(file, tag):
    assert run(["plan", "-f", file, "--as-tag", tag]) == 0


def test_a_path_that_cannot_be_written_is_exit_code_1_with_the_path_and_a_hint(file, tmp_path, capsys):
    assert run(["plan", "-f", file, "-o", str(tmp_path / "no" / "plan.json")]) == 1
    said = capsys.readouterr().err
    assert f"error: {tmp_path}/no/plan.json: No such file or directory\n  hint: " in said


def test_a_pipeline_in_an_impossible_order_says_what_goes_first(file, capsys):
    path = Path(file)
    path.write_text("pipeline: [promote, push, build, tag, login, scan-wait]\n" + FILE)
    assert run(["plan", "-f", file]) == 2
    said = capsys.readouterr().err
    assert "promote needs PublishedImage, which no earlier step gives\n  hint: put push before promote" in said


def test_an_edge_that_no_step_of_the_pipeline_takes_is_an_error(file, capsys):
    """Accepted, it would promise a promotion that never comes."""
    Path(file).write_text("pipeline: [build, tag, login, push]\n" + FILE)
    assert run(["check", "-f", file]) == 2
    assert "the pipeline has no promote step" in capsys.readouterr().err


def test_a_valid_file_is_told_with_what_it_has(file, capsys):
    assert run(["check", "-f", file]) == 0
    assert capsys.readouterr().out == f"{file}: ok: 1 image, 2 environments\n"


LAB = FILE.replace("images:", '  lab: { registry: "registry.example:5000" }\nimages:', 1)


def test_a_rehearsal_leaves_out_what_is_not_on_this_machine_where_it_is_told_to(file, capsys):
    (Path(file).parent / "system").mkdir()
    (Path(file).parent / "system" / "motd").write_text("hello")
    Path(file).write_text(LAB)
    assert run(["rehearse", file]) == 3
    assert "rehearse the other environments with --env" in capsys.readouterr().out
    assert run(["rehearse", file, "--env", "dev"]) == 0


@pytest.mark.parametrize(
    ("arguments", "variable"),
    [(("-f", "FILE"), "/no/such"), ((), "FILE"), (("FILE",), "/no/such")],
    ids=["-f", "ECR_PUBLISH_FILE", "the argument"],
)
def test_a_rehearsal_is_of_the_file_that_is_named(file, arguments, variable):
    (Path(file).parent / "system").mkdir()
    (Path(file).parent / "system" / "motd").write_text("hello")
    done = subprocess.run(
        [sys.executable, "-m", "ecr_publish", "rehearse", *(each.replace("FILE", file) for each in arguments)],
        env=os.environ | {"ECR_PUBLISH_FILE": variable.replace("FILE", file)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "/team/web" in done.stdout, done.stderr
