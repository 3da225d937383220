"""Repositories that a push makes, as the registry's creation templates say.

Source: ECR User Guide, "Repository creation templates"; which request makes the repository is unconfirmed, here it is
the first one that writes: an upload, a mount, or a manifest.
"""

from __future__ import annotations

import re

from ecr_publish.local.records import Registry, Repository

ROOT = "ROOT"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")


def may_be(name: str) -> bool:
    """Whether a repository may have that name (botocore's model, RepositoryName; the distribution-spec's grammar is the
    same)."""
    return len(name) <= 256 and _NAME.fullmatch(name) is not None


def on_push(registry: Registry, name: str, now: float) -> Repository | None:
    """The repository that a push to `name` makes, not yet in the registry; None if no template is for it."""
    fitting = [
        key
        for key, template in registry.templates.items()
        if "CREATE_ON_PUSH" in template["appliedFor"] and (key == ROOT or name.startswith(f"{key}/"))
    ]
    if not fitting:
        return None
    template = registry.templates[max(fitting, key=lambda key: 0 if key == ROOT else len(key))]
    filters = template.get("imageTagMutabilityExclusionFilters", [])
    encryption = dict(template["encryptionConfiguration"])
    if not encryption.get("kmsKey"):
        encryption = encrypted(registry, encryption["encryptionType"])
    return Repository(
        name=name,
        created_at=now,
        mutability=template["imageTagMutability"],
        exclusions=[each["filter"] for each in filters],
        encryption=encryption,
        resource_tags={each["Key"]: each["Value"] for each in template.get("resourceTags", [])},
        policy=template.get("repositoryPolicy") or None,
        lifecycle=template.get("lifecyclePolicy") or None,
    )


def encrypted(registry: Registry, kind: str, key: str | None = None) -> dict[str, str]:
    """An encryption configuration; with KMS and no key it is AWS's own (API Reference, EncryptionConfiguration)."""
    if kind == "AES256":
        return {"encryptionType": kind}
    own = f"arn:{registry.partition}:kms:{registry.region}:{registry.account}:alias/aws/ecr"
    return {"encryptionType": kind, "kmsKey": key or own}
