"""Quotas: ECR's documented request rates, as token buckets on the embedded clock, and how much it holds.

Source: Amazon ECR User Guide and ECR Public User Guide, "Service quotas": requests per second of each account, region
and action. How much may go at once is not documented: here a second's worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecr_publish.local.apierror import ApiError
from ecr_publish.local.records import Registry, Repository
from ecr_publish.local.tokens import ANYBODY, Principal

RATES: Mapping[str, float] = {
    "ecr:GetAuthorizationToken": 500,
    "ecr:BatchCheckLayerAvailability": 1000,
    "ecr:InitiateLayerUpload": 100,
    "ecr:UploadLayerPart": 500,
    "ecr:CompleteLayerUpload": 100,
    "ecr:PutImage": 10,
    "ecr:BatchGetImage": 2000,
    "ecr:GetDownloadUrlForLayer": 3000,
    "ecr-public:GetAuthorizationToken": 200,
    "ecr-public:BatchCheckLayerAvailability": 200,
    "ecr-public:InitiateLayerUpload": 10,
    "ecr-public:UploadLayerPart": 260,
    "ecr-public:CompleteLayerUpload": 10,
    "ecr-public:PutImage": 10,
    "ecr-public:BatchGetImage": 10,  # a pull
}
ANYBODYS: Mapping[str, float] = {"ecr-public:BatchGetImage": 1}  # pulls without a token of an account


@dataclass
class Limits:
    """How much a repository and an image hold at most (User Guide, "Service quotas"). The error is the API's; its words
    are UNCONFIRMED."""

    images: int = 100_000  # of a repository
    tags: int = 1_000  # of an image

    def check(self, registry: Registry, repository: Repository, digest: str, tag: str | None) -> None:
        """Raise LimitExceededException if the image, or the tag on it, would be one too many."""
        where = f"in the repository with name '{repository.name}' in the registry with id '{registry.account}'"
        if digest not in repository.images and len(repository.images) >= self.images:
            raise ApiError("LimitExceededException", f"The number of images {where} is at its limit: {self.images}")
        if tag is None or repository.tags.get(tag) == digest:
            return
        if len(repository.tags_of(digest)) >= self.tags:
            words = f"The number of tags of the image with digest '{digest}' {where}"
            raise ApiError("LimitExceededException", f"{words} is at its limit: {self.tags}")


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float  # epoch seconds


@dataclass
class Quotas:
    """Of all accounts and regions. Where it is off, everything passes."""

    clock: Any
    is_on: bool
    rates: dict[str, float] = field(default_factory=lambda: dict(RATES))
    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)

    def take(self, principal: Principal, region: str, action: str) -> None:
        """One request of `action` (as `ecr:PutImage`). Raises ApiError(ThrottlingException) if it is one too many."""
        if not self.is_on:
            return
        rate = self.rates.get(action)
        if principal == ANYBODY:
            rate = ANYBODYS.get(action, rate)
        if rate is None:
            return
        now = self.clock.now().timestamp()
        bucket = self._buckets.setdefault((principal.account, region, action), _Bucket(rate, now))
        bucket.left = min(rate, bucket.left + max(0.0, now - bucket.at) * rate)
        bucket.at = now
        if bucket.left < 1:
            raise ApiError("ThrottlingException", "Rate exceeded")
        bucket.left -= 1
