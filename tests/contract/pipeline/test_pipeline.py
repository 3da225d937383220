"""A pipeline end to end: from files to the same digest in every environment, by the real adapters."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from ecr_publish.local.scanner import ScriptedFinding
from ecr_publish.model.image import PublishedImage
from ecr_publish.model.target import Place
from ecr_publish.plan.ask import Ask, Found
from ecr_publish.plan.targets import repository, targets
from ecr_publish.steps.resume import PublishedDetails
from tests.contract.pipeline.stage import DEV, EDGES, ENVIRONMENTS, PROD, SHA, STAGING, WEB, failures, outcomes


def test_the_same_digest_arrives_in_every_environment_and_region(stage):
    report = stage.run()
    assert report.exit_code == 0
    digest = stage.tags(DEV)["1.4.0"]
    assert stage.tags(STAGING)["1.4.0"] == digest
    assert stage.tags(PROD, "us-east-2")["1.4.0"] == digest
    assert stage.tags(PROD, "eu-west-1") == {"1.4.0": digest, "sha-b0bd943": digest, "latest": digest}


def test_a_second_run_finds_everything_already_done(stage):
    stage.run()
    words = outcomes(stage.run())
    assert {words[key] for key in words if key.startswith(("push", "promote"))} == {"already"}


def test_a_second_run_succeeds_on_immutable_repositories(stage):
    project = stage.project()
    stage.declare(project, mutability="IMMUTABLE_WITH_EXCLUSION", exclusions=["latest"])
    assert stage.run(project).exit_code == 0
    assert stage.run(project).exit_code == 0


def test_a_floating_tag_in_an_immutable_repository_is_refused_before_anything_is_built(stage):
    project = stage.project()
    stage.declare(project, mutability="IMMUTABLE")
    report = stage.run(project)
    assert report.exit_code == 5
    assert "latest" in failures(report)[0].what
    assert set(outcomes(report).values()) == {"not started"}


def test_an_index_is_promoted_with_its_children_each_scanned(stage):
    stage.file(platforms="[linux/amd64, linux/arm64]")
    report = stage.run()
    assert report.exit_code == 0
    images = stage.server.ecr.store.registry(PROD, "eu-west-1").repositories["team/web"].images
    index = images[stage.tags(PROD, "eu-west-1")["1.4.0"]]
    assert len(index.children) == 2
    assert set(index.children) <= set(images)


def test_a_critical_finding_in_one_child_stops_the_promotion_and_is_named(stage):
    stage.file(platforms="[linux/amd64, linux/arm64]")
    finding = ScriptedFinding("team/*", "CVE-2026-1", "CRITICAL", "openssl", "3.0.1", platform="linux/arm64")
    stage.server.ecr.scanner.findings.append(finding)
    report = stage.run()
    assert report.exit_code == 6
    assert "linux/arm64" in failures(report)[0].what
    assert "CVE-2026-1" in failures(report)[0].what
    assert stage.tags(STAGING) == {}
    assert outcomes(report)["promote web@prod/us-east-2"] == "not started"


def test_an_image_without_an_operating_system_cannot_be_judged(stage):
    (stage.root / "system" / "etc" / "os-release").unlink()
    report = stage.run()
    assert report.exit_code == 7
    assert "UNSUPPORTED_IMAGE" in failures(report)[0].what


def test_unscannable_allow_lets_it_through_and_says_so(stage):
    (stage.root / "system" / "etc" / "os-release").unlink()
    allow = 'unscannable: { allow: "static files" }'
    stage.file(edges=f"promote:\n  - {{ from: dev, to: staging, {allow} }}\n")
    report = stage.run()
    assert report.exit_code == 0
    warnings = [each for entry in report.entries for each in getattr(entry.outcome, "warnings", ())]
    assert any("NOT SCANNED" in each and "static files" in each for each in warnings)


def test_a_scan_that_never_ends_is_given_up_after_the_timeout(stage):
    stage.server.ecr.scanner.never_ends = True
    before = stage.clock.now()
    report = stage.run()
    assert report.exit_code == 7
    assert "TIMED_OUT" in failures(report)[0].what
    assert 900 <= (stage.clock.now() - before).total_seconds() < 1200


# With polls 15 s apart, a scan that takes this long is first seen as complete one second before the 900 are over.
JUST_IN_TIME = timedelta(seconds=890)


def test_a_scan_that_ends_at_the_last_moment_is_looked_at_again_beyond_the_timeout(stage):
    stage.server.ecr.scanner.takes = JUST_IN_TIME
    before = stage.clock.now()
    assert stage.run(ask=Ask(upto="staging")).exit_code == 0
    assert 900 < (stage.clock.now() - before).total_seconds() < 920
    assert stage.tags(STAGING)["1.4.0"] == stage.tags(DEV)["1.4.0"]


def test_findings_that_come_between_the_last_moment_and_that_look_let_nothing_through(stage):
    """The second look came one second after the first, and they agreed."""
    scanner, looks = stage.server.ecr.scanner, []
    scanner.takes = JUST_IN_TIME

    def growing(request) -> None:
        if request.action == "ecr:DescribeImageScanFindings":
            looks.append(stage.clock.now())
            if looks[-1] - looks[0] > timedelta(seconds=902):
                scanner.findings.append(ScriptedFinding("team/*", "CVE-2026-1", "CRITICAL", "openssl", "3.0.1"))

    stage.server.ecr.script.on_request = growing
    report = stage.run(ask=Ask(upto="staging"))
    assert report.exit_code == 7
    assert "TIMED_OUT" in failures(report)[0].what
    assert looks[-1] - looks[-2] == timedelta(seconds=5)
    assert stage.tags(STAGING) == {}


def test_an_advisory_edge_promotes_what_it_would_have_refused(stage):
    stage.server.ecr.scanner.findings.append(ScriptedFinding("*", "CVE-1", "CRITICAL", "p", "1"))
    stage.file(edges="promote:\n  - { from: dev, to: staging, gate: advisory }\n")
    report = stage.run()
    assert report.exit_code == 0
    assert stage.tags(STAGING)["1.4.0"] == stage.tags(DEV)["1.4.0"]


def test_a_fixed_tag_that_names_another_digest_is_refused_with_both_digests(stage):
    stage.run()
    first = stage.tags()["1.4.0"]
    stage.content("another")
    report = stage.run(stage.project(sha="f" * 40))
    assert report.exit_code == 5
    assert first in failures(report)[0].what
    assert stage.tags()["1.4.0"] == first


def test_when_leaves_out_the_edge_for_a_branch_and_says_why(stage):
    stage.file(edges='promote:\n  - { from: dev, to: staging }\n  - { from: staging, to: prod, when: { tag: "v*" } }\n')
    report = stage.run(stage.project(tag=None))
    assert report.exit_code == 0
    assert stage.tags(STAGING)
    assert stage.tags(PROD) == {}
    assert report.plan.unplanned[0].reason == "when: tag 'v*', and this run is not for a git tag"


def test_a_missing_repository_is_exit_code_5_and_names_what_creates_it(stage):
    report = stage.run(declared=False)
    assert report.exit_code == 5
    assert "create: if-missing" in failures(report)[0].hint
    assert stage.tags() == {}


def test_create_if_missing_creates_it(stage):
    text = ENVIRONMENTS.replace("region: us-east-2 }\n  staging", "region: us-east-2, create: if-missing }\n  staging")
    stage.file(text + WEB.replace("PLATFORMS", "[linux/amd64]"))
    report = stage.run(ask=Ask(environments=("dev",)), declared=False)
    assert outcomes(report)["push web@dev"] == "done"


def test_credentials_for_another_account_are_exit_code_3_and_both_are_named(stage):
    stage.file(
        ENVIRONMENTS.replace("role/publish", "role/x").replace("222222222222:role", "444444444444:role")
        + WEB.replace("PLATFORMS", "[linux/amd64]")
    )
    report = stage.run()
    assert report.exit_code == 3
    assert "444444444444" in failures(report)[0].what
    assert "222222222222" in failures(report)[0].what


@pytest.mark.parametrize(
    ("action", "named"),
    [
        ("ecr:PutImage", "ecr:PutImage"),
        ("ecr:InitiateLayerUpload", "ecr:InitiateLayerUpload"),
        ("ecr:GetAuthorizationToken", "ecr:GetAuthorizationToken"),
        ("ecr:BatchCheckLayerAvailability", "ecr:BatchCheckLayerAvailability"),
    ],
)
def test_a_missing_permission_is_exit_code_3_and_names_the_action(stage, action, named):
    stage.server.ecr.denials.deny(action)
    report = stage.run()
    assert report.exit_code == 3
    assert any(named in error.what + error.hint for error in failures(report))
    assert stage.tags() == {}


def test_one_image_that_fails_does_not_hide_the_other(stage):
    two = WEB.replace("PLATFORMS", "[linux/amd64]") + (
        "  broken:\n    repository: team/broken\n    tags: x\n    build: { files: [{ from: not-there, to: / }] }\n"
    )
    stage.file(ENVIRONMENTS + two + "promote:\n  - { from: dev, to: staging }\n")
    report = stage.run()
    assert report.exit_code == 4
    assert outcomes(report)["promote web@staging"] == "done"
    assert outcomes(report)["build broken"] == "failed"


def test_one_repository_with_pointers_is_promoted_by_retag(stage):
    stage.file(
        "environments:\n"
        "  dev:  { account: '111111111111', region: us-east-2, pointer: dev }\n"
        "  prod: { account: '111111111111', region: us-east-2, pointer: prod }\n"
        + WEB.replace("PLATFORMS", "[linux/amd64]")
        + "promote:\n  - { from: dev, to: prod }\n"
    )
    report = stage.run()
    assert report.exit_code == 0
    tags = stage.tags()
    assert tags["dev"] == tags["prod"] == tags["1.4.0"]
    assert report.plan.edges[0].topologies == (("prod", "retag"),)


def test_prefixes_in_one_registry_are_promoted_by_mount_where_ecr_allows(stage):
    stage.file(
        "environments:\n"
        "  dev:  { account: '111111111111', region: us-east-2, prefix: dev/ }\n"
        "  prod: { account: '111111111111', region: us-east-2, prefix: prod/ }\n"
        + WEB.replace("PLATFORMS", "[linux/amd64]")
        + "promote:\n  - { from: dev, to: prod }\n"
    )
    stage.server.ecr.store.registry(DEV, "us-east-2").settings["BLOB_MOUNTING"] = "ENABLED"
    assert stage.run().exit_code == 0
    assert stage.tags(name="prod/team/web")["1.4.0"] == stage.tags(name="dev/team/web")["1.4.0"]
    uploads = [each for each in stage.server.ecr.script.requests if each.action == "ecr:CompleteLayerUpload"]
    assert all("/dev/" in each.path for each in uploads)


def test_releases_that_overtake_each_other_never_move_latest_back(stage):
    for tag, text, sha in (("v1.4.0", "a", "a" * 40), ("v1.4.1", "b", "b" * 40), ("v1.3.9", "c", "c" * 40)):
        stage.content(text)
        project = stage.project(tag=tag, sha=sha)
        stage.declare(project, mutability="IMMUTABLE_WITH_EXCLUSION", exclusions=["latest"])
        assert stage.run(project).exit_code == 0
    for account in (DEV, STAGING, PROD):
        tags = stage.tags(account)
        assert tags["latest"] == tags["1.4.1"]
        assert len({tags["1.4.0"], tags["1.4.1"], tags["1.3.9"]}) == 3


def later(stage, project, reference, image="web"):
    """What `promote --from staging --to prod --tag|--digest` takes up."""
    return {
        (PublishedImage, Place(image, target.name)): Found(
            PublishedDetails(target, repository(project.config.image(image), target), reference, "--tag"), reference
        )
        for target in targets(project.config)
        if target.environment == "staging"
    }


def test_a_later_job_promotes_by_tag_alone_and_carries_the_other_tags(stage):
    project = stage.project()
    stage.run(project, Ask(upto="staging"))
    assert stage.tags(PROD) == {}
    ask = Ask(steps=("promote",), edge=("staging", "prod"), found=later(stage, project, "1.4.0"), tag="1.4.0")
    report = stage.run(project, ask)
    assert report.exit_code == 0
    assert stage.tags(PROD) == stage.tags(STAGING)


def test_when_also_guards_what_a_later_job_promotes_by_a_tag_that_is_no_version(stage):
    when = 'promote:\n  - { from: dev, to: staging }\n  - { from: staging, to: prod, when: { tag: "v*" } }\n'
    stage.file(edges=when)
    project = stage.project()
    stage.run(project, Ask(upto="staging"))
    registry = stage.server.ecr.store.registry(STAGING, "us-east-2")
    tags = registry.repositories["team/web"].tags
    tags["main"] = tags["1.4.0"]
    for tag, promoted in (("main", False), ("1.4.0", True)):
        ask = Ask(steps=("promote",), edge=("staging", "prod"), found=later(stage, project, tag), tag=tag)
        stage.run(project, ask)
        assert bool(stage.tags(PROD)) == promoted


def test_a_later_job_for_a_tag_that_is_not_there_is_exit_code_5(stage):
    project = stage.project()
    stage.run(project, Ask(upto="staging"))
    ask = Ask(steps=("promote",), edge=("staging", "prod"), found=later(stage, project, "9.9.9"), tag="9.9.9")
    report = stage.run(project, ask)
    assert report.exit_code == 5
    assert "9.9.9" in failures(report)[0].what


def test_regions_of_a_source_that_hold_different_digests_are_not_promoted(stage):
    dr = "  dr: { account: '444444444444', region: us-east-2, role: arn:aws:iam::444444444444:role/x }\n"
    edges = "promote:\n  - { from: dev, to: staging }\n  - { from: staging, to: prod }\n  - { from: prod, to: dr }\n"
    stage.file(ENVIRONMENTS + dr + WEB.replace("PLATFORMS", "[linux/amd64]") + edges)
    project = stage.project()
    stage.run(project, Ask(upto="prod"))
    stage.content("another")
    other = stage.project(tag="v1.4.1", sha="e" * 40)
    stage.run(other, Ask(upto="prod"))
    registry = stage.server.ecr.store.registry(PROD, "eu-west-1")
    registry.repositories["team/web"].tags["1.4.1"] = registry.repositories["team/web"].tags["1.4.0"]
    found = {
        (PublishedImage, Place("web", target.name)): Found(
            PublishedDetails(target, repository(other.config.image("web"), target), "1.4.1", "--tag"), "1.4.1"
        )
        for target in targets(other.config)
        if target.environment == "prod"
    }
    report = stage.run(other, Ask(steps=("promote",), edge=("prod", "dr"), found=found, tag="1.4.1"))
    assert report.exit_code == 8
    assert "different digests" in failures(report)[0].what


def test_the_commit_and_version_are_labels_of_the_image(stage):
    stage.run()
    registry = stage.server.ecr.store.registry(DEV, "us-east-2")
    image = registry.repositories["team/web"].images[stage.tags()["1.4.0"]]
    assert image.annotations["org.opencontainers.image.revision"] == SHA
    assert image.annotations["org.opencontainers.image.version"] == "1.4.0"


def test_a_signature_travels_with_the_image_from_environment_to_environment(stage):
    project = stage.project()
    assert stage.run(project, Ask(upto="staging")).exit_code == 0
    registry = stage.server.ecr.store.registry(STAGING, "us-east-2")
    there = registry.repositories["team/web"]
    signed = there.images[there.tags["1.4.0"]]
    layer, size = next(iter(there.layers.items()))
    kind = "application/vnd.oci.image.manifest.v1+json"
    blob = {"mediaType": "application/vnd.example.signature", "digest": layer, "size": size}
    body = {
        "schemaVersion": 2,
        "mediaType": kind,
        "artifactType": "application/vnd.example.signature",
        "config": blob,
        "layers": [blob],
        "subject": {"mediaType": kind, "digest": signed.digest, "size": 1},
    }
    signature, _ = stage.server.ecr.images.put(registry, there, json.dumps(body).encode(), kind, None, None)
    assert stage.run(project, Ask(upto="prod")).exit_code == 0
    for region in ("us-east-2", "eu-west-1"):
        prod = stage.server.ecr.store.registry(PROD, region).repositories["team/web"]
        assert prod.images[signature.digest].subject == signed.digest


def test_a_tag_that_an_earlier_edge_held_back_is_not_carried_by_a_later_one(stage):
    edges = 'promote:\n  - { from: dev, to: staging, tags: "1.*" }\n  - { from: staging, to: prod }\n'
    stage.file(edges=edges)
    assert stage.run().exit_code == 0
    assert set(stage.tags(DEV)) == {"1.4.0", "latest", "sha-b0bd943"}
    assert set(stage.tags(STAGING)) == set(stage.tags(PROD)) == {"1.4.0"}


@pytest.mark.parametrize("rule", ["type=ref,event=branch", "type=edge", "type=raw,value=stable"])
def test_a_later_promotion_moves_the_tags_that_the_rules_let_move(stage, rule):
    floating = "    floating: [stab*]\n" if "raw" in rule else ""
    body = WEB.replace("PLATFORMS", "[linux/amd64]").replace("type=semver,pattern={{version}}", rule)
    stage.file(ENVIRONMENTS + body + floating + "default-branch: main\n" + EDGES)
    for sha in ("a" * 40, "b" * 40):
        stage.content(sha)
        project = stage.project(tag=None, sha=sha)
        assert stage.run(project, Ask(environments=("dev",))).exit_code == 0
        assert stage.run(project, promoted(project, f"sha-{sha[:7]}")).exit_code == 0
    assert stage.tags(STAGING) == stage.tags(DEV)
    assert len(set(stage.tags(STAGING).values())) == 2


def test_a_later_promotion_never_moves_a_fixed_tag(stage):
    body = WEB.replace("PLATFORMS", "[linux/amd64]").replace("type=semver,pattern={{version}}", "type=raw,value=stable")
    stage.file(ENVIRONMENTS + body + EDGES)
    codes = []
    for sha in ("a" * 40, "b" * 40):
        stage.content(sha)
        project = stage.project(tag=None, sha=sha)
        assert stage.run(project, Ask(environments=("dev",))).exit_code == 0
        codes.append(stage.run(project, promoted(project, f"sha-{sha[:7]}")).exit_code)
        dev = stage.server.ecr.store.registry(DEV, "us-east-2").repositories["team/web"]
        released = dev.tags.pop("stable")
    assert codes == [0, 5]
    assert stage.tags(STAGING)["stable"] != released


def promoted(project, tag):
    """`promote --from dev --to staging --tag TAG`."""
    (source,) = [each for each in targets(project.config) if each.environment == "dev"]
    details = PublishedDetails(source, repository(project.config.image("web"), source), tag, "--tag")
    found = {(PublishedImage, Place("web", source.name)): Found(details, tag)}
    return Ask(steps=("promote",), edge=("dev", "staging"), found=found, tag=tag)
