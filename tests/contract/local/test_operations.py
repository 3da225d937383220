"""Every operation of botocore's models of ECR and ECR Public, called through boto3: what is modelled comes back, and
nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from tests.contract.local import model
from tests.contract.local.test_embedded import REGION, Http
from tests.contract.local.test_public import Public

ARN = f"arn:aws:ecr:{REGION}:111111111111:repository/team/web"
SIGNER = f"arn:aws:signer:{REGION}:111111111111:/signing-profiles/ours"
LAYER = "sha256:" + hashlib.sha256(b"layer").hexdigest()
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1},
                "action": {"type": "expire"},
            }
        ]
    }
)
POLICY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:CreateRepository", "Resource": "*"}]}
)
# What stands for what exists, or is right beyond what the model says.
KNOWN: dict[str, Any] = {
    "repositoryName": "team/web",
    "repositoryNames": ["team/web"],
    "resourceArn": ARN,
    "imageId": {"imageTag": "1.0"},
    "imageIds": [{"imageTag": "1.0"}],
    "layerDigest": LAYER,
    "layerDigests": [LAYER],
    "subjectId": {"imageDigest": LAYER},
    "lifecyclePolicyText": LIFECYCLE,
    "policyText": POLICY,
    "principalArn": "arn:aws:iam::111111111111:role/scanner",
    "upstreamRegistryUrl": "public.ecr.aws",
    "credentialArn": f"arn:aws:secretsmanager:{REGION}:111111111111:secret:ecr-pullthroughcache/hub-AbCdEf",
    "signingProfileArn": SIGNER,
    "kmsKey": "arn:aws:kms:us-east-2:111111111111:key/1234abcd",
    "name": "BLOB_MOUNTING",
    "value": "ENABLED",
    "prefix": "team",
    "filter": "team",
}
# The operations that answer an error of the model when nothing but a repository with one image exists.
REFUSED = {
    "CompleteLayerUpload": "UploadNotFoundException",
    "CreateRepository": "RepositoryAlreadyExistsException",
    "DeleteLifecyclePolicy": "LifecyclePolicyNotFoundException",
    "DeletePullThroughCacheRule": "PullThroughCacheRuleNotFoundException",
    "DeleteRegistryPolicy": "RegistryPolicyNotFoundException",
    "DeleteRepository": "RepositoryNotEmptyException",
    "DeleteRepositoryCreationTemplate": "TemplateNotFoundException",
    "DeleteRepositoryPolicy": "RepositoryPolicyNotFoundException",
    "DeleteSigningConfiguration": "SigningConfigurationNotFoundException",
    "DeregisterPullTimeUpdateExclusion": "ExclusionNotFoundException",
    "DescribeImageScanFindings": "ScanNotFoundException",
    "DescribeReplicationBackfillResults": "ReplicationBackfillNotFoundException",
    "GetLifecyclePolicy": "LifecyclePolicyNotFoundException",
    "GetLifecyclePolicyPreview": "LifecyclePolicyPreviewNotFoundException",
    "GetRegistryPolicy": "RegistryPolicyNotFoundException",
    "GetRepositoryPolicy": "RepositoryPolicyNotFoundException",
    "GetSigningConfiguration": "SigningConfigurationNotFoundException",
    "PutImage": "InvalidParameterException",
    "SetRepositoryPolicy": "InvalidParameterException",
    "StartLifecyclePolicyPreview": "LifecyclePolicyNotFoundException",
    "StartReplicationBackfill": "InvalidParameterException",
    "StopReplicationBackfill": "ReplicationBackfillNotFoundException",
    "UpdatePullThroughCacheRule": "PullThroughCacheRuleNotFoundException",
    "UpdateRepositoryCreationTemplate": "TemplateNotFoundException",
    "UploadLayerPart": "UploadNotFoundException",
    "ValidatePullThroughCacheRule": "PullThroughCacheRuleNotFoundException",
}
PUBLICLY = {
    "CompleteLayerUpload": "UploadNotFoundException",
    "CreateRepository": "RepositoryAlreadyExistsException",
    "DeleteRepository": "RepositoryNotEmptyException",
    "DeleteRepositoryPolicy": "RepositoryPolicyNotFoundException",
    "GetRepositoryCatalogData": "RepositoryCatalogDataNotFoundException",
    "GetRepositoryPolicy": "RepositoryPolicyNotFoundException",
    "PutImage": "InvalidParameterException",
    "SetRepositoryPolicy": "InvalidParameterException",
    "TagResource": "InvalidTagParameterException",  # by this model, a tag needs no key
    "UploadLayerPart": "UploadNotFoundException",
}
VALIDATION = "InvalidParameterException"


@dataclass(frozen=True)
class Service:
    """A service: what exists in it, and which of its operations are refused when nothing else does."""

    name: str
    region: str
    known: Mapping[str, Any]
    refused: Mapping[str, str]
    without_validation: frozenset[str]  # operations whose model has no InvalidParameterException

    @property
    def operations(self) -> list[str]:
        return sorted(model.service(self.name).operation_names)

    def push(self, url: str) -> None:
        """A repository with one image."""
        Calls(url, self).call("CreateRepository", {"repositoryName": "team/web"})
        http, repository = (Http(url), "team/web") if self.name == "ecr" else (Public(url), "twtech/team/web")
        assert http.push(repository, "1.0")[0] == 201


PRIVATE = Service("ecr", REGION, KNOWN, REFUSED, frozenset({"DeleteSigningConfiguration"}))
PUBLIC = Service(
    "ecr-public",
    "us-east-1",
    {**KNOWN, "resourceArn": "arn:aws:ecr-public::111111111111:repository/team/web"},
    PUBLICLY,
    frozenset({"GetRegistryCatalogData"}),
)
SERVICES = {each.name: each for each in (PRIVATE, PUBLIC)}
ALL = [
    pytest.param(service, each, id=f"{service.name} {each}")
    for service in SERVICES.values()
    for each in service.operations
]
SETTINGS = Settings(aliases=(("twtech", "1" * 12),))


class Calls:
    """A client that keeps the JSON of its last answer."""

    def __init__(self, url: str, service: Service = PRIVATE, *, validated: bool = True) -> None:
        self.client = boto3.client(
            service.name,
            region_name=service.region,
            endpoint_url=url,
            aws_access_key_id="1" * 12,
            aws_secret_access_key="x",
            config=Config(parameter_validation=validated, retries={"total_max_attempts": 1}),
        )
        self.client.meta.events.register("after-call.*", self._keep)

    def _keep(self, http_response: Any, **_: Any) -> None:
        self.status, self.content = http_response.status_code, json.loads(http_response.content)

    def refused_for(self, wrong: model.Wrong) -> tuple[str | None, int, str]:
        """The error's code, the status, and which parameter it is about."""
        code = self.call(wrong.operation, wrong.parameters)
        message = self.content.get("message", "")
        named = re.match("Invalid parameter at '([^']*)' failed to satisfy constraint: '", message)
        return code, self.status, named[1] if named else message

    def call(self, operation: str, parameters: Any) -> str | None:
        """The error's code, None for an answer."""
        try:
            getattr(self.client, model.method(operation))(**parameters)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return None


