"""ECR Public, embedded: its JSON API by boto3, its registry by plain requests, and our own commands against both."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ecr_publish.local import embedded_ecr
from ecr_publish.local.api import public, wire
from ecr_publish.local.embedded import Settings
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest
from tests.contract.local.test_embedded import OCI, Http, client, code
from tests.contract.pipeline.test_commands import Job

OWNER, OTHER, ALIAS = "1" * 12, "2" * 12, "twtech"
CHALLENGE = 'Bearer realm="{}/token/",service="public.ecr.aws",scope="aws"'


class Public(Http):
    """Plain requests to ECR Public, with a Bearer token: an account's, or anybody's."""

    def __init__(self, url: str, account: str | None = OWNER) -> None:
        self.base, self.token = url, None
        basic = None if account is None else made(url, account).get_authorization_token()["authorizationData"]
        more = {} if basic is None else {"Authorization": f"Basic {basic['authorizationToken']}"}
        status, _, body = self.ask("GET", "/token/?service=public.ecr.aws&scope=aws", **more)
        assert status == 200
        self.bearer = json.loads(body)["token"]

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str):
        if hasattr(self, "bearer"):
            headers = {"Authorization": f"Bearer {self.bearer}", **headers}
        return super().ask(method, path, body, **headers)


def made(url: str, account: str = OWNER, region: str = "us-east-1"):
    return client(url, "ecr-public", account, region)


@pytest.fixture
def server() -> Iterator:
    with embedded_ecr(Settings(aliases=((ALIAS, OWNER),))) as found:
        yield found


@pytest.fixture
def api(server):
    found = made(server.url)
    found.create_repository(repositoryName="team/web")
    return found


def test_every_operation_of_the_model_is_served():
    assert sorted(public.OPERATIONS) == sorted(wire.model("ecr-public").operation_names)


def test_a_repository_has_its_place_below_the_alias_and_reads_back(api):
    found = api.describe_repositories()["repositories"][0]
    assert found["repositoryUri"] == "public.ecr.aws/twtech/team/web"
    assert found["repositoryArn"] == "arn:aws:ecr-public::111111111111:repository/team/web"
    assert "imageTagMutability" not in found
    assert api.delete_repository(repositoryName="team/web")["repository"]["repositoryName"] == "team/web"
    assert api.describe_repositories()["repositories"] == []


def test_the_registry_has_the_alias_that_was_asked_for_and_a_made_up_one(api):
    (registry,) = api.describe_registries()["registries"]
    assert registry["registryUri"] == "public.ecr.aws/twtech"
    first, last = registry["aliases"]
    assert (first["name"], first["primaryRegistryAlias"], last["defaultRegistryAlias"]) == ("twtech", True, True)
    assert api.batch_check_layer_availability(
        registryId=last["name"], repositoryName="team/web", layerDigests=["sha256:" + "0" * 64]
    )["layers"][0]["layerAvailability"] == "UNAVAILABLE"  # fmt: skip


def test_private_and_public_repositories_are_different_ones(server, api):
    assert client(server.url).describe_repositories()["repositories"] == []
    assert client(server.url, region="us-east-1").describe_repositories()["repositories"] == []


def test_a_token_is_one_object_without_an_endpoint(api):
    data = api.get_authorization_token()["authorizationData"]
    assert set(data) == {"authorizationToken", "expiresAt"}
    assert base64.b64decode(data["authorizationToken"]).startswith(b"AWS:")


def test_a_token_needs_two_permissions(server, api):
    server.ecr.denials.deny("sts:GetServiceBearerToken")
    assert code(api.get_authorization_token) == "AccessDeniedException"


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("create_repository", {"repositoryName": "team/web"}, "RepositoryAlreadyExistsException"),
        ("create_repository", {"repositoryName": "a__b"}, "InvalidParameterException"),
        ("describe_image_tags", {"repositoryName": "no/where"}, "RepositoryNotFoundException"),
        ("describe_images", {"repositoryName": "team/web", "imageIds": [{"imageTag": "x"}]}, "ImageNotFoundException"),
        ("get_repository_catalog_data", {"repositoryName": "team/web"}, "RepositoryCatalogDataNotFoundException"),
        ("get_repository_policy", {"repositoryName": "team/web"}, "RepositoryPolicyNotFoundException"),
        ("initiate_layer_upload", {"registryId": "nobody", "repositoryName": "a/b"}, "RegistryNotFoundException"),
    ],
)
def test_errors_have_awss_names_and_status(api, call, arguments, expected):
    assert code(getattr(api, call), **arguments) == expected


def test_it_has_its_api_in_one_region_only(server):
    assert code(made(server.url, region="eu-west-1").describe_registries) == "UnsupportedCommandException"


def test_catalog_data_reads_back(api):
    given = {"description": "A web app", "operatingSystems": ["Linux"], "aboutText": "# About"}
    shown = api.put_repository_catalog_data(repositoryName="team/web", catalogData=given)["catalogData"]
    assert shown == {**given, "architectures": [], "marketplaceCertified": False}
    assert api.get_repository_catalog_data(repositoryName="team/web")["catalogData"] == shown
    assert api.put_registry_catalog_data(displayName="TW")["registryCatalogData"] == {"displayName": "TW"}
    assert api.get_registry_catalog_data()["registryCatalogData"] == {"displayName": "TW"}


def test_resource_tags_and_policies_read_back(api):
    arn = api.describe_repositories()["repositories"][0]["repositoryArn"]
    api.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "web"}])
    assert api.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "team", "Value": "web"}]
    text = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr-public:PutImage"}]})
    api.set_repository_policy(repositoryName="team/web", policyText=text)
    assert api.get_repository_policy(repositoryName="team/web")["policyText"] == text


def test_an_image_is_pushed_and_anybody_pulls_it(server, api):
    pusher = Public(server.url)
    assert pusher.push("twtech/team/web", "1.0")[0] == 201
    (tag,) = api.describe_image_tags(repositoryName="team/web")["imageTagDetails"]
    assert (tag["imageTag"], tag["imageDetail"]["imageManifestMediaType"]) == ("1.0", OCI)
    anybody = Public(server.url, account=None)
    status, _, body = anybody.ask("GET", "/v2/twtech/team/web/manifests/1.0")
    layer = json.loads(body)["layers"][0]["digest"]
    assert status == 200
    status, headers, _ = anybody.ask("GET", f"/v2/twtech/team/web/blobs/{layer}")
    assert status == 307
    status, _, content = Http.ask(anybody, "GET", headers["location"])
    assert (status, content) == (200, b"layer")
    assert json.loads(anybody.ask("GET", "/v2/twtech/team/web/tags/list")[2])["tags"] == ["1.0"]


def test_nobody_else_pushes(server, api):
    for account in (None, OTHER):
        status, _, body = Public(server.url, account).ask("POST", "/v2/twtech/team/web/blobs/uploads/", b"")
        assert (status, json.loads(body)["errors"][0]["code"]) == (403, "DENIED")


def test_who_has_no_token_is_told_where_to_get_one(server, api):
    status, headers, _ = Http.ask(Public(server.url), "GET", "/v2/")
    assert (status, headers["www-authenticate"]) == (401, CHALLENGE.format(server.url))


def test_head_of_a_blob_is_refused_even_with_a_token_but_not_to_the_owner(server, api):
    path = f"/v2/twtech/team/web/blobs/{Public(server.url).push_blob('twtech/team/web', b'layer')['digest']}"
    status, headers, _ = Public(server.url, OTHER).ask("HEAD", path)
    assert (status, headers["www-authenticate"]) == (401, CHALLENGE.format(server.url))
    assert Public(server.url).ask("HEAD", path)[0] == 200


@pytest.mark.parametrize(
    "given", ["Bearer abc", "Bearer \u00e9", "Basic QVdTOng=", "Basic {basic}", "Bearer {password}"]
)
def test_other_credentials_are_400_with_words_and_no_challenge(server, api, given):
    basic = api.get_authorization_token()["authorizationData"]["authorizationToken"]
    sent = given.format(basic=basic, password=base64.b64decode(basic).decode().partition(":")[2])
    status, headers, body = Public(server.url).ask("GET", "/v2/", Authorization=sent)
    assert (status, headers.get("www-authenticate")) == (400, None)
    assert json.loads(body)["errors"][0] == {"code": "DENIED", "message": "Your Authorization Token is invalid."}


def test_a_bearer_token_lives_an_hour(server, api):
    anybody = Public(server.url, account=None)
    server.ecr.clock.advance(timedelta(minutes=59))
    assert anybody.ask("GET", "/v2/")[0] == 200
    server.ecr.clock.advance(timedelta(minutes=2))
    assert anybody.ask("GET", "/v2/")[0] == 400


def test_a_private_token_is_none_of_its_own(server, api):
    private = client(server.url, region="us-east-1").get_authorization_token()["authorizationData"][0]
    given = {"Authorization": f"Basic {private['authorizationToken']}"}
    assert Public(server.url).ask("GET", "/token/?service=public.ecr.aws&scope=aws", **given)[0] == 400


def test_names_that_lead_nowhere_are_unknown(server, api):
    anybody = Public(server.url, account=None)
    for path in ("twtech/no", "nobody/team/web", "twtech"):
        status, _, body = anybody.ask("GET", f"/v2/{path}/manifests/1.0")
        assert (status, json.loads(body)["errors"][0]["code"]) == (404, "NAME_UNKNOWN")
    assert anybody.ask("GET", "/v2/_catalog")[0] == 404


FILE = """\
environments:
  dev:    { account: "111111111111", region: us-east-2, create: if-missing }
  public: { registry: public, alias: twtech, create: if-missing }
