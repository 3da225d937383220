"""What a push or copy has to ask of an image that seems to be new is asked beside the looks at its tags, once."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

from ecr_publish.local.faults import Request
from ecr_publish.ports.images import Arriving
from tests.contract.oci.registries import HERE, THERE, World
from tests.unit.oci.layouts import multi, single

HEAD_BLOB, HEAD_MANIFEST = "HEAD ecr:BatchCheckLayerAvailability", "HEAD ecr:BatchGetImage"
LIST = "GET ecr:ListImages"


def settled(ecr: World) -> None:
    """Wait until nothing of the engine's is under way."""
    ecr.images._lanes.do([lambda: None])
    ecr.images._lanes._pool.shutdown(wait=True)


def test_what_a_push_asks_is_asked_beside_the_looks_where_a_tag_was_absent(ecr: World, tmp_path: Path):
    repository, layout = ecr.create("web"), single(tmp_path)
    assert ecr.images.digest(HERE, repository, "1.0") is None
    ecr.clock.advance(timedelta(minutes=5))  # the build took its time: a guess it is, no look
    before = len(ecr.requests)
    looked = ecr.images.look(HERE, repository, ("1.0", "latest"), Arriving(layout, listed=True))
    assert looked.listed() == ()
    assert (looked.digest("1.0"), looked.digest("latest")) == (None, None)
    ecr.push(layout, repository, "1.0", "latest")
    assert Counter(ecr.asked(before)) == {
        HEAD_MANIFEST: 3,
        LIST: 1,
        HEAD_BLOB: 3,
        "POST ecr:InitiateLayerUpload": 3,
        "PUT ecr:CompleteLayerUpload": 3,
        "PUT ecr:PutImage": 3,
    }


def test_nothing_more_is_asked_beside_looks_that_may_find_the_image(ecr: World, tmp_path: Path):
    repository, layout = ecr.create("web"), single(tmp_path)
    ecr.push(layout, repository, "1.0", "latest")
    before = len(ecr.requests)
    looked = ecr.images.look(HERE, repository, ("1.0", "latest"), Arriving(layout, listed=True))
    assert {looked.digest("1.0"), looked.digest("latest")} == {layout.digest}
    settled(ecr)
    assert ecr.asked(before) == [HEAD_MANIFEST] * 2


def test_beside_the_list_of_tags_the_blobs_are_asked_for_unless_a_tag_names_the_image(ecr: World, tmp_path: Path):
    repository, layout = ecr.create("web"), single(tmp_path)
    other = single(tmp_path / "other", b"other")
    ecr.push(layout, repository, "1.0")
    for image, blobs in ((other, 2), (layout, 0)):
        before = len(ecr.requests)
        looked = ecr.images.look(HERE, repository, ("1.0", f"new-{blobs}"), Arriving(image, listed=True))
        assert looked.listed() == ("1.0",)
        settled(ecr)
        assert ecr.asked(before).count(HEAD_BLOB) == blobs
        ecr.begin_anew()


def test_a_look_that_is_answered_late_is_not_taken_for_what_is_there_after_the_push(ecr: World, tmp_path: Path):
    repository, layout = ecr.create("web"), single(tmp_path)
    late = len(ecr.requests)

    async def hold(request: Request) -> None:
        await asyncio.sleep(0.3 if request.number == late else 0)

    ecr.ecr.script.hold = hold
    looked = ecr.images.look(HERE, repository, ("1.0",))
    assert not ecr.push(layout, repository, "1.0").already_there
    assert looked.digest("1.0") is None
    before = len(ecr.requests)
    assert ecr.push(layout, repository, "1.0").already_there
    assert ecr.asked(before) == [HEAD_MANIFEST]


def test_a_copy_asks_nothing_twice(ecr: World, tmp_path: Path):
    pushed = ecr.push(multi(tmp_path), ecr.create("web"), "1.0")
    plain, there = ecr.create("web", THERE), ecr.create("other", THERE)
    before = len(ecr.requests)
    ecr.copy(pushed, plain, "1.0")
    usual = Counter(ecr.asked(before))
    assert ecr.images.digest(THERE, there, "1.0") is None
    ecr.clock.advance(timedelta(minutes=5))
    before = len(ecr.requests)
    looked = ecr.images.look(THERE, there, ("1.0",), Arriving(pushed.image, HERE))
    assert looked.digest("1.0") is None
    copied = ecr.copy(pushed, there, "1.0")
    asked = Counter(ecr.asked(before))
    usual["GET ecr:BatchGetImage"] = asked["GET ecr:BatchGetImage"]  # the first copy has read the manifests
    assert asked == usual
    assert copied.moved_bytes > 0


def test_what_was_begun_long_ago_is_asked_anew(ecr: World, tmp_path: Path):
    repository, layout = ecr.create("web"), single(tmp_path)
    ecr.images.digest(HERE, repository, "1.0")
    ecr.images.look(HERE, repository, ("1.0",), Arriving(layout)).digest("1.0")
    ecr.push(layout, repository, "other")
    ecr.clock.advance(timedelta(minutes=5))
    before = len(ecr.requests)
    ecr.push(layout, repository, "1.0")
    assert ecr.asked(before).count(HEAD_MANIFEST) >= 1
    assert ecr.tags(repository)["1.0"] == str(layout.digest)


def test_an_image_that_was_seen_and_read_a_moment_ago_is_found_without_a_request(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    pushed = ecr.push(multi(tmp_path), repository, "1.0")
    first = ecr.images.find(HERE, repository, "1.0")
    before = len(ecr.requests)
    assert ecr.images.find(HERE, repository, "1.0") == first
    assert ecr.images.find(HERE, repository, str(pushed.image.digest)).digest == pushed.image.digest
    assert ecr.asked(before) == []
    ecr.clock.advance(timedelta(minutes=5))
    ecr.stored(repository).tags.clear()
    assert ecr.images.find(HERE, repository, "1.0") is None


def test_the_end_waits_for_no_answer_that_nobody_wants_any_more(ecr: World, tmp_path: Path):
    repository, layout = ecr.create("web"), single(tmp_path)
    ecr.images.digest(HERE, repository, "1.0")
    ecr.clock.advance(timedelta(minutes=5))
    asked, over = threading.Event(), threading.Event()

    async def hold(request: Request) -> None:
        while "/blobs/" in request.path and not over.is_set():
            asked.set()
            await asyncio.sleep(0.01)

    ecr.ecr.script.hold = hold
    ecr.images.look(HERE, repository, ("1.0",), Arriving(layout)).digest("1.0")
    assert asked.wait(10)
    threading.Timer(5, over.set).start()
    ecr.images.close()
    in_time = not over.is_set()
    over.set()
    assert in_time
    assert not [each.name for each in threading.enumerate() if each.name.startswith(("lane", "beside"))]
