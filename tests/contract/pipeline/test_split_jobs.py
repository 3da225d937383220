"""Steps as jobs of their own: each takes up what the one before left, and never does the one before."""

from __future__ import annotations

import json

import pytest

from ecr_publish.local import embedded_ecr
from tests.contract.pipeline.test_commands import Job, job, offline, server, tags

__all__ = ["Job", "job", "offline", "server"]  # fixtures

DEV, STAGING = "1" * 12, "2" * 12


def result(job: Job) -> dict:
    return json.loads((job.root / ".ecr-publish" / "result.d" / "web.json").read_text())


def edited(job: Job, **values: object) -> None:
    """The first publication of the result file, with other values."""
    value = result(job)
    value["published"][0] |= values
    (job.root / ".ecr-publish" / "result.d" / "web.json").write_text(json.dumps(value))


@pytest.mark.parametrize(
    "command", [("scan-wait",), ("scan-wait", "--env", "dev"), ("promote", "--from", "dev", "--to", "staging")]
)
def test_what_was_only_built_is_neither_pushed_nor_promoted_by_a_later_step(job, server, command):
    assert job.run("build")[0] == 0
    code, said = job.run(*command)
    assert code == 2, said
    assert tags(server, DEV) == {}


def test_scan_wait_in_an_environment_that_is_not_reached_yet_promotes_nothing(job, server):
    assert job.run("build")[0] == 0
    assert job.run("push")[0] == 0
    code, said = job.run("scan-wait", "--env", "staging")
    assert code == 2, said
    assert "it does not say that web was published in staging" in said
    assert tags(server, STAGING) == {}


def test_a_result_file_that_names_an_absent_digest_is_exit_code_2(job, server):
    assert job.run("build")[0] == 0
    assert job.run("push")[0] == 0
    edited(job, digest="sha256:" + "0" * 64)
    code, said = job.run("promote", "--from", "dev", "--to", "staging")
    assert code == 2, said
    assert "result.d/web.json: it names sha256:0000" in said
    assert tags(server, STAGING) == {}


def test_a_result_file_that_names_another_image_of_the_repository_is_exit_code_2(job, server):
    """The digest is there and clean, and yet not what this commit's tags name."""
    text = (job.root / "ecr-publish.yaml").read_text()
    job.file(text.replace("value=one", "value=old"))
    assert job.run("run", "--to", "dev")[0] == 0
    old = tags(server, DEV)["old"]
    job.file(text)
    (job.root / "system" / "etc" / "motd").write_text("new")
    assert job.run("build")[0] == 0
    assert job.run("push")[0] == 0
    edited(job, digest=old)
    code, said = job.run("promote", "--from", "dev", "--to", "staging")
    assert code == 2, said
    assert f"it names {old}, which does not have the planned tag one" in said
    assert tags(server, STAGING) == {}


def test_a_registry_that_cannot_list_a_digests_tags_is_asked_for_those_of_the_result_file(offline):
    with embedded_ecr(oci=True) as registry:
        host = registry.ecr.registry_url("1" * 12, "us-east-2").removeprefix("http://")
        offline.file(
            f"environments:\n  lab:   {{ registry: '{host}', prefix: lab/ }}\n"
            f"  field: {{ registry: '{host}', prefix: field/ }}\n"
            "images:\n  web: { repository: web, tags: [one, latest], build: { files: [{ from: system, to: / }] } }\n"
            "promote:\n  - { from: lab, to: field, unscannable: { allow: no scanner there } }\n"
        )
        assert offline.run("build")[0] == 0
        assert offline.run("push")[0] == 0
        code, said = offline.run("promote", "--from", "lab", "--to", "field")
        assert code == 0, said
        repositories = registry.ecr.store.registry("1" * 12, "us-east-2").repositories
        assert repositories["field/web"].tags == repositories["lab/web"].tags
        assert set(repositories["field/web"].tags) == {"one", "latest"}


def test_the_first_push_to_a_plain_registry_may_have_floating_tags_of_a_version(offline):
    with embedded_ecr(oci=True) as registry:
        host = registry.ecr.registry_url("1" * 12, "us-east-2").removeprefix("http://")
        offline.file(
            f"environments: {{ lab: {{ registry: '{host}' }} }}\n"
            "images:\n  web:\n    repository: web\n    build: { files: [{ from: system, to: / }] }\n"
            "    tags: ['type=semver,pattern={{version}},value=1.2.3', 'type=semver,pattern={{major}},value=1.2.3']\n"
        )
        code, said = offline.run("run")
        assert code == 0, said
        assert set(registry.ecr.store.registry("1" * 12, "us-east-2").repositories["web"].tags) == {
            "1.2.3", "1", "latest",
        }  # fmt: skip
