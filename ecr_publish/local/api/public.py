"""ECR Public by its JSON API: the operations that it shares with private ECR, and those of its own.

Source: botocore's service model `ecr-public/2020-10-30`. Its answers have fewer members than private ECR's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ecr_publish.local import tokens
from ecr_publish.local.api import catalogdata, images, layers, listing, policies, repositories, tags
from ecr_publish.local.api.named import allow, registry_of, repository_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call, Operation, model
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.policy import refusal
from ecr_publish.local.records import PUBLIC, Registry, Repository


def get_authorization_token(call: Call) -> Mapping[str, Any]:
    """GetAuthorizationToken: one object, without an endpoint. IAM asks for two actions (ECR Public User Guide)."""
    registry = registry_of(call)
    allow(call, "GetAuthorizationToken", registry, None)
    sentence = refusal(call.principal, "sts:GetServiceBearerToken", registry, None, call.ecr.denials)
    if sentence is not None:
        raise ApiError("AccessDeniedException", sentence)
    expires = call.now + tokens.LIFE_SECONDS
    token = tokens.issue(call.store.key, call.principal, PUBLIC, expires, call.ecr.next_serial())
    return {"authorizationData": {"authorizationToken": token, "expiresAt": expires}}


def _described(call: Call, registry: Registry, repository: Repository) -> dict[str, Any]:
    alias = call.ecr.aliases.of(registry.account)[0]
    return {
        **repositories.described(registry, repository),
        "repositoryUri": f"{registry.host}/{alias}/{repository.name}",
    }


def create_repository(call: Call) -> Mapping[str, Any]:
    """CreateRepository."""
    repositories.create_repository(call)
    registry, repository = repository_of(call, "CreateRepository")
    answer: dict[str, Any] = {"repository": _described(call, registry, repository)}
    if "catalogData" in call.input:
        catalogdata.describe(call, registry, repository)
        answer["catalogData"] = catalogdata.shown(repository)
    return answer


def delete_repository(call: Call) -> Mapping[str, Any]:
    """DeleteRepository."""
    registry, repository = repository_of(call, "DeleteRepository")
    repositories.delete_repository(call)
    return {"repository": _described(call, registry, repository)}


def describe_repositories(call: Call) -> Mapping[str, Any]:
    """DescribeRepositories."""
    registry, answer = registry_of(call), repositories.describe_repositories(call)
    found = [registry.repositories[each["repositoryName"]] for each in answer["repositories"]]
    return {**answer, "repositories": [_described(call, registry, each) for each in found]}


def describe_image_tags(call: Call) -> Mapping[str, Any]:
    """DescribeImageTags: one element per tag."""
    _, repository = repository_of(call, "DescribeImageTags")
    found, more = page(repository.tags, call, key=lambda tag: [tag])
    details = []
    for tag in found:
        image = repository.images[repository.tags[tag]]
        detail = {
            "imageDigest": image.digest,
            "imageSizeInBytes": image.size,
            "imagePushedAt": image.pushed_at,
            "imageManifestMediaType": image.media_type,
            "artifactMediaType": image.artifact_type,
        }
        details.append({"imageTag": tag, "createdAt": image.pushed_at, "imageDetail": detail})
    return {"imageTagDetails": details, "nextToken": more}


def describe_registries(call: Call) -> Mapping[str, Any]:
    """DescribeRegistries: the caller's only one."""
    registry = registry_of(call)
    allow(call, "DescribeRegistries", registry, None)
    aliases = call.ecr.aliases.of(registry.account)
    shown = {
        "registryId": registry.account,
        "registryArn": f"arn:aws:ecr-public::{registry.account}:registry/{registry.account}",
        "registryUri": f"{registry.host}/{aliases[0]}",
        "verified": False,
        "aliases": [
            {
                "name": alias,
                "status": "ACTIVE",
                "primaryRegistryAlias": alias == aliases[0],
                "defaultRegistryAlias": alias == aliases[-1],
            }
            for alias in aliases
        ],
    }
    found, more = page([shown], call)
    return {"registries": found, "nextToken": more}


def shaped(operation: str, result: Mapping[str, Any]) -> Any:
    """The result without the members that only private ECR has."""
    return _only(result, model("ecr-public").operation_model(operation).output_shape)


def _only(value: Any, shape: Any) -> Any:
    if value is None or shape is None:
        return value
    match shape.type_name:
        case "structure":
            return {key: _only(each, shape.members[key]) for key, each in value.items() if key in shape.members}
        case "list":
            return [_only(each, shape.member) for each in value]
        case _:
            return value


def registry_named(call: Call) -> Call:
    """The call with an account where `registryId` was an alias. Raises RegistryNotFoundException."""
    named = call.input.get("registryId")
    if named is None or (named.isdigit() and len(named) == 12):
        return call
    account = call.ecr.aliases.account(named)
    if account is None:
        raise ApiError("RegistryNotFoundException", f"The registry with id '{named[:100]}' does not exist")
    return replace(call, input={**call.input, "registryId": account})


OPERATIONS = MappingProxyType[str, Operation](
    {
        "BatchCheckLayerAvailability": layers.batch_check_layer_availability,
        "BatchDeleteImage": images.batch_delete_image,
        "CompleteLayerUpload": layers.complete_layer_upload,
        "CreateRepository": create_repository,
        "DeleteRepository": delete_repository,
        "DeleteRepositoryPolicy": policies.delete_repository_policy,
        "DescribeImageTags": describe_image_tags,
        "DescribeImages": listing.describe_images,
        "DescribeRegistries": describe_registries,
        "DescribeRepositories": describe_repositories,
        "GetAuthorizationToken": get_authorization_token,
        "GetRegistryCatalogData": catalogdata.get_registry_catalog_data,
        "GetRepositoryCatalogData": catalogdata.get_repository_catalog_data,
        "GetRepositoryPolicy": policies.get_repository_policy,
        "InitiateLayerUpload": layers.initiate_layer_upload,
        "ListTagsForResource": tags.list_tags_for_resource,
        "PutImage": images.put_image,
        "PutRegistryCatalogData": catalogdata.put_registry_catalog_data,
        "PutRepositoryCatalogData": catalogdata.put_repository_catalog_data,
        "SetRepositoryPolicy": policies.set_repository_policy,
        "TagResource": tags.tag_resource,
        "UntagResource": tags.untag_resource,
        "UploadLayerPart": layers.upload_layer_part,
    }
)