images:
  web:
    repository: team/web
    tags: [{TAGS}]
    build: { files: [{ from: system, to: / }] }
promote: [{ from: dev, to: public }]
"""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    made = Job(tmp_path)
    made.file(FILE.replace("{TAGS}", '"type=raw,value=1.0", "type=raw,value=latest"'))
    return made


def test_a_file_with_a_public_environment_is_rehearsed(job: Job):
    code, said = job.run("rehearse", AWS_PROFILE="nope", ECR_PUBLISH_PUBLIC_ENDPOINT="https://public.ecr.aws")
    assert code == 0, said
    assert "created the repository public.ecr.aws/twtech/team/web" in said
    assert "web in public: public.ecr.aws/twtech/team/web (at 127.0.0.1:" in said


def test_a_run_publishes_to_it_and_a_second_one_has_nothing_to_do(job: Job):
    settings = Settings(scan_takes=timedelta(0), aliases=((ALIAS, OWNER),))
    with embedded_ecr(settings, SystemClock(StopRequest())) as server:
        for variable in ("AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_ECR_PUBLIC"):
            job.env[variable] = server.url
        job.env["ECR_PUBLISH_PUBLIC_ENDPOINT"] = server.url
        code, said = job.run("run")
        assert code == 0, said
        found = made(server.url).describe_images(repositoryName="team/web")["imageDetails"]
        assert [sorted(each["imageTags"]) for each in found] == [["1.0", "latest"]]
        before = len(server.ecr.script.requests)
        code, said = job.run("run")
        assert code == 0, said
        sent = [each.action for each in server.ecr.script.requests[before:]]
        assert not {"ecr-public:PutImage", "ecr-public:CompleteLayerUpload"} & set(sent)
