"""Every operation that is served, by its name in botocore's model."""

from __future__ import annotations

from types import MappingProxyType

from ecr_publish.local.api import images, repositories, scanning, settings
from ecr_publish.local.api.wire import Operation

OPERATIONS = MappingProxyType[str, Operation](
    {
        "BatchCheckLayerAvailability": images.batch_check_layer_availability,
        "BatchDeleteImage": images.batch_delete_image,
        "BatchGetImage": images.batch_get_image,
        "BatchGetRepositoryScanningConfiguration": scanning.batch_get_repository_scanning_configuration,
        "CompleteLayerUpload": images.complete_layer_upload,
        "CreateRepository": repositories.create_repository,
        "DeleteLifecyclePolicy": settings.delete_lifecycle_policy,
        "DeleteRegistryPolicy": settings.delete_registry_policy,
        "DeleteRepository": repositories.delete_repository,
        "DeleteRepositoryPolicy": repositories.delete_repository_policy,
        "DescribeImageScanFindings": scanning.describe_image_scan_findings,
        "DescribeImages": images.describe_images,
        "DescribeRegistry": settings.describe_registry,
        "DescribeRepositories": repositories.describe_repositories,
        "GetAccountSetting": settings.get_account_setting,
        "GetAuthorizationToken": settings.get_authorization_token,
        "GetDownloadUrlForLayer": images.get_download_url_for_layer,
        "GetLifecyclePolicy": settings.get_lifecycle_policy,
        "GetRegistryPolicy": settings.get_registry_policy,
        "GetRegistryScanningConfiguration": scanning.get_registry_scanning_configuration,
        "GetRepositoryPolicy": repositories.get_repository_policy,
        "InitiateLayerUpload": images.initiate_layer_upload,
        "ListImageReferrers": images.list_image_referrers,
        "ListImages": images.list_images,
        "ListTagsForResource": repositories.list_tags_for_resource,
        "PutAccountSetting": settings.put_account_setting,
        "PutImage": images.put_image,
        "PutImageScanningConfiguration": repositories.put_image_scanning_configuration,
        "PutImageTagMutability": repositories.put_image_tag_mutability,
        "PutLifecyclePolicy": settings.put_lifecycle_policy,
        "PutRegistryPolicy": settings.put_registry_policy,
        "PutRegistryScanningConfiguration": scanning.put_registry_scanning_configuration,
        "PutReplicationConfiguration": settings.put_replication_configuration,
        "SetRepositoryPolicy": repositories.set_repository_policy,
        "StartImageScan": scanning.start_image_scan,
        "TagResource": repositories.tag_resource,
        "UntagResource": repositories.untag_resource,
        "UploadLayerPart": images.upload_layer_part,
    }
)
