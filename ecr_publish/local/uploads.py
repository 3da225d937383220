"""Uploads under way, of both faces, by repository and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecr_publish.local.api.wire import ApiError
from ecr_publish.local.contents import Upload
from ecr_publish.local.records import Registry, Repository
from ecr_publish.local.store import Store
from ecr_publish.model.digest import Digest


class Uploads:
    """Sessions; those of a process that ended are gone."""

    def __init__(self, store: Store, ecr: Any) -> None:
        self._store, self._ecr = store, ecr
        self._open: dict[tuple[str, str, str, str], Upload] = {}

    def start(self, registry: Registry, repository: Repository) -> str:
        """A new session's id."""
        upload = self._store.contents.upload()
        self._open[self._key(registry, repository, upload.id)] = upload
        return upload.id

    def get(self, registry: Registry, repository: Repository, upload_id: str) -> Upload:
        """The session. Raises UploadNotFoundException."""
        upload = self._open.get(self._key(registry, repository, upload_id))
        if upload is None:
            raise ApiError(
                "UploadNotFoundException",
                f"The upload with id '{upload_id}' in the repository with name '{repository.name}' in the registry "
                f"with id '{registry.account}' does not exist",
            )
        return upload

    def complete(self, registry: Registry, repository: Repository, upload_id: str, digests: Sequence[str]) -> Digest:
        """End a session: its bytes become a layer if they have one of the digests."""
        upload = self.get(registry, repository, upload_id)
        if upload.size == 0 and self._ecr.quirks.empty_blob_refused:
            raise ApiError(
                "EmptyUploadException",
                f"The upload with id '{upload_id}' in the repository with name '{repository.name}' in registry with id "
                f"'{registry.account}' cannot be completed because it does not have any parts",
            )
        del self._open[self._key(registry, repository, upload_id)]
        if str(upload.digest) not in digests:
            upload.discard()
            raise ApiError(
                "InvalidLayerException", "None of the provided layer digests match the calculated layer digest"
            )
        size = upload.size
        digest = self._store.contents.keep(upload)
        repository.layers[str(digest)] = size
        self._store.save(registry, repository)
        return digest

    def abandon(self, registry: Registry, repository: Repository, upload_id: str) -> None:
        """Forget a session."""
        self.get(registry, repository, upload_id).discard()
        del self._open[self._key(registry, repository, upload_id)]

    @staticmethod
    def _key(registry: Registry, repository: Repository, upload_id: str) -> tuple[str, str, str, str]:
        return (registry.account, registry.region, repository.name, upload_id)
