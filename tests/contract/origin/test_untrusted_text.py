"""What strangers may write (branches, payloads, rules) comes out of `origin`, `tag` and `plan` as text: no command for
a runner, no escape for a terminal, and JSON stays JSON. All strings go through the writers in tests/unit/report; here a
few go through the whole command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHA = "b0bd943fdeff95eb270517001b478d76c2ffd8f4"
FILE = """
environments:
  dev: { account: "111111111111", region: us-east-2 }
images:
  web:
    repository: twtech/web
    build: { builder: files, files: [{ from: ecr-publish.yaml, to: /srv }] }
    tags:
      - type=ref,event=branch
      - type=raw,value=x-{{branch}}
      - type=edge,branch=::set-output name=a::b
      - type=sha
"""
NASTY = ["a\r\n::set-output name=x::$(touch pwned)\"'", "\x1b[31m##[error]ünï\udce9", "x" * 250]
COMMANDS = pytest.mark.parametrize("command", [("origin",), ("plan",), ("plan", "--explain"), ("tag",)], ids=" ".join)


def ran(where: Path, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ecr_publish", *arguments],
        cwd=where,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **env},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def env_of(ci: str, branch: str) -> dict[str, str]:
    """A push of this branch."""
    if ci == "gitlab":
        return {
            "GITLAB_CI": "true",
            "CI_PROJECT_PATH": "twtech/web",
            "CI_COMMIT_SHA": SHA,
            "CI_COMMIT_BRANCH": branch,
            "CI_PIPELINE_SOURCE": "push",
            "GITLAB_USER_LOGIN": branch,
            "CI_DEFAULT_BRANCH": "main",
        }
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REPOSITORY": "twtech/web",
        "GITHUB_REF": f"refs/heads/{branch}",
        "GITHUB_SHA": SHA,
        "GITHUB_ACTOR": branch,
    }


def harmless(text: str) -> None:
    """No line that GitHub's runner takes as a command, and nothing a terminal acts on."""
    assert [line for line in text.splitlines() if re.match(r"\s*::", line)] == []
    assert "##[" not in text
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text) == []


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (tmp_path / "ecr-publish.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("branch", NASTY, ids=ascii)
@COMMANDS
def test_it_is_printed_as_text_and_commands_nothing(there: Path, command: tuple[str, ...], branch: str):
    done = ran(there, *command, env=env_of("github", branch))
    assert done.returncode == 0, done.stderr
    harmless(done.stdout)
    harmless(done.stderr)
    assert not (there / "pwned").exists()


@COMMANDS
def test_as_json_it_stays_json_and_commands_nothing(there: Path, command: tuple[str, ...]):
    done = ran(there, *command, "--format", "json", env=env_of("gitlab", NASTY[1]))
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict)
    harmless(done.stdout)


def test_json_has_the_ref_as_it_is(there: Path):
    told = json.loads(ran(there, "origin", "--format", "json", env=env_of("gitlab", NASTY[1])).stdout)
    assert told["ref"] == f"refs/heads/{NASTY[1]}"
    assert told["sources"]["ref"] == "CI_COMMIT_BRANCH"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b'{"repository": {"default_br', "is no JSON"),
        (b"", "is no JSON"),
        (b"\xff\xfe\xff", "is no JSON"),
        (b"[1, 2]", "holds no JSON object"),
        (b"[" * 100_000, "is no JSON"),
    ],
    ids=["cut", "empty", "bytes", "list", "deep"],
)
def test_a_payload_that_is_cut_is_one_clear_error(there: Path, payload: bytes, words: str):
    (there / "event.json").write_bytes(payload)
    env = {**env_of("github", "main"), "GITHUB_EVENT_PATH": str(there / "event.json")}
    done = ran(there, "plan", env=env)
    assert done.returncode == 2
    assert f"error: GITHUB_EVENT_PATH={there}/event.json: the event payload {words}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_payload_full_of_workflow_commands_is_read_for_its_facts_only(there: Path):
    payload: dict[str, Any] = {
        "repository": {"default_branch": "main", "full_name": "twtech/web"},
        "head_commit": {"id": SHA, "message": "::set-output name=x::y\n##[error]boo", "timestamp": "not a date"},
        "pull_request": {"title": "$(touch pwned)", "number": "1"},
    }
    (there / "event.json").write_text(json.dumps(payload), encoding="utf-8")
    env = {**env_of("github", "main"), "GITHUB_EVENT_PATH": str(there / "event.json")}
    done = ran(there, "origin", env=env)
    assert done.returncode == 0
    assert re.search(r"^default_branch +main +\(event repository.default_branch\)$", done.stdout, re.MULTILINE)
    harmless(done.stdout)


def test_a_file_that_is_wrong_does_not_keep_from_asking_where_one_is(there: Path):
    (there / "ecr-publish.yaml").write_text("images: 7", encoding="utf-8")
    done = ran(there, "origin", env=env_of("github", "main"))
    assert done.returncode == 0
    assert "refs/heads/main" in done.stdout
    assert "warning: the file is wrong" in done.stderr


@pytest.mark.parametrize("rule", ["type=no\\n::add-mask::x", "type=raw,value={{##[error]}}", "type=\\e[31mno"])
def test_a_rule_that_is_refused_commands_nothing_either(there: Path, rule: str):
    (there / "ecr-publish.yaml").write_text(FILE + f'      - "{rule}"\n', encoding="utf-8")
    done = ran(there, "plan", env=env_of("gitlab", "main"))
    assert done.returncode == 2
    assert "tags: type=" in done.stderr
    harmless(done.stderr)


def test_an_explanation_is_no_plan_to_save(there: Path):
    done = ran(there, "plan", "--explain", "-o", "plan.json", env=env_of("gitlab", "main"))
    assert (done.returncode, (there / "plan.json").exists()) == (2, False)
    assert "leave out --explain or -o" in done.stderr
