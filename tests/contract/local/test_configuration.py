"""Configuration of a registry and its repositories that reads back, with ECR's errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.records import Registry
from ecr_publish.local.scanner import ScriptedFinding
from ecr_publish.run.clock import SimulatedClock
from tests.contract.local import model
from tests.contract.local.test_embedded import OCI, REGION, Http, client, code
from tests.contract.local.test_operations import SIGNER, Calls

WEB = {"repositoryName": "team/web"}
ROLE = "arn:aws:iam::111111111111:role/scanner"
SECRET = f"arn:aws:secretsmanager:{REGION}:111111111111:secret:ecr-pullthroughcache/hub-AbCdEf"
THERE = {"region": "eu-west-1", "registryId": "1" * 12}


@pytest.fixture
def ecr(server):
    made = client(server.url)
    made.create_repository(**WEB)
    Http(server.url).push("team/web", "1.0")
    return made


# pull-through cache rules


def test_a_rule_knows_its_upstream_and_is_one_per_prefix(ecr):
    hub = {"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io", "credentialArn": SECRET}
    assert ecr.create_pull_through_cache_rule(**hub)["upstreamRegistry"] == "docker-hub"
    assert code(ecr.create_pull_through_cache_rule, **hub) == "PullThroughCacheRuleAlreadyExistsException"
    changed = ecr.update_pull_through_cache_rule(ecrRepositoryPrefix="hub", credentialArn=SECRET + "2")
    assert changed["credentialArn"] == SECRET + "2"
    assert ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"][0]["credentialArn"] == SECRET + "2"
    assert ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="hub")["isValid"] is False
    assert (
        ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="hub")["upstreamRegistryUrl"] == "registry-1.docker.io"
    )
    missing = {"ecrRepositoryPrefixes": ["hub"]}
    assert code(ecr.describe_pull_through_cache_rules, **missing) == "PullThroughCacheRuleNotFoundException"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"upstreamRegistryUrl": "registry.example.com"}, "UnsupportedUpstreamRegistryException"),
        ({"upstreamRegistry": "quay"}, "UnsupportedUpstreamRegistryException"),
        ({"upstreamRegistryUrl": "ghcr.io"}, "InvalidParameterException"),
        ({"upstreamRegistryUrl": "ghcr.io", "credentialArn": SECRET.replace(REGION, "eu-west-1")},
         "SecretNotFoundException"),
    ],
)  # fmt: skip
def test_a_rule_without_a_known_upstream_or_its_secret_is_refused(ecr, wrong, expected):
    asked = {"ecrRepositoryPrefix": "some", "upstreamRegistryUrl": "public.ecr.aws", **wrong}
    assert code(ecr.create_pull_through_cache_rule, **asked) == expected


def test_a_registry_has_fifty_rules(ecr):
    asked = [{"ecrRepositoryPrefix": f"p{each}", "upstreamRegistryUrl": "quay.io"} for each in range(51)]
    for each in asked[:50]:
        ecr.create_pull_through_cache_rule(**each)
    assert code(ecr.create_pull_through_cache_rule, **asked[50]) == "LimitExceededException"


# signing, pull-time exclusions, account settings


def test_a_signing_configuration_reads_back_until_it_is_deleted(ecr):
    assert code(ecr.get_signing_configuration) == "SigningConfigurationNotFoundException"
    wanted = {"rules": [{"signingProfileArn": SIGNER, "repositoryFilters": [
        {"filter": "team*", "filterType": "WILDCARD_MATCH"}]}]}  # fmt: skip
    ecr.put_signing_configuration(signingConfiguration=wanted)
    assert ecr.get_signing_configuration()["signingConfiguration"] == wanted
    assert ecr.describe_image_signing_status(**WEB, imageId={"imageTag": "1.0"})["signingStatuses"] == []
    assert ecr.delete_signing_configuration()["signingConfiguration"] == wanted
    assert code(ecr.delete_signing_configuration) == "SigningConfigurationNotFoundException"


def test_pulls_of_an_excluded_principal_are_not_noted(server, ecr):
    keys = client(server.url, "sts").assume_role(RoleArn=ROLE, RoleSessionName="run")["Credentials"]
    ecr.register_pull_time_update_exclusion(principalArn=ROLE)
    assert code(ecr.register_pull_time_update_exclusion, principalArn=ROLE) == "ExclusionAlreadyExistsException"
    assert ecr.list_pull_time_update_exclusions()["pullTimeUpdateExclusions"] == [ROLE]
    Http(server.url, account=keys["AccessKeyId"]).ask("GET", "/v2/team/web/manifests/1.0", Accept=OCI)
    assert "lastRecordedPullTime" not in ecr.describe_images(**WEB)["imageDetails"][0]
    ecr.deregister_pull_time_update_exclusion(principalArn=ROLE)
    assert code(ecr.deregister_pull_time_update_exclusion, principalArn=ROLE) == "ExclusionNotFoundException"
    client(server.url, account=keys["AccessKeyId"]).batch_get_image(**WEB, imageIds=[{"imageTag": "1.0"}])
    noted = ecr.describe_images(**WEB)["imageDetails"][0]["lastRecordedPullTime"]
    server.ecr.clock.advance(timedelta(hours=23))
    ecr.batch_get_image(**WEB, imageIds=[{"imageTag": "1.0"}])
    assert ecr.describe_images(**WEB)["imageDetails"][0]["lastRecordedPullTime"] == noted


def test_an_account_setting_has_its_values_and_no_others(ecr):
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "DISABLED"
    assert ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")["value"] == "ENABLED"
    assert code(ecr.put_account_setting, name="BLOB_MOUNTING", value="V2") == "InvalidParameterException"
    assert code(ecr.get_account_setting, name="NO_SUCH") == "InvalidParameterException"


# replication


def replication(*destinations: dict[str, str]) -> dict[str, object]:
    return {"rules": [{"destinations": list(destinations)}]}


def test_replication_reads_back_and_does_not_lead_to_where_it_comes_from(ecr):
    ecr.put_replication_configuration(replicationConfiguration=replication(THERE))
    assert ecr.describe_registry()["replicationConfiguration"] == replication(THERE)
    here = {"region": REGION, "registryId": "1" * 12}
    for wrong in (here, {"region": "cn-north-1", "registryId": "1" * 12}):
        asked = {"replicationConfiguration": replication(wrong)}
        assert code(ecr.put_replication_configuration, **asked) == "InvalidParameterException"
    many = [{"region": "eu-west-1", "registryId": f"{each:012}"} for each in range(26)]
    asked = {"replicationConfiguration": replication(*many)}
    assert code(ecr.put_replication_configuration, **asked) == "InvalidParameterException"


def test_a_backfill_ends_and_says_that_nothing_was_replicated(server, ecr):
    assert code(ecr.start_replication_backfill, destination=THERE) == "InvalidParameterException"
    ecr.put_replication_configuration(replicationConfiguration=replication(THERE))
    started = ecr.start_replication_backfill(destination=THERE)
    assert started["status"] == "PREPARING"
    assert code(ecr.start_replication_backfill, destination=THERE) == "ReplicationBackfillInProgressException"
    server.ecr.clock.advance(timedelta(seconds=1))
    named = {"replicationBackfillId": started["replicationBackfillId"]}
    ended = ecr.describe_replication_backfill_results(**named)
    assert (ended["status"], ended["progress"]["failedReplicationCount"], len(ended["results"])) == ("FAILED", 1, 1)
    assert code(ecr.stop_replication_backfill, **named) == "ReplicationBackfillInvalidStatusException"
    second = ecr.start_replication_backfill(destination=THERE)["replicationBackfillId"]
    assert ecr.stop_replication_backfill(replicationBackfillId=second)["status"] == "STOPPED"
    assert sorted(each["status"] for each in ecr.list_replication_backfills()["backfills"]) == ["FAILED", "STOPPED"]
    server.ecr.clock.advance(timedelta(days=90))
    assert ecr.list_replication_backfills()["backfills"] == []


# scanning


def test_a_scan_type_has_its_frequencies(ecr):
    def rule(frequency: str) -> dict[str, object]:
        return {"scanFrequency": frequency, "repositoryFilters": [{"filter": "team", "filterType": "WILDCARD"}]}

    for scan_type, wrong in (("BASIC", "CONTINUOUS_SCAN"), ("ENHANCED", "MANUAL")):
        asked = {"scanType": scan_type, "rules": [rule(wrong)]}
        assert code(ecr.put_registry_scanning_configuration, **asked) == "InvalidParameterException"
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[rule("SCAN_ON_PUSH"), rule("CONTINUOUS_SCAN")])
    shown = ecr.batch_get_repository_scanning_configuration(repositoryNames=["team/web"])["scanningConfigurations"][0]
    assert shown["scanFrequency"] == "CONTINUOUS_SCAN"
    assert shown["appliedScanFilters"] == [{"filter": "team", "filterType": "WILDCARD"}]


def test_enhanced_findings_are_in_inspectors_form():
    found = ScriptedFinding("team/*", "CVE-2026-0001", "CRITICAL", "openssl", "3.0.1", fixed="3.0.2")
    with embedded_ecr(Settings(findings=(found,))) as server:
        calls = Calls(server.url)
        calls.client.create_repository(**WEB)
        filters = [{"filter": "*", "filterType": "WILDCARD"}]
        calls.client.put_registry_scanning_configuration(
            scanType="ENHANCED", rules=[{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": filters}]
        )
        Http(server.url).push("team/web", "1.0", _with_system())
        asked = {**WEB, "imageId": {"imageTag": "1.0"}}
        assert calls.client.describe_image_scan_findings(**asked)["imageScanStatus"]["status"] == "PENDING"
        server.ecr.clock.advance(timedelta(minutes=1))
        shown = calls.client.describe_image_scan_findings(**asked)
        output = model.service("ecr").operation_model("DescribeImageScanFindings").output_shape
        assert list(model.complaints(calls.content, output)) == []
        assert shown["imageScanStatus"]["status"] == "ACTIVE"
        assert shown["imageScanFindings"]["findingSeverityCounts"] == {"CRITICAL": 1}
        details = shown["imageScanFindings"]["enhancedFindings"][0]["packageVulnerabilityDetails"]
        assert (details["vulnerabilityId"], details["vulnerablePackages"][0]["fixedInVersion"]) == (found.id, "3.0.2")


def _with_system() -> bytes:
    import io
    import tarfile

    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("etc/os-release"), io.BytesIO())
    return content.getvalue()


# repositories


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([{"Key": "k" * 129, "Value": ""}], "InvalidTagParameterException"),
        ([{"Key": "k", "Value": "v" * 257}], "InvalidTagParameterException"),
        ([{"Key": "aws:k", "Value": ""}], "InvalidTagParameterException"),
        ([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}], "InvalidTagParameterException"),
        ([{"Key": str(each), "Value": ""} for each in range(51)], "TooManyTagsException"),
    ],
)
def test_resource_tags_have_their_limits(ecr, tags, expected):
    assert code(ecr.create_repository, repositoryName="other", tags=tags) == expected
    arn = ecr.describe_repositories()["repositories"][0]["repositoryArn"]
    assert code(ecr.tag_resource, resourceArn=arn, tags=tags) == expected


def test_an_arn_of_another_region_or_thing_is_no_repository_here(ecr):
    for arn in ("arn:aws:s3:::x", f"arn:aws:ecr:eu-west-1:{'1' * 12}:repository/team/web", "x"):
        assert code(ecr.list_tags_for_resource, resourceArn=arn) == "InvalidParameterException"


@pytest.mark.parametrize(
    ("mutability", "filters"),
    [
        ("IMMUTABLE_WITH_EXCLUSION", None),
        ("IMMUTABLE", ["x"]),
        ("MUTABLE_WITH_EXCLUSION", ["a*b*c*"]),
        ("MUTABLE_WITH_EXCLUSION", ["a", "b", "c", "d", "e", "f"]),
        ("MUTABLE_WITH_EXCLUSION", ["a+"]),
    ],
)
def test_exclusion_filters_go_with_their_mutability(ecr, mutability, filters):
    given = [{"filterType": "WILDCARD", "filter": each} for each in filters or ()]
    more = {"imageTagMutabilityExclusionFilters": given} if given else {}
    asked = {**WEB, "imageTagMutability": mutability, **more}
    assert code(ecr.put_image_tag_mutability, **asked) == "InvalidParameterException"


# all of it


def test_what_was_configured_is_there_after_a_restart(tmp_path):
    clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    with embedded_ecr(Settings(directory=tmp_path), clock) as first:
        made = client(first.url)
        made.create_repository(**WEB)
        Http(first.url).push("team/web", "1.0")
        made.create_repository_creation_template(prefix="team", appliedFor=["CREATE_ON_PUSH"])
        made.create_pull_through_cache_rule(ecrRepositoryPrefix="quay", upstreamRegistryUrl="quay.io")
        made.put_signing_configuration(signingConfiguration={"rules": [{"signingProfileArn": SIGNER}]})
        made.register_pull_time_update_exclusion(principalArn=ROLE)
        made.put_replication_configuration(replicationConfiguration=replication(THERE))
        made.start_replication_backfill(destination=THERE)
        made.update_image_storage_class(**WEB, imageId={"imageTag": "1.0"}, targetStorageClass="ARCHIVE")
        before = first.ecr.store.registry("1" * 12, REGION)
    with embedded_ecr(Settings(directory=tmp_path), clock) as second:
        assert second.ecr.store.registry("1" * 12, REGION) == before
        assert isinstance(before, Registry)
        assert before.repositories["team/web"].images


def test_a_store_of_an_earlier_version_opens(tmp_path):
    with embedded_ecr(Settings(directory=tmp_path)) as first:
        client(first.url).put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    settings = next(tmp_path.rglob("registry.json"))
    settings.write_text('{"account": "111111111111", "region": "us-east-2", "settings": {"BLOB_MOUNTING": "ENABLED"}}')
    with embedded_ecr(Settings(directory=tmp_path)) as second:
        assert client(second.url).get_account_setting(name="BLOB_MOUNTING")["value"] == "ENABLED"
        assert client(second.url).describe_pull_through_cache_rules()["pullThroughCacheRules"] == []
