"""Lifecycle policies at work: previews, and what a day of the clock does."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from tests.contract.local.test_embedded import Http, client, code

WEB = {"repositoryName": "team/web"}
EXPIRE, ARCHIVE = {"type": "expire"}, {"type": "transition", "targetStorageClass": "archive"}


def policy(*rules: dict[str, object]) -> str:
    return json.dumps({"rules": rules})


def keep(count: int, priority: int = 1) -> dict[str, object]:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    return {"rulePriority": priority, "description": "keep the youngest", "selection": selection, "action": EXPIRE}


def older(days: int, action: dict[str, str], priority: int = 1) -> dict[str, object]:
    selection = {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return {"rulePriority": priority, "selection": selection, "action": action}


@pytest.fixture
def ecr(server):
    """A repository with 1, 2, 3, each pushed a day after the one before."""
    made = client(server.url)
    made.create_repository(**WEB)
    for tag in ("1", "2", "3"):
        Http(server.url).push("team/web", tag, tag.encode())
        server.ecr.clock.advance(timedelta(days=1))
    return made


def tags(ecr, **wanted) -> list[str]:
    return sorted(each["imageTag"] for each in ecr.list_images(**WEB, **wanted)["imageIds"])


def test_a_preview_takes_a_moment_and_names_image_rule_and_action(server, ecr):
    started = ecr.start_lifecycle_policy_preview(**WEB, lifecyclePolicyText=policy(keep(1)))
    assert started["status"] == "IN_PROGRESS"
    assert ecr.get_lifecycle_policy_preview(**WEB)["status"] == "IN_PROGRESS"
    again = {**WEB, "lifecyclePolicyText": policy(keep(2))}
    assert code(ecr.start_lifecycle_policy_preview, **again) == "LifecyclePolicyPreviewInProgressException"
    server.ecr.clock.advance(timedelta(seconds=1))
    shown = ecr.get_lifecycle_policy_preview(**WEB)
    assert shown["status"] == "COMPLETE"
    assert [each["imageTags"] for each in shown["previewResults"]] == [["1"], ["2"]]
    first = shown["previewResults"][0]
    assert (first["action"], first["appliedRulePriority"], first["storageClass"]) == ({"type": "EXPIRE"}, 1, "STANDARD")
    assert shown["summary"] == {"expiringImageTotalCount": 2, "transitioningImageTotalCounts": []}
    assert tags(ecr) == ["1", "2", "3"]


def test_a_preview_is_paged_filtered_and_asked_for_by_image(server, ecr):
    ecr.start_lifecycle_policy_preview(**WEB, lifecyclePolicyText=policy(older(1, ARCHIVE)))
    server.ecr.clock.advance(timedelta(seconds=1))
    pages = [*ecr.get_paginator("get_lifecycle_policy_preview").paginate(**WEB, PaginationConfig={"PageSize": 1})]
    assert [each["imageTags"] for page in pages for each in page["previewResults"]] == [["1"], ["2"]]
    assert pages[0]["summary"]["transitioningImageTotalCounts"] == [
        {"targetStorageClass": "ARCHIVE", "imageTotalCount": 2}
    ]
    one = ecr.get_lifecycle_policy_preview(**WEB, imageIds=[{"imageTag": "2"}])["previewResults"]
    assert [(each["imageTags"], each["action"]) for each in one] == [
        (["2"], {"type": "TRANSITION", "targetStorageClass": "ARCHIVE"})
    ]
    assert ecr.get_lifecycle_policy_preview(**WEB, filter={"tagStatus": "UNTAGGED"})["previewResults"] == []
    asked = {**WEB, "imageIds": [{"imageTag": "2"}], "maxResults": 1}
    assert code(ecr.get_lifecycle_policy_preview, **asked) == "InvalidParameterException"


def test_a_preview_without_a_text_is_of_the_repositorys_own_policy(server, ecr):
    assert code(ecr.start_lifecycle_policy_preview, **WEB) == "LifecyclePolicyNotFoundException"
    assert code(ecr.get_lifecycle_policy_preview, **WEB) == "LifecyclePolicyPreviewNotFoundException"
    ecr.put_lifecycle_policy(**WEB, lifecyclePolicyText=policy(keep(2)))
    ecr.start_lifecycle_policy_preview(**WEB)
    server.ecr.clock.advance(timedelta(seconds=1))
    assert [each["imageTags"] for each in ecr.get_lifecycle_policy_preview(**WEB)["previewResults"]] == [["1"]]
    server.ecr.clock.advance(timedelta(days=1))
    assert ecr.get_lifecycle_policy_preview(**WEB)["status"] == "EXPIRED"


def test_a_policy_acts_within_a_day_and_again_every_day(server, ecr):
    ecr.put_lifecycle_policy(**WEB, lifecyclePolicyText=policy(keep(2)))
    assert tags(ecr) == ["1", "2", "3"]
    assert ecr.get_lifecycle_policy(**WEB)["lastEvaluatedAt"].timestamp() == 0
    server.ecr.clock.advance(timedelta(days=1))
    assert tags(ecr) == ["2", "3"]
    assert ecr.get_lifecycle_policy(**WEB)["lastEvaluatedAt"] == server.ecr.clock.now()
    Http(server.url).push("team/web", "4", b"4")
    server.ecr.clock.advance(timedelta(days=1))
    assert Http(server.url).ask("GET", "/v2/team/web/tags/list")[2] == b'{"name": "team/web", "tags": ["3", "4"]}'
    ecr.delete_lifecycle_policy(**WEB)
    Http(server.url).push("team/web", "5", b"5")
    server.ecr.clock.advance(timedelta(days=9))
    assert tags(ecr) == ["3", "4", "5"]


def test_days_that_nobody_looked_at_are_made_up_for_one_by_one(server, ecr):
    archived_for_long = {
        "rulePriority": 2,
        "selection": {
            "tagStatus": "any", "storageClass": "archive", "countType": "sinceImageTransitioned", "countUnit": "days",
            "countNumber": 90,
        },
        "action": EXPIRE,
    }  # fmt: skip
    ecr.put_lifecycle_policy(**WEB, lifecyclePolicyText=policy(older(10, ARCHIVE), archived_for_long))
    server.ecr.clock.advance(timedelta(days=20))
    assert (tags(ecr), tags(ecr, filter={"imageStatus": "ARCHIVED"})) == ([], ["1", "2", "3"])
    server.ecr.clock.advance(timedelta(days=200))
    assert tags(ecr, filter={"imageStatus": "ANY"}) == []


def test_a_signature_goes_with_the_image_that_it_signs(server, ecr):
    http = Http(server.url)
    subject = ecr.describe_images(**WEB, imageIds=[{"imageTag": "1"}])["imageDetails"][0]
    layer = http.push_blob("team/web", b"signature")
    manifest = {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": layer,
        "layers": [layer], "subject": {**layer, "digest": subject["imageDigest"]},
    }  # fmt: skip
    ecr.put_image(**WEB, imageManifest=json.dumps(manifest), imageTag="signature-of-1")
    ecr.put_lifecycle_policy(**WEB, lifecyclePolicyText=policy(keep(3)))
    server.ecr.clock.advance(timedelta(days=1))
    assert tags(ecr) == ["1", "2", "3", "signature-of-1"]
    ecr.put_lifecycle_policy(**WEB, lifecyclePolicyText=policy(keep(2)))
    server.ecr.clock.advance(timedelta(days=1))
    assert tags(ecr) == ["2", "3"]


def test_a_text_that_is_no_policy_is_refused_in_ecrs_words(ecr):
    bad = policy({**keep(1), "x": 1})
    with pytest.raises(ClientError) as caught:
        ecr.put_lifecycle_policy(**WEB, lifecyclePolicyText=bad)
    assert caught.value.response["Error"]["Message"] == (
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure:"
        ' object instance has properties which are not allowed by the schema: (["x"])\''
    )
    assert code(ecr.start_lifecycle_policy_preview, **WEB, lifecyclePolicyText=bad) == "InvalidParameterException"


def test_policy_and_preview_outlive_a_restart_and_so_does_the_day(tmp_path):
    with embedded_ecr(Settings(directory=tmp_path)) as first:
        made = client(first.url)
        made.create_repository(**WEB)
        Http(first.url).push("team/web", "1", b"1")
        Http(first.url).push("team/web", "2", b"2")
        made.put_lifecycle_policy(**WEB, lifecyclePolicyText=policy(keep(1)))
        made.start_lifecycle_policy_preview(**WEB)
        clock = first.ecr.clock
    clock.advance(timedelta(hours=1))
    with embedded_ecr(Settings(directory=tmp_path), clock) as second:
        assert len(client(second.url).get_lifecycle_policy_preview(**WEB)["previewResults"]) == 1
        clock.advance(timedelta(hours=23))
        assert len(tags(client(second.url))) == 1
