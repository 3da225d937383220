"""Amazon Inspector's coverage: the authority on whether an enrolled image has been scanned."""

from __future__ import annotations

from datetime import UTC

from ecr_publish.aws.reading import Coverage
from ecr_publish.aws.session import Sessions
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrRegistry, Repository, partition
from ecr_publish.model.target import Target


class InspectorCoverage:
    """Asks `inspector2:ListCoverage` for one image (Inspector API Reference, ListCoverage)."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def of(self, target: Target, repository: Repository, digest: Digest, account: str) -> Coverage | None:
        """What Inspector says of this image; None if it does not know it. Raises NotAuthorised, Unavailable."""
        client = self._sessions.client("inspector2", target)
        arn = image_arn(repository, digest, account)
        got = self._sessions.ask(
            f"inspector2 list-coverage {repository}@{digest.short}",
            lambda: client.list_coverage(
                filterCriteria={
                    "resourceType": [{"comparison": "EQUALS", "value": "AWS_ECR_CONTAINER_IMAGE"}],
                    "resourceId": [{"comparison": "EQUALS", "value": arn}],
                }
            ),
        )
        for resource in got.get("coveredResources", ()):
            if resource.get("resourceId") == arn:
                status, at = resource.get("scanStatus") or {}, resource.get("lastScannedAt")
                return Coverage(str(status.get("reason", "")), at.astimezone(UTC) if at else None)
        return None


def image_arn(repository: Repository, digest: Digest, account: str) -> str:
    """How Inspector names an image. `account` is the registry's, also where the file leaves it to the caller."""
    registry = repository.registry
    assert isinstance(registry, EcrRegistry)
    return f"arn:{partition(registry.region)}:ecr:{registry.region}:{account}:repository/{repository.name}/{digest}"
