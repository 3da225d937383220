"""Uploads under way, of both faces, by repository and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecr_publish.local.apierror import ApiError
from ecr_publish.local.contents import Upload
from ecr_publish.local.digests import sha512_of
from ecr_publish.local.records import Registry, Repository
from ecr_publish.local.store import Store
from ecr_publish.model.digest import Digest

LIFE_SECONDS = 24 * 3600  # of a session, and of a layer that no image names. UNCONFIRMED: neither is documented
SMALLEST_PART = 5 << 20  # bytes, of every part but the last (User Guide, service-quotas: 5 to 10 MiB)


class Uploads:
    """Sessions; those of a process that ended are gone."""

    def __init__(self, store: Store, ecr: Any) -> None:
        self._store, self._ecr = store, ecr
        self._open: dict[tuple[str, str, str, str], Upload] = {}
        self._parts: dict[str, list[int]] = {}  # the sizes of an upload's parts, where it is sent in parts
        self._begun: dict[str, float] = {}  # upload id -> when, in epoch seconds
        now = ecr.clock.now().timestamp()
        # layers that no image named when they came (or at the start) -> when that was
        self._loose: dict[tuple[str, str, str, str], float] = {
            (registry.account, registry.region, repository.name, layer): now
            for registry in store.registries
            for repository in registry.repositories.values()
            for layer in repository.layers
            if not repository.references(layer)
        }

    def start(self, registry: Registry, repository: Repository) -> str:
        """A new session's id."""
        self.expire()
        upload = self._store.contents.upload()
        self._open[self._key(registry, repository, upload.id)] = upload
        self._begun[upload.id] = self._ecr.clock.now().timestamp()
        return upload.id

    def expire(self) -> None:
        """Forget sessions that have been open for a day, and layers that no image has named for as long."""
        before = self._ecr.clock.now().timestamp() - LIFE_SECONDS
        for key in [key for key in self._open if self._begun[key[3]] < before]:
            self._end(key).discard()
        for key in [key for key, came in self._loose.items() if came < before]:
            del self._loose[key]
            account, region, name, layer = key
            registry = self._store.registry(account, region)
            repository = registry.repositories.get(name)
            if repository is not None and layer in repository.layers and not repository.references(layer):
                del repository.layers[layer]
                self._store.save(registry, repository)

    def drop(self, registry: Registry, repository: Repository) -> None:
        """Forget all sessions of a repository that is deleted."""
        home = (registry.account, registry.region, repository.name)
        for key in [key for key in self._open if key[:3] == home]:
            self._end(key).discard()

    def _end(self, key: tuple[str, str, str, str]) -> Upload:
        self._begun.pop(key[3])
        self._parts.pop(key[3], None)
        return self._open.pop(key)

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

    def is_open(self, upload: Upload) -> bool:
        """Whether it has been neither completed nor abandoned, nor its repository removed from under it."""
        return not upload.file.closed

    def part(self, upload: Upload, size: int) -> None:
        """Note a part of that many bytes, which the session has taken."""
        self._parts.setdefault(upload.id, []).append(size)

    def complete(self, registry: Registry, repository: Repository, upload_id: str, digests: Sequence[str]) -> Digest:
        """End a session: its bytes become a layer if they have one of the digests."""
        upload = self.get(registry, repository, upload_id)
        self._check(registry, repository, upload)
        self._end(self._key(registry, repository, upload_id))
        kept_as = upload.digest
        if not self._ecr.quirks.sha256_only and any(each.startswith("sha512:") for each in digests):
            kept_as = sha512_of(upload.file)
        if str(kept_as) not in digests:
            upload.discard()
            raise ApiError(
                "InvalidLayerException", "None of the provided layer digests match the calculated layer digest"
            )
        size = upload.size
        digest = self._store.contents.keep(upload, kept_as)
        repository.layers[str(digest)] = size
        self.came(registry, repository, str(digest))
        self._store.save(registry, repository)
        return digest

    def came(self, registry: Registry, repository: Repository, layer: str) -> None:
        """Note a layer that is new in a repository: one that no image names within a day goes again."""
        key = self._key(registry, repository, layer)
        self._loose[key] = self._ecr.clock.now().timestamp()

    def _check(self, registry: Registry, repository: Repository, upload: Upload) -> None:
        quirks, of = self._ecr.quirks, f"in the repository with name '{repository.name}' in registry with id"
        if upload.size == 0 and quirks.empty_blob_refused:
            raise ApiError(
                "EmptyUploadException",
                f"The upload with id '{upload.id}' {of} '{registry.account}' cannot be completed because it does not "
                "have any parts",
            )
        if quirks.small_parts_refused and any(size < SMALLEST_PART for size in self._parts.get(upload.id, [])[:-1]):
            raise ApiError(
                "LayerPartTooSmallException",
                f"The upload with id '{upload.id}' {of} '{registry.account}' has parts that are smaller than "
                f"{SMALLEST_PART} bytes",
            )

    def abandon(self, registry: Registry, repository: Repository, upload_id: str) -> None:
        """Forget a session."""
        self.get(registry, repository, upload_id)
        self._end(self._key(registry, repository, upload_id)).discard()

    @staticmethod
    def _key(registry: Registry, repository: Repository, upload_id: str) -> tuple[str, str, str, str]:
        return (registry.account, registry.region, repository.name, upload_id)
