"""Archives and layouts in tars through the commands: read when they are pushed, whole where another job goes on."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecr_publish.local.faults import Request
from ecr_publish.local.records import Repository
from tests.contract.builders.stores import Kept, tar_of
from tests.contract.pipeline.test_commands import Job, job, offline, server, tags
from tests.unit.builders.layouts import Writing, layer

__all__ = ["Job", "job", "offline", "server"]  # fixtures

IMAGE, CHANGED = Kept((("base", b"b" * 100_000), ("top", b"one"))), Kept((("base", b"b" * 100_000), ("top", b"two")))
FILE = """\
environments:
  dev: {{ account: "111111111111", region: us-east-2 }}
{more}images:
  web: {{ repository: team/web, tags: [one, latest], build: {{ {builder}: image.tar }} }}
"""
DEV = "1" * 12


def has(job: Job, archive: bytes, builder: str = "archive", more: str = "") -> None:
    job.file(FILE.format(builder=builder, more=more))
    (job.root / "image.tar").write_bytes(archive)


def layout_tar(job: Job) -> bytes:
    writing = Writing(job.root / "made")
    made = writing.finish(writing.image([layer(("file", b"content"))]))
    return tar_of({str(each.relative_to(made)): each.read_bytes() for each in made.rglob("*") if each.is_file()})


def built(job: Job) -> dict | None:
    return json.loads((job.root / ".ecr-publish" / "result.d" / "web.json").read_text())["built"]


def sent(job: Job) -> int:
    """Bytes that a `run` sends."""
    code, said = job.run("run", "--report", "json=report.json")
    assert code == 0, said
    return json.loads((job.root / "report.json").read_text())["transfer"]["sent_bytes"]


def asked(server, since: int) -> list[str]:
    """What the registry was asked since then, over `/v2`."""
    return [f"{each.method} {each.path}" for each in server.ecr.script.requests[since:] if each.path.startswith("/v2/")]


def contents(job: Job) -> dict[Path, bytes]:
    """Every file below `.ecr-publish`."""
    return {each: each.read_bytes() for each in (job.root / ".ecr-publish").rglob("*") if each.is_file()}


def left(job: Job) -> list[Path]:
    return [each for each in (job.root / ".ecr-publish").rglob("*") if each.is_file() and "result.d" not in each.parts]


def test_an_archive_is_pushed_from_where_it_lies_and_leaves_nothing_behind(job, server):
    has(job, IMAGE.saved())
    code, said = job.run("run")
    assert code == 0, said
    assert set(tags(server, DEV)) == {"one", "latest"}
    assert built(job) is None
    assert [each.name for each in left(job)] == [".gitignore"]


def test_a_second_run_changes_nothing_and_one_with_another_layer_sends_that(job, server):
    has(job, IMAGE.saved())
    assert job.run("run")[0] == 0
    assert sent(job) == 0
    has(job, CHANGED.saved())
    job.file(FILE.format(builder="archive", more="").replace("[one, latest]", "[two, latest]"))
    assert 0 < sent(job) < 2_000
    assert tags(server, DEV)["one"] != tags(server, DEV)["two"] == tags(server, DEV)["latest"]


@pytest.mark.parametrize("builder", ["archive", "layout"])
def test_a_run_in_which_nothing_has_changed_asks_for_its_tags_and_for_no_blob(job, server, builder):
    has(job, IMAGE.saved() if builder == "archive" else layout_tar(job), builder)
    assert job.run("run")[0] == 0
    since = len(server.ecr.script.requests)
    assert job.run("run")[0] == 0
    assert sorted(asked(server, since)) == [f"HEAD /v2/team/web/manifests/{tag}" for tag in ("latest", "one")]


def test_of_an_archive_in_which_only_the_settings_changed_only_the_config_is_sent(job, server):
    has(job, IMAGE.saved())
    assert job.run("run")[0] == 0
    has(job, replace(IMAGE, labels={"org.opencontainers.image.revision": "abc"}).saved())
    job.file(FILE.format(builder="archive", more="").replace("[one, latest]", "[two]"))
    since = len(server.ecr.script.requests)
    assert 0 < sent(job) < 500
    assert len([each for each in asked(server, since) if each.startswith("POST")]) == 1


def second_after_first(server) -> None:
    """The registry says what `qa/` has when `dev` has its tags, and a moment later."""

    async def hold(request: Request) -> None:
        waits = 500 if request.method == "HEAD" and "/qa/team/web/blobs/" in request.path else 0
        while waits > 0 and len(tags(server, DEV)) < 2:
            waits -= 1
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3 if waits else 0)

    server.ecr.script.hold = hold


def test_what_the_first_of_two_environments_in_a_registry_got_is_mounted_in_the_second_and_counted(job, server):
    server.ecr.store.registry(DEV, "us-east-2").settings["BLOB_MOUNTING"] = "ENABLED"
    second = '  qa: { account: "111111111111", region: us-east-2, prefix: qa/, create: if-missing }\n'
    has(job, IMAGE.saved(), more=second)
    second_after_first(server)
    code, said = job.run("run", "--report", "json=report.json")
    assert code == 0, said
    transfer = json.loads((job.root / "report.json").read_text())["transfer"]
    assert (transfer["mounted_blobs"], transfer["saved_bytes"]) == (3, transfer["sent_bytes"])


def test_layers_that_are_known_and_that_the_registry_has_lost_are_read_again(job, server):
    has(job, IMAGE.saved())
    assert job.run("run")[0] == 0
    before = tags(server, DEV)
    repositories = server.ecr.store.registry(DEV, "us-east-2").repositories
    repositories["team/web"] = Repository("team/web", 0.0)
    assert sent(job) > 100
    assert tags(server, DEV) == before


def test_a_tag_that_another_image_has_is_refused_before_a_byte_is_sent_where_the_layers_are_known(job, server):
    for each, tag in ((IMAGE, "one"), (CHANGED, "two")):
        has(job, each.saved())
        job.file(FILE.format(builder="archive", more="").replace("[one, latest]", f"[{tag}]"))
        assert job.run("run")[0] == 0
    has(job, IMAGE.saved())
    job.file(FILE.format(builder="archive", more="").replace("[one, latest]", "[two]"))
    since = len(server.ecr.script.requests)
    assert job.run("run")[0] == 5
    assert [each for each in asked(server, since) if each.startswith(("POST", "PUT", "PATCH"))] == []


@pytest.mark.parametrize("builder", ["archive", "layout"])
def test_a_build_on_its_own_leaves_a_whole_layout_for_a_job_without_the_tar(job, server, builder):
    image = IMAGE.saved() if builder == "archive" else layout_tar(job)
    has(job, image, builder)
    assert job.run("build")[0] == 0
    assert built(job)["layout"] == ".ecr-publish/layouts/web"
    (job.root / "image.tar").unlink()
    code, said = job.run("push")
    assert code == 0, said
    by_parts = tags(server, DEV)["one"]
    server.ecr.store.registry(DEV, "us-east-2").repositories["team/web"].tags.clear()
    has(job, image, builder)
    assert job.run("run")[0] == 0
    assert tags(server, DEV)["one"] == by_parts


@pytest.mark.parametrize("builder", ["archive", "layout"])
def test_a_rehearsal_between_build_and_push_touches_nothing_of_theirs(job, server, builder):
    has(job, IMAGE.saved() if builder == "archive" else layout_tar(job), builder)
    assert job.run("build")[0] == 0
    before = contents(job)
    code, said = job.run("rehearse")
    assert code == 0, said
    assert contents(job) == before
    code, said = job.run("push")
    assert code == 0, said
    assert tags(server, DEV)["one"] == built(job)["digest"]


@pytest.mark.parametrize(
    ("builder", "archive", "words"),
    [
        ("archive", IMAGE.saved()[:60_000], "cut off"),
        ("archive", IMAGE.saved().replace(b"b" * 1000, b"c" * 1000, 1), "its config says|does not name"),
        ("archive", tar_of({"../x": b""}), "leads outside"),
        ("archive", tar_of({"x": b""}), "manifest.json is missing"),
        ("layout", tar_of({"x": b""}), "this is no OCI layout"),
        ("layout", tar_of({"/x": b""}), "leads outside"),
    ],
)
def test_a_bad_one_is_exit_code_2_with_one_error_and_nothing_tagged(job, server, builder, archive, words):
    has(job, archive, builder)
    code, said = job.run("run")
    assert code == 2, said
    assert any(each in said for each in words.split("|"))
    assert said.count("hint:") == 1
    assert str(job.root / "image.tar") in said
    assert tags(server, DEV) == {}
    assert [each.name for each in left(job)] == [".gitignore"]


def test_a_tag_that_is_taken_by_another_image_stays_where_it_is(job, server):
    has(job, IMAGE.saved())
    assert job.run("run")[0] == 0
    before = tags(server, DEV)
    has(job, CHANGED.saved())
    code, said = job.run("run")
    assert code == 5, said
    assert tags(server, DEV) == before
