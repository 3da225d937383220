"""Canonical names of registries: what plan, ledger, result and messages say, wherever the connection goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from ecr_publish.errors import BadReference

_PARTITION_SUFFIXES = (  # AWS endpoint rule sets, "partitions": region prefix -> registry suffix
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
)
_PARTITIONS = (  # the same: region prefix -> partition
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
)


def partition_suffix(region: str) -> str:
    """The DNS suffix of ECR hosts in the partition of `region` (amazonaws.com unless the prefix says otherwise)."""
    return next((suffix for prefix, suffix in _PARTITION_SUFFIXES if region.startswith(prefix)), "amazonaws.com")


def partition(region: str) -> str:
    """The partition in ARNs of that region."""
    return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")


@dataclass(frozen=True, slots=True, order=True)
class EcrRegistry:
    """Amazon ECR private: one registry per (account, region). `account` is None where the caller's is meant."""

    account: str | None
    region: str

    def __post_init__(self) -> None:
        if self.account is not None and not re.fullmatch(r"[0-9]{12}", self.account):
            raise BadReference(
                what=f"not an account id: {self.account!r}", where="registry", hint="it has exactly 12 digits"
            )

    @property
    def host(self) -> str:
        """`A.dkr.ecr.R.amazonaws.com`; `<caller>` stands for an account that is not known yet."""
        return f"{self.account or '<caller>'}.dkr.ecr.{self.region}.{partition_suffix(self.region)}"

    def __str__(self) -> str:
        return self.host


@dataclass(frozen=True, slots=True, order=True)
class EcrPublicRegistry:
    """Amazon ECR Public: `public.ecr.aws/<alias>`."""

    alias: str

    @property
    def host(self) -> str:
        """The host that serves `/v2/`; the alias is the first part of every repository path there."""
        return "public.ecr.aws"

    def __str__(self) -> str:
        return f"{self.host}/{self.alias}"


@dataclass(frozen=True, slots=True, order=True)
class PlainRegistry:
    """Any OCI registry by host[:port]: no AWS login, no scan. Plain HTTP only on loopback."""

    host: str

    def __str__(self) -> str:
        return self.host


Registry: TypeAlias = EcrRegistry | EcrPublicRegistry | PlainRegistry


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """A named collection in one registry; `name` is the path without host (and without the Public alias)."""

    registry: Registry
    name: str

    @property
    def path(self) -> str:
        """The path under `/v2/` on the registry's host."""
        if isinstance(self.registry, EcrPublicRegistry):
            return f"{self.registry.alias}/{self.name}"
        return self.name

    def __str__(self) -> str:
        return f"{self.registry}/{self.name}"


# OCI distribution-spec, "Pulling manifests": the tag grammar.
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def is_tag(text: str) -> bool:
    """Whether the text is a valid tag name."""
    return bool(_TAG.fullmatch(text))
