"""Amazon Inspector's coverage: the authority on whether an enrolled image has been scanned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from ecr_publish.aws.reading import Coverage
from ecr_publish.aws.session import Sessions
from ecr_publish.errors import RegistryRefused
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrRegistry, Repository, partition
from ecr_publish.model.target import Target

MOST_PAGES = 100


class InspectorCoverage:
    """Asks `inspector2:ListCoverage` for one image (Inspector API Reference, ListCoverage)."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def of(self, target: Target, repository: Repository, digest: Digest, account: str) -> Coverage | None:
        """What Inspector says of this image; None if it does not know it. Raises NotAuthorised, Unavailable, and
        RegistryRefused for pages without an end."""
        client = self._sessions.client("inspector2", target)
        arn = image_arn(repository, digest, account)
        where = f"inspector2 list-coverage {repository}@{digest.short}"
        asked: dict[str, Any] = {
            "filterCriteria": {
                "resourceType": [{"comparison": "EQUALS", "value": "AWS_ECR_CONTAINER_IMAGE"}],
                "resourceId": [{"comparison": "EQUALS", "value": arn}],
            }
        }
        # a page may be empty, or hold others, and name a next one all the same
        for _ in range(MOST_PAGES):
            got = self._sessions.ask(where, lambda: client.list_coverage(**asked))
            for resource in got.get("coveredResources", ()):
                if resource.get("resourceId") == arn:
                    return _coverage(resource)
            if not got.get("nextToken"):
                return None
            asked["nextToken"] = got["nextToken"]
        raise RegistryRefused(
            what=f"more than {MOST_PAGES} pages of coverage", where=where, hint="this is not Amazon Inspector's answer"
        )


def _coverage(resource: Mapping[str, Any]) -> Coverage:
    status, at = resource.get("scanStatus") or {}, resource.get("lastScannedAt")
    return Coverage(str(status.get("reason", "")), at.astimezone(UTC) if at else None)


def image_arn(repository: Repository, digest: Digest, account: str) -> str:
    """How Inspector names an image. `account` is the registry's, also where the file leaves it to the caller."""
    registry = repository.registry
    assert isinstance(registry, EcrRegistry)
    return f"arn:{partition(registry.region)}:ecr:{registry.region}:{account}:repository/{repository.name}/{digest}"
