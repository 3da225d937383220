"""Two commands in one directory: the second is told so at once, and takes nothing from the first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from ecr_publish.app.layouts import LayoutDirectories
from tests.contract.pipeline.test_commands import FILE, Job, job, offline, server, tags

__all__ = ["Job", "job", "offline", "server"]  # fixtures

DEV, STAGING = "1" * 12, "2" * 12
TOLD = "layouts/web: another command is at work on the image web in this directory"


@pytest.fixture
def another(job) -> Iterator[LayoutDirectories]:
    """What another command that is at work in the same directory has of its layouts."""
    with closing(LayoutDirectories(job.root / ".ecr-publish")) as found:
        yield found


def test_a_run_beside_another_of_the_same_image_is_refused_and_takes_nothing_from_it(job, server, another):
    (another.fresh("web") / "theirs").touch()
    for command in ("run", "build"):
        code, said = job.run(command)
        assert code == 1, said
        assert TOLD in said
    assert (job.root / ".ecr-publish" / "layouts" / "web" / "theirs").exists()
    assert tags(server, DEV) == {}
    another.close()
    code, said = job.run("run")
    assert code == 0, said


def test_a_run_of_another_image_and_a_rehearsal_go_on_beside_it(job, server, another):
    job.file(FILE.replace("images:\n", "images:\n  api: { repository: team/web, tags: [two], build: { files: "
                          "[{ from: system, to: / }] } }\n"))  # fmt: skip
    another.fresh("web")
    for command in (("run", "--image", "api"), ("rehearse",)):
        code, said = job.run(*command)
        assert code == 0, said
    assert set(tags(server, DEV)) == {"two"}


def test_what_is_being_built_anew_is_not_pushed_and_what_is_being_pushed_is_not_built_anew(job, server, another):
    assert job.run("build")[0] == 0
    another.keep("web")
    code, said = job.run("build")
    assert (code, TOLD in said) == (1, True), said
    code, said = job.run("push")
    assert code == 0, said
    another.close()
    another.fresh("web")
    code, said = job.run("push")
    assert (code, TOLD in said) == (1, True), said


def test_of_two_runs_at_once_each_is_done_or_told_and_what_is_published_is_whole(job, server):
    both = [job.start("run") for _ in range(2)]
    ended = [(process.communicate(timeout=60), process.returncode) for process in both]
    assert 0 in [code for _, code in ended], ended
    for (out, err), code in ended:
        assert code == 0 or TOLD in out + err, out + err
    assert set(tags(server, DEV)) == {"one"}
    assert tags(server, STAGING) == tags(server, DEV)