@pytest.fixture(scope="module")
def ground() -> Iterator[str]:
    with embedded_ecr(SETTINGS) as server:
        for service in SERVICES.values():
            service.push(server.url)
        yield server.url


@pytest.mark.parametrize(("service", "operation"), ALL)
def test_an_operation_answers_as_its_model_says(service, operation):
    shapes = model.service(service.name).operation_model(operation)
    with embedded_ecr(SETTINGS) as server:
        service.push(server.url)
        calls = Calls(server.url, service)
        found = calls.call(operation, model.minimal(shapes.input_shape, service.known))
    assert found == service.refused.get(operation)
    if found is None:
        assert (calls.status, list(model.complaints(calls.content, shapes.output_shape))) == (200, [])
    else:
        assert calls.status == 400
        assert found in model.errors_of(operation, service.name)


@pytest.mark.parametrize(("service", "operation"), ALL)
def test_whatever_is_wrong_with_a_parameter_is_the_modelled_validation_error(service, operation, ground):
    calls = Calls(ground, service, validated=False)
    wrongs = model.wrongs(operation, service.name, service.known)
    found = {str(wrong): (calls.refused_for(wrong), wrong.field) for wrong in wrongs}
    assert {key: answer for key, (answer, _) in found.items()} == {
        key: (VALIDATION, 400, field) for key, (_, field) in found.items()
    }


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_the_operations_without_a_modelled_validation_error_take_no_parameters(service):
    found = {each for each in service.operations if VALIDATION not in model.errors_of(each, service.name)}
    assert found == service.without_validation
    assert all(not list(model.wrongs(each, service.name, service.known)) for each in found)
