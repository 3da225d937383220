"""Every operation of botocore's model of ECR, called through boto3: what is modelled comes back, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ecr_publish.local import embedded_ecr
from tests.contract.local import model
from tests.contract.local.test_embedded import REGION, Http

OPERATIONS = sorted(model.service("ecr").operation_names)
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
# Operations whose model has no InvalidParameterException: the validation error is this one where there is any.
VALIDATION = "InvalidParameterException"
WITHOUT_VALIDATION = {"DeleteSigningConfiguration"}


class Calls:
    """A client that keeps the JSON of its last answer."""

    def __init__(self, url: str, *, validated: bool = True) -> None:
        self.client = boto3.client(
            "ecr",
            region_name=REGION,
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
        named = re.match("Invalid parameter at '([^']*)' failed to satisfy constraint: '", self.content["message"])
        return code, self.status, named[1] if named else self.content["message"]

    def call(self, operation: str, parameters: Any) -> str | None:
        """The error's code, None for an answer."""
        try:
            getattr(self.client, model.method(operation))(**parameters)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return None


@pytest.fixture(scope="module")
def ground() -> Iterator[str]:
    with embedded_ecr() as server:
        Calls(server.url).call("CreateRepository", {"repositoryName": "team/web"})
        assert Http(server.url).push("team/web", "1.0")[0] == 201
        yield server.url


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_answers_as_its_model_says(operation):
    with embedded_ecr() as server:
        calls = Calls(server.url)
        calls.call("CreateRepository", {"repositoryName": "team/web"})
        assert Http(server.url).push("team/web", "1.0")[0] == 201
        found = calls.call(operation, model.minimal(model.service("ecr").operation_model(operation).input_shape, KNOWN))
        assert found == REFUSED.get(operation)
        if found is None:
            output = model.service("ecr").operation_model(operation).output_shape
            assert (calls.status, list(model.complaints(calls.content, output))) == (200, [])
        else:
            assert calls.status == 400
            assert found in model.errors_of(operation, "ecr")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_is_wrong_with_a_parameter_is_the_modelled_validation_error(operation, ground):
    calls = Calls(ground, validated=False)
    found = {str(wrong): (calls.refused_for(wrong), wrong.field) for wrong in model.wrongs(operation, "ecr", KNOWN)}
    assert {key: answer for key, (answer, _) in found.items()} == {
        key: (VALIDATION, 400, field) for key, (_, field) in found.items()
    }


def test_the_operations_without_a_modelled_validation_error_take_no_parameters():
    found = {each for each in OPERATIONS if VALIDATION not in model.errors_of(each, "ecr")}
    assert found == WITHOUT_VALIDATION
    assert all(not list(model.wrongs(each, "ecr", KNOWN)) for each in found)
