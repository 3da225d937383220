"""Result files: written whole, read strictly, never trusted further than that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest

from ecr_publish.errors import ResultUnusable
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import BuiltImage, InEngine, InLayout, PublishedImage, Where
from ecr_publish.model.registry import EcrRegistry, PlainRegistry, Repository
from ecr_publish.model.target import Place, Target
from ecr_publish.plan.intent import FactKey, Intent
from ecr_publish.run.outcome import Done, Skipped
from ecr_publish.run.results import Published, keep, prepare, read
from ecr_publish.run.resultschema import schema

DIGEST, OTHER = Digest("sha256:" + "ab" * 32), Digest("sha256:" + "cd" * 32)
DEV = Target("dev", "dev", EcrRegistry("111111111111", "us-east-2"))
LAB = Target("lab", "lab", PlainRegistry("localhost:5000"))


@dataclass(frozen=True)
class Said:
    target: Target | None = None


def intent(step: str, kind: type, target: Target | None = None) -> Intent:
    place = Place("web", target.name if target else None)
    return Intent(step, place, (), (), (FactKey(kind, place),), Said(target))


def built(tmp_path: Path, where: Where) -> None:
    keep(tmp_path / "w", intent("build", BuiltImage), Done("", (BuiltImage(where, "files"),)), tmp_path)


def pushed(tmp_path: Path, target: Target, digest: Digest = DIGEST) -> None:
    image = PublishedImage(Repository(target.registry, "team/web"), digest, ("1.4.0",))
    keep(tmp_path / "w", intent("push", PublishedImage, target), Done("", (image,)), tmp_path)


def written(tmp_path: Path) -> dict:
    return json.loads((tmp_path / "w" / "result.d" / "web.json").read_text())


def put(tmp_path: Path, content: object) -> None:
    path = tmp_path / "w" / "result.d" / "web.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def test_a_built_layout_is_kept_relative_to_the_file(tmp_path: Path):
    built(tmp_path, InLayout(str(tmp_path / "w" / "layouts" / "web"), DIGEST))
    result = read(tmp_path / "w", "web")
    assert (result.layout, result.digest, result.engine) == ("w/layouts/web", str(DIGEST), None)


def test_an_engine_image_is_kept_by_its_id(tmp_path: Path):
    built(tmp_path, InEngine(str(OTHER)))
    assert read(tmp_path / "w", "web").engine == str(OTHER)


def test_publications_of_several_targets_stand_side_by_side(tmp_path: Path):
    pushed(tmp_path, DEV)
    pushed(tmp_path, LAB)
    assert [(each.environment, each.region) for each in read(tmp_path / "w", "web").published] == [
        ("dev", "us-east-2"),
        ("lab", None),
    ]


def test_a_publication_replaces_the_one_before_at_the_same_target(tmp_path: Path):
    pushed(tmp_path, DEV, OTHER)
    pushed(tmp_path, DEV, DIGEST)
    assert read(tmp_path / "w", "web").published == (
        Published("dev", "us-east-2", "111111111111.dkr.ecr.us-east-2.amazonaws.com/team/web", str(DIGEST), ("1.4.0",)),
    )


def test_a_new_build_forgets_where_an_older_one_was_published(tmp_path: Path):
    pushed(tmp_path, DEV)
    built(tmp_path, InLayout(str(tmp_path / "layout"), OTHER))
    assert read(tmp_path / "w", "web").published == ()


def test_a_publication_keeps_what_was_built(tmp_path: Path):
    built(tmp_path, InLayout(str(tmp_path / "layout"), DIGEST))
    pushed(tmp_path, DEV)
    assert read(tmp_path / "w", "web").layout == "layout"


def test_what_was_not_done_leaves_nothing(tmp_path: Path):
    keep(tmp_path / "w", intent("push", PublishedImage, DEV), Skipped("untrusted"), tmp_path)
    assert not (tmp_path / "w").exists()


def test_writing_leaves_no_other_file_behind(tmp_path: Path):
    pushed(tmp_path, DEV)
    assert [path.name for path in (tmp_path / "w" / "result.d").iterdir()] == ["web.json"]


def test_git_ignores_the_whole_workspace(tmp_path: Path):
    prepare(tmp_path / "w")
    assert (tmp_path / "w" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    "make",
    [
        lambda where: built(where, InLayout(str(where / "layout"), DIGEST)),
        lambda where: built(where, InEngine(str(OTHER))),
        lambda where: (built(where, InLayout(str(where / "layout"), DIGEST)), pushed(where, DEV), pushed(where, LAB)),
    ],
    ids=["layout", "engine", "built and published"],
)
def test_what_is_written_keeps_the_schema(tmp_path: Path, make):
    make(tmp_path)
    jsonschema.validate(written(tmp_path), schema(), cls=jsonschema.Draft202012Validator)


def test_an_absent_file_is_an_error_that_names_the_command_that_writes_it(tmp_path: Path):
    with pytest.raises(ResultUnusable, match=r"web\.json.*\n.*ecr-publish build") as caught:
        read(tmp_path / "w", "web")
    assert caught.value.exit_code == 2


def good(**more: object) -> dict[str, object]:
    return {"version": 1, "image": "web", "built": None, "published": [], **more}


def entry(**more: object) -> dict[str, object]:
    return {"environment": "dev", "region": None, "repository": "r", "digest": str(DIGEST), "tags": [], **more}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b'{"version": 1', "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b" " * 1_000_001, "larger"),
        ([], "version 1"),
        (good(version=2), "version 1"),
        (good(version="1"), "version 1"),
        (good(version=True), "version 1"),
        (good(image="other"), "about the image 'other'"),
        (good(verdict="clean"), "'verdict'"),
        (good(published=None), "published"),
        (good(published=["dev"]), "entry of published"),
        (good(published=[entry(digest="sha256:12")]), "no digest"),
        (good(published=[entry(tags="latest")]), "tags"),
        (good(published=[entry(tags=[1])]), "tags"),
        (good(published=[entry(environment=None)]), "environment"),
        (good(published=[entry(scan="clean")]), "'scan'"),
        (good(built="x"), "built"),
        (good(built={"layout": "x"}), "digest"),
        (good(built={"layout": "/etc", "digest": str(DIGEST)}), "not below"),
        (good(built={"layout": "a/../../b", "digest": str(DIGEST)}), "not below"),
        (good(built={"engine": ""}), "engine"),
        (good(built={"engine": "x", "digest": str(DIGEST)}), "'digest'"),
    ],
)
def test_a_malformed_file_is_refused_with_its_reason(tmp_path: Path, content: object, reason: str):
    put(tmp_path, content)
    with pytest.raises(ResultUnusable, match=reason):
        read(tmp_path / "w", "web")


@pytest.mark.parametrize("name", ["", ".", "..", "../web", "a/b", "a\\b", "-x\n", "w" * 64, "wéb"])
def test_a_name_that_is_no_file_name_is_refused_before_anything_is_opened(tmp_path: Path, name: str):
    with pytest.raises(ResultUnusable, match="name of a file"):
        read(tmp_path / "w", name)


def test_a_malformed_file_is_replaced_by_what_was_really_done(tmp_path: Path):
    put(tmp_path, b"{")
    pushed(tmp_path, DEV)
    assert len(read(tmp_path / "w", "web").published) == 1
