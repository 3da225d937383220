"""AWS's own host names and what stands behind each: for clients that will not be told of another endpoint.

Sources: General Reference, "Amazon ECR endpoints and quotas" and "AWS STS endpoints"; Amazon ECR User Guide, "Private
registry".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ecr_publish.model.registry import EcrRegistry, partition_suffix

PUBLIC_REGISTRY = "public.ecr.aws"
# The one region of ECR Public's API.
PUBLIC_REGION = "us-east-1"

_REGISTRY = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.(.+)")
_API = re.compile(r"(?:api\.)?(?:ecr|ecr-public|sts|inspector2)\.(?:[a-z0-9-]+\.)?amazonaws\..+")
_STORAGE = re.compile(r"prod-([a-z0-9-]+)-starport-layer-bucket\.s3\.([a-z0-9-]+)\.(.+)")


@dataclass(frozen=True, slots=True)
class Api:
    """The JSON and query APIs: which service it is, each request says."""


@dataclass(frozen=True, slots=True)
class Private:
    """`/v2` of one private registry."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Public:
    """`/v2` and the tokens of ECR Public."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a layer's bytes come from."""


Place = Api | Private | Public | Storage


def place(host: str) -> Place | None:
    """What a host name (without port) stands for; None: nothing that is served."""
    if host == PUBLIC_REGISTRY:
        return Public()
    if (found := _REGISTRY.fullmatch(host)) and found[3] == partition_suffix(found[2]):
        return Private(found[1], found[2])
    if (found := _STORAGE.fullmatch(host)) and found[3] == partition_suffix(found[2]):
        return Storage()
    if _API.fullmatch(host):
        return Api()
    return None


def storage(region: str) -> str:
    """The host of layers: the bucket that ECR's redirects name (User Guide, "Amazon ECR interface VPC endpoints")."""
    return f"prod-{region}-starport-layer-bucket.s3.{region}.{partition_suffix(region)}"


def apis(region: str) -> tuple[str, ...]:
    """The API host names of a region, and those that belong to no region."""
    suffix = partition_suffix(region)
    public = (f"api.ecr-public.{region}.{suffix}",) if region == PUBLIC_REGION else ()
    own = (f"{name}.{region}.{suffix}" for name in ("api.ecr", "ecr", "sts", "inspector2"))
    return (*own, *public)


@cache
def regions() -> tuple[str, ...]:
    """The commercial regions that have ECR, as the AWS SDK knows them."""
    from botocore.session import Session

    return tuple(Session().get_available_regions("ecr"))


def names(accounts: Iterable[str], regions: Iterable[str]) -> tuple[str, ...]:
    """Every host name that is to lead here: a hosts file knows no wildcards."""
    accounts = tuple(accounts)
    found = ["sts.amazonaws.com", PUBLIC_REGISTRY]
    for region in regions:
        found += [*apis(region), storage(region)]
        found += [EcrRegistry(account, region).host for account in accounts]
    return tuple(dict.fromkeys(found))


def certified(regions: Iterable[str]) -> tuple[str, ...]:
    """The names of the certificate: one wildcard stands for all accounts of a region (RFC 6125, 6.4.3)."""
    found = ["sts.amazonaws.com", PUBLIC_REGISTRY]
    for region in regions:
        found += [*apis(region), storage(region), f"*.dkr.ecr.{region}.{partition_suffix(region)}"]
    return tuple(dict.fromkeys(found))
