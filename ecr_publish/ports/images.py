"""Images in registries: what the transfer engine does for steps."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ecr_publish.model.digest import Digest
    from ecr_publish.model.events import Notify
    from ecr_publish.model.image import InLayout, PublishedImage
    from ecr_publish.model.registry import Repository
    from ecr_publish.model.target import Target
    from ecr_publish.ports.blobs import Sending


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push or copy did. `moved_bytes` were sent; `reused_bytes` were there already or mounted."""

    image: PublishedImage
    already_there: bool  # not one request changed anything
    moved_bytes: int = 0
    reused_bytes: int = 0
    mounted_blobs: int = 0
    warnings: tuple[str, ...] = ()  # sentences about what was left as it is


@dataclass(frozen=True, slots=True)
class Arriving:
    """An image that is to be written under the tags that are looked at. `source` is where a published one lies;
    `listed` is whether all tags of the repository will be asked for, should the image be new there."""

    image: InLayout | PublishedImage
    source: Target | None = None
    listed: bool = False


class Looked(Protocol):
    """Tags of a repository that are looked at side by side."""

    def digest(self, tag: str) -> Digest | None:
        """What the tag names; None if nothing. Raises what its own question met, and no other's."""

    def listed(self) -> tuple[str, ...]:
        """All tag names of the repository, every page; unsorted."""


class Images(Protocol):
    """Image content in registries (the `/v2` API): the transfer engine.

    Every method checks the digest of what it receives. Raises RepositoryMissing, NotAuthorised, TokenExpired (only
    after one renewal), TagTaken (the registry's own refusal of an immutable tag), DigestMismatch, Throttled and
    Unavailable (after retries), RegistryRefused.
    """

    def digest(self, target: Target, repository: Repository, reference: str) -> Digest | None:
        """The digest under a tag (or the digest itself if it is there), by one HEAD; None if absent."""

    def open(self, target: Target) -> None:
        """Fetch what the first request to the target's registry needs: a token. Raises what that request would."""

    def look(
        self, target: Target, repository: Repository, tags: tuple[str, ...], arriving: Arriving | None = None
    ) -> Looked:
        """Look at several tags, side by side; what was seen under one a moment ago is not asked again. Where it seems
        that the image is new in the repository, what its `push` or `copy` has to ask is asked beside the looks."""

    def find(self, target: Target, repository: Repository, reference: str) -> PublishedImage | None:
        """The image under a tag or digest (`tags` holds the tag asked for), with its children; None if absent."""

    def labels(self, target: Target, image: PublishedImage) -> dict[str, str]:
        """Annotations of the manifest or index, over the labels of the (first scannable child's) config."""

    def tags(self, target: Target, repository: Repository) -> tuple[str, ...]:
        """All tag names of the repository, every page; unsorted."""

    def push(
        self, layout: InLayout, target: Target, repository: Repository, tags: tuple[str, ...], notify: Notify
    ) -> Pushed:
        """Blobs, manifests by digest (children first), then `tags` in order: the last one is the last write.

        The root with one tag is one PUT by tag. Raises BadImage if the layout's bytes are not what it says.
        """

    def receiving(
        self, layout: Path, target: Target, repository: Repository, tags: tuple[str, ...], notify: Notify
    ) -> AbstractContextManager[Sending]:
        """Blobs of a layout that is being written, sent to the repository while the block runs, and removed from the
        layout; all have arrived at its end. Manifest and tags are left to `push`, which follows at once; the tags are
        looked at already."""

    def copy(
        self,
        image: PublishedImage,
        source: Target,
        target: Target,
        repository: Repository,
        tags: tuple[str, ...],
        notify: Notify,
    ) -> Pushed:
        """The same digest with exact manifest bytes in another repository (or only `tags` in the same one).

        The registry's digest is compared after each write. Nothing is tagged unless everything below the tag is there.
        """
