"""Availability of layers by the JSON API: a hundred digests in one call."""

from __future__ import annotations

from ecr_publish.aws.repositories import account_of
from ecr_publish.aws.session import Sessions
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrPublicRegistry, PlainRegistry, Repository
from ecr_publish.model.target import Target


class EcrAvailability:
    """`ports.blobs.LayerAvailability` by BatchCheckLayerAvailability (ECR API Reference; up to 100 digests a call)."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def ready(self, target: Target) -> bool:
        """Whether a client for the target is there already: to make one takes longer than many requests."""
        return not isinstance(target.registry, PlainRegistry) and self._sessions.has_client(_service(target), target)

    def available(self, target: Target, repository: Repository, digests: tuple[Digest, ...]) -> frozenset[Digest]:
        """Those of the digests that can be used. A layer that is ARCHIVED must be sent again, so it is not there."""
        client = self._sessions.client(_service(target), target)
        got = self._sessions.ask(
            f"batch-check-layer-availability {repository}",
            lambda: client.batch_check_layer_availability(
                repositoryName=repository.name, layerDigests=[str(each) for each in digests], **account_of(repository)
            ),
        )
        return frozenset(
            Digest(layer["layerDigest"])
            for layer in got.get("layers", ())
            if layer.get("layerAvailability") == "AVAILABLE" and "layerDigest" in layer
        )


def _service(target: Target) -> str:
    return "ecr-public" if isinstance(target.registry, EcrPublicRegistry) else "ecr"
