"""A push tells what it left behind: a signature stays where it is if its tag names something else over there."""

from __future__ import annotations

from ecr_publish.model.digest import Digest
from ecr_publish.report.jsontext import document
from ecr_publish.report.report import Report
from tests.contract.oci.test_companions import artifact, hexed, name, written
from tests.contract.pipeline.stage import DEV, WEB, Stage, outcomes
from tests.unit.oci.layouts import Writer

HEAD = """\
version: 1
environments:
  dev: { account: "111111111111", regions: [us-east-2, eu-west-1] }
"""
LAYOUT = """\
images:
  web:
    repository: team/web
    build: { builder: layout, layout: layout }
    tags: ["type=raw,value=TAG"]
"""
FILES = HEAD + WEB.replace("PLATFORMS", "[linux/amd64]")
HERE, THERE = "us-east-2", "eu-west-1"


def kept(stage: Stage, region: str) -> dict[str, str]:
    """The repository's tags, to be written to."""
    return stage.server.ecr.store.registry(DEV, region).repositories["team/web"].tags


def told(report: Report, region: str) -> str:
    """What the report warns of, in this region's push and beside it (where it is counted among all)."""
    written = document(report)
    (step,) = (each for each in written["steps"] if (each["step"], each["target"]) == ("push", f"dev/{region}"))
    warnings = list(step["warnings"])
    assert {f"push web@dev/{region}: {each}" for each in warnings} <= set(written["warnings"])
    return "\n".join(warnings)


def test_a_push_says_which_signature_it_left_behind_each_time(stage: Stage):
    writer = Writer(stage.root / "layout")
    other, image = writer.manifest(b"other"), writer.manifest(b"layer")
    signature, tag = artifact(writer, b"signature"), f"sha256-{hexed(image)}.sig"
    stage.file(HEAD + LAYOUT.replace("TAG", "1.3.0"))
    written(writer, other)
    assert told(stage.run(), HERE) == ""
    kept(stage, HERE)[tag] = str(other["digest"])
    stage.file(HEAD + LAYOUT.replace("TAG", "1.4.0"))
    written(writer, image, signature | name(tag))
    for word in ("done", "already"):
        report = stage.run()
        assert outcomes(report)[f"push web@dev/{HERE}"] == word
        assert f"{tag} names {Digest(str(other['digest'])).short}" in told(report, HERE)
        assert told(report, THERE) == ""
    assert kept(stage, HERE)[tag] == other["digest"]
    assert kept(stage, THERE)[tag] == signature["digest"]


def test_a_push_of_what_another_region_has_says_it_too(stage: Stage):
    stage.file(FILES)
    for version, content, sha in (("v1.4.0", "one", "1" * 40), ("v1.5.0", "two", "2" * 40)):
        stage.content(content)
        stage.run(stage.project(version, sha))
    one, two = stage.tags()["1.4.0"], stage.tags()["1.5.0"]
    tag = f"sha256-{Digest(one).hex}.sig"
    kept(stage, HERE)[tag], kept(stage, THERE)[tag] = two, one
    del kept(stage, THERE)["1.4.0"]
    stage.content("one")
    report = stage.run(stage.project("v1.4.0", "1" * 40))
    assert outcomes(report)["build web"] == "already"
    assert stage.tags(region=THERE)["1.4.0"] == one
    assert f"{tag} names {Digest(one).short}" in told(report, THERE)
    assert tag not in told(report, HERE)
