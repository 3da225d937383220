"""Who may do what: policies of repositories and registries, denials, and what a refusal looks like."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.told import settings_of
from tests.contract.local.test_embedded import OCI, REGION, Http, client, code
from tests.contract.local.test_faults import controlled

WEB = {"repositoryName": "team/web"}
ARN = f"arn:aws:ecr:{REGION}:111111111111:repository/team/web"
OTHER = "2" * 12


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action: object, who: object = OTHER, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": {"AWS": who} if who != "*" else "*", "Action": action, **more}


def deny(action: object, who: object = "*", **more: object) -> dict[str, object]:
    return {**allow(action, who, **more), "Effect": "Deny"}


def refused(call, **arguments) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def ecr(server):
    made = client(server.url)
    made.create_repository(**WEB)
    Http(server.url).push("team/web", "1.0")
    return made


@pytest.fixture
def stranger(server, ecr):
    return client(server.url, account=OTHER)


MINE = {**WEB, "registryId": "1" * 12}


def test_a_stranger_is_refused_with_his_arn_the_action_and_the_resource(stranger):
    assert refused(stranger.list_images, **MINE) == (
        f"User: arn:aws:iam::222222222222:user/local is not authorized to perform: ecr:ListImages on resource: {ARN} "
        "because no resource-based policy allows the ecr:ListImages action"
    )


@pytest.mark.parametrize(
    "statement",
    [
        allow("ecr:ListImages"),
        allow("ecr:List*"),
        allow(["ecr:PutImage", "ECR:listimages"]),
        allow("*", "*"),
        allow("ecr:ListImages", "arn:aws:iam::222222222222:root"),
        allow("ecr:ListImages", ["333333333333", "arn:aws:iam::222222222222:user/local"]),
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "NotAction": "ecr:PutImage"},
        {"Effect": "Allow", "NotPrincipal": {"AWS": "333333333333"}, "Action": "ecr:*"},
        allow("ecr:*", "*", Condition={"StringEquals": {"aws:PrincipalAccount": OTHER}}),
        allow("ecr:*", "*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:user/*"}}),
    ],
)
def test_a_repositorys_policy_lets_a_stranger_in(ecr, stranger, statement):
    ecr.set_repository_policy(**WEB, policyText=policy(statement))
    assert stranger.list_images(**MINE)["imageIds"]


@pytest.mark.parametrize(
    "statement",
    [
        allow("ecr:PutImage"),
        allow("ecr:*", "333333333333"),
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "NotAction": "ecr:List*"},
        {"Effect": "Allow", "NotPrincipal": {"AWS": OTHER}, "Action": "ecr:*"},
        allow("ecr:*", "*", Condition={"StringEquals": {"aws:PrincipalAccount": "333333333333"}}),
        allow("ecr:*", "*", Condition={"StringNotLike": {"aws:PrincipalAccount": "2*"}}),
        allow("ecr:*", "*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        allow("ecr:*", "*", Condition={"IpAddress": {"aws:PrincipalArn": "10.0.0.0/8"}}),
    ],
)
def test_a_repositorys_policy_that_is_about_something_else_does_not(ecr, stranger, statement):
    ecr.set_repository_policy(**WEB, policyText=policy(statement))
    assert "no resource-based policy allows" in refused(stranger.list_images, **MINE)


def test_an_explicit_deny_wins_and_is_for_the_own_account_too(ecr, stranger):
    ecr.set_repository_policy(**WEB, policyText=policy(allow("ecr:*"), deny("ecr:ListImages")))
    for each in (ecr, stranger):
        assert refused(each.list_images, **MINE).endswith("with an explicit deny in a resource-based policy")
    assert stranger.describe_images(**MINE)["imageDetails"]


def test_a_role_is_meant_by_its_own_arn_and_by_its_sessions(server, ecr):
    keys = client(server.url, "sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/ci", RoleSessionName="run")
    session = client(server.url, account=keys["Credentials"]["AccessKeyId"])
    ecr.set_repository_policy(**WEB, policyText=policy(allow("ecr:*", f"arn:aws:iam::{OTHER}:role/other")))
    refused(session.list_images, **MINE)
    ecr.set_repository_policy(**WEB, policyText=policy(allow("ecr:*", f"arn:aws:iam::{OTHER}:role/ci")))
    assert session.list_images(**MINE)["imageIds"]


def test_a_registrys_policy_is_about_all_its_repositories_as_far_as_its_scope_goes(ecr, stranger):
    within = f"arn:aws:ecr:{REGION}:111111111111:repository/team/*"
    ecr.put_registry_policy(policyText=policy(allow(["ecr:ListImages", "ecr:CreateRepository"], Resource=within)))
    assert stranger.list_images(**MINE)["imageIds"]
    stranger.create_repository(repositoryName="team/new", registryId="1" * 12)
    refused(stranger.create_repository, repositoryName="other", registryId="1" * 12)
    ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value="V1")
    refused(stranger.list_images, **MINE)
    stranger.create_repository(repositoryName="team/newer", registryId="1" * 12)
    wide, narrow = (policy(allow(each, Resource=within)) for each in ("ecr:ListImages", "ecr:CreateRepository"))
    assert code(ecr.put_registry_policy, policyText=wide) == "InvalidParameterException"
    ecr.put_registry_policy(policyText=narrow)


def test_the_registrys_face_refuses_and_allows_the_same(server, ecr, stranger):
    http = Http(server.url, account=OTHER)
    http.base = Http(server.url).base
    status, _, body = http.ask("GET", "/v2/team/web/manifests/1.0", Accept=OCI)
    assert (status, json.loads(body)["errors"][0]["code"]) == (403, "DENIED")
    ecr.set_repository_policy(**WEB, policyText=policy(allow("ecr:BatchGetImage")))
    assert http.ask("GET", "/v2/team/web/manifests/1.0", Accept=OCI)[0] == 200


def test_what_is_denied_to_a_principal_is_refused_to_nobody_else(server, ecr):
    with_role = client(server.url, "sts").assume_role(RoleArn="arn:aws:iam::111111111111:role/ci", RoleSessionName="r1")
    session = client(server.url, account=with_role["Credentials"]["AccessKeyId"])
    server.ecr.denials.deny("ecr:Put*", "*:assumed-role/ci/*")
    server.ecr.denials.deny("ecr:TagResource")
    assert "no identity-based policy allows the ecr:PutImageTagMutability action" in refused(
        session.put_image_tag_mutability, **WEB, imageTagMutability="IMMUTABLE"
    )
    ecr.put_image_tag_mutability(**WEB, imageTagMutability="IMMUTABLE")
    refused(ecr.tag_resource, resourceArn=ARN, tags=[{"Key": "a", "Value": "b"}])


def test_denials_are_told_in_a_seed_file(tmp_path):
    seed = tmp_path / "seed.yaml"
    seed.write_text("denials:\n  - { action: 'ecr:CreateRepository', principal: 'arn:aws:iam::1*:user/*' }\n")
    settings: Settings = settings_of([str(seed)])
    with embedded_ecr(settings) as server:
        refused(client(server.url).create_repository, **WEB)
        client(server.url, account=OTHER).create_repository(**WEB)


def test_denials_are_made_and_taken_back_from_any_language(server, ecr):
    assert controlled(server.url, "POST", "denials", {"action": "ecr:ListImages"}) == (200, {})
    assert "no identity-based policy allows" in refused(ecr.list_images, **WEB)
    assert controlled(server.url, "DELETE", "denials") == (200, {})
    assert ecr.list_images(**WEB)["imageIds"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Version": "2020-01-01", "Statement": []}',
        policy({"Effect": "Allow", "Action": "ecr:*"}),
        policy({"Effect": "Maybe", "Principal": "*", "Action": "ecr:*"}),
        policy({"Effect": "Allow", "Principal": "*"}),
        policy(allow("s3:GetObject")),
        policy(allow("ecr:*", "not an account")),
        policy(allow([])),
        policy(allow("ecr:*", Resource="*")),
        policy(allow("ecr:*", Unknown=1)),
        policy({**allow("ecr:*"), "NotAction": "ecr:PutImage"}),
    ],
)
def test_what_is_no_policy_of_a_repository_is_refused(ecr, text):
    with pytest.raises(ClientError) as caught:
        ecr.set_repository_policy(**WEB, policyText=text)
    assert caught.value.response["Error"]["Message"] == (
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
    )


def test_a_registrys_policy_names_resources(ecr):
    assert code(ecr.put_registry_policy, policyText=policy(allow("ecr:*"))) == "InvalidParameterException"
    ecr.put_registry_policy(policyText=policy(allow("ecr:*", Resource="*")))
    assert ecr.get_registry_policy()["policyText"] == policy(allow("ecr:*", Resource="*"))
    assert ecr.delete_registry_policy()["registryId"] == "1" * 12
    assert code(ecr.get_registry_policy) == "RegistryPolicyNotFoundException"


def test_nobody_locks_himself_out_without_force(ecr):
    text = policy(deny("ecr:SetRepositoryPolicy"))
    assert code(ecr.set_repository_policy, **WEB, policyText=text) == "InvalidParameterException"
    ecr.set_repository_policy(**WEB, policyText=text, force=True)
    refused(ecr.set_repository_policy, **WEB, policyText=policy(allow("ecr:*")))
    ecr.delete_repository_policy(**WEB)
    ecr.set_repository_policy(**WEB, policyText=policy(allow("ecr:*")))


def test_the_catalog_is_the_account_s_own_and_may_be_denied(server, ecr):
    own, foreign = Http(server.url), Http(server.url, OTHER)
    foreign.base = own.base
    assert (own.ask("GET", "/v2/_catalog")[0], foreign.ask("GET", "/v2/_catalog")[0]) == (200, 403)
    server.ecr.denials.deny("ecr:DescribeRepositories")
    assert b"is not authorized to perform: ecr:DescribeRepositories" in own.ask("GET", "/v2/_catalog")[2]


def test_a_mount_from_a_repository_that_may_not_be_read_is_an_ordinary_upload(server, ecr):
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    ecr.create_repository(repositoryName="team/api")
    registry = Http(server.url)
    manifest = json.loads(registry.ask("GET", "/v2/team/web/manifests/1.0")[2])
    path = f"/v2/team/api/blobs/uploads/?mount={manifest['layers'][0]['digest']}&from=team/web"
    server.ecr.denials.deny("ecr:GetDownloadUrlForLayer")
    assert registry.ask("POST", path, b"")[0] == 202
    server.ecr.denials.clear()
    assert registry.ask("POST", path, b"")[0] == 201
