"""Images of one repository: put, found, deleted; the same rules for the JSON API and for `/v2`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.digests import like, named
from ecr_publish.local.documents import document
from ecr_publish.local.iam import is_named
from ecr_publish.local.lifecycle.rules import DAY
from ecr_publish.local.quotas import Limits
from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.local.store import Store
from ecr_publish.local.tokens import Principal
from ecr_publish.oci.manifest import DOCKER_INDEX, OCI_INDEX


class Images:
    """The operations on images. `quirks` decide what the sources disagree about."""

    def __init__(self, store: Store, ecr: Any) -> None:
        self._store, self._ecr, self.limits = store, ecr, Limits()
        self.unseen: dict[str, float] = {}  # digest -> epoch seconds until which lists do not have it

    def put(
        self,
        registry: Registry,
        repository: Repository,
        body: bytes,
        media_type: str | None,
        tag: str | None,
        digest: str | None = None,
    ) -> tuple[Image, bool]:
        """Put a manifest, exact bytes; the image, and whether the very same was there. Raises ApiError."""
        value, kind = document(body, media_type)
        computed = str(like(digest, body))
        if digest is not None and digest != computed:
            raise ApiError(
                "ImageDigestDoesNotMatchException",
                f"The image with digest '{digest}' in repository '{repository.name}' and registry ID "
                f"'{registry.account}' does not match the image digest that Amazon ECR has calculated.",
            )
        present = repository.images.get(computed)
        if tag is not None:
            self._check_tag(repository, tag, computed)
        self.limits.check(registry, repository, computed, tag)
        if present is None:
            present = self._image(registry, repository, value, kind, computed)
            self._store.contents.put(body, named(computed))
            for each in repository.images.values():
                each.orphaned = each.orphaned and each.subject != computed
        now = self._ecr.clock.now().timestamp()
        restored = present.status_at(now) != "ACTIVE"
        if restored:  # a push restores what is archived (User Guide, image-push)
            present.activate(now)
        same = computed in repository.images and (tag is None or repository.tags.get(tag) == computed) and not restored
        repository.images[computed] = present
        if tag is not None:
            repository.tags[tag] = computed
        if not same:
            self._ecr.scanner.pushed(registry, repository, present)
        self._store.save(registry, repository)
        return present, same

    def _check_tag(self, repository: Repository, tag: str, digest: str) -> None:
        present = repository.tags.get(tag)
        if present is None or repository.may_move(tag):
            return
        if present == digest and not self._ecr.quirks.same_digest_refused:
            return
        raise ApiError(
            "ImageTagAlreadyExistsException",
            f"The image tag '{tag}' already exists in the '{repository.name}' repository and cannot be overwritten "
            "because the repository is immutable.",
        )

    def _image(self, registry: Registry, repository: Repository, value: Any, kind: str, digest: str) -> Image:
        image = Image(digest, kind, self._ecr.clock.now().timestamp())
        annotations = value.get("annotations")
        image.annotations = annotations if isinstance(annotations, dict) else {}
        if kind in (OCI_INDEX, DOCKER_INDEX):
            image.children = [each["digest"] for each in value["manifests"]]
            absent = [each for each in image.children if each not in repository.images]
            if absent:
                raise ApiError(
                    "ReferencedImagesNotFoundException",
                    f"Images with digests '[{', '.join(absent)}]' required for pushing image into repository with name "
                    f"'{repository.name}' in the registry with id '{registry.account}' do not exist",
                )
            image.size = max((repository.images[each].size for each in image.children), default=0)
        else:
            self._fill(registry, repository, image, value)
        image.artifact_type = value.get("artifactType") or image.config_type
        subject = value.get("subject")
        image.subject = subject.get("digest") if isinstance(subject, dict) else None
        return image

    def _fill(self, registry: Registry, repository: Repository, image: Image, value: Any) -> None:
        parts = [value["config"], *value["layers"]]
        if not value["layers"] and self._ecr.quirks.layer_required:
            raise invalid("ImageManifest", "Image has to have at least 1 layer")
        wanted = dict.fromkeys(each["digest"] for each in parts if not each.get("urls"))
        absent = [each for each in wanted if each not in repository.layers]
        if absent:
            raise ApiError(
                "LayersNotFoundException",
                f"Layers with digests '[{', '.join(absent)}]' required for pushing image into repository with name "
                f"'{repository.name}' in the registry with id '{registry.account}' do not exist",
            )
        image.layers = list(wanted)
        image.config_type = value["config"].get("mediaType")
        image.size = sum(each.get("size", 0) for each in value["layers"])

    def find(self, repository: Repository, reference: str) -> Image | None:
        """By tag or digest."""
        digest = reference if ":" in reference else repository.tags.get(reference)
        return repository.images.get(digest) if digest else None

    def is_seen(self, image: Image) -> bool:
        """Whether lists have it already: they may lag behind what was put."""
        return not self.unseen or self.unseen.get(image.digest, 0.0) <= self._ecr.clock.now().timestamp()

    def body(self, image: Image) -> bytes | None:
        """The manifest's exact bytes; None for a seeded image that is a digest only."""
        return self._store.contents.read(named(image.digest)) if image.has_content else None

    def delete(self, registry: Registry, repository: Repository, tag: str | None, digest: str | None) -> list[Any]:
        """BatchDeleteImage for one id: the tag (with its last tag the image goes too), or the image with all tags.

        Raises ApiError with the failure's code as its name.
        """
        if digest is None:
            digest = repository.tags.get(tag or "")
        elif tag is not None and repository.tags.get(tag) != digest:
            raise ApiError("ImageTagDoesNotMatchDigest", "Tag does not match digest")
        if digest is None or digest not in repository.images:
            raise ApiError("ImageNotFound", "Requested image not found")
        held = any(digest in image.children for image in repository.images.values())
        tags = repository.tags_of(digest)
        last = tag is None or (tags == [tag] and self._ecr.quirks.last_tag_is_image)
        if held and last and self._ecr.quirks.children_held:
            raise ApiError("ImageReferencedByManifestList", "Requested image referenced by manifest list")
        gone = tags if tag is None else [tag]
        for each in gone:
            del repository.tags[each]
        if last:
            self.remove(repository, [digest])
        self._store.save(registry, repository)
        return [{"imageDigest": digest, "imageTag": each} for each in gone] or [{"imageDigest": digest}]

    def remove(self, repository: Repository, digests: Collection[str]) -> None:
        """Take images out of a repository, with their tags; to be saved by the caller."""
        gone = set(digests)
        layers = {layer for digest in gone if digest in repository.images for layer in repository.images[digest].layers}
        repository.images = {digest: image for digest, image in repository.images.items() if digest not in gone}
        repository.tags = {tag: digest for tag, digest in repository.tags.items() if digest not in gone}
        for image in repository.images.values():
            image.orphaned = image.orphaned or image.subject in gone
        if self._ecr.quirks.blobs_stay:
            self._drop_layers(repository, layers)

    def pulled(self, registry: Registry, repository: Repository, image: Image, principal: Principal) -> None:
        """Note a pull, at most once a day, unless the principal's pulls are not to be noted (API: ImageDetail)."""
        now = self._ecr.clock.now().timestamp()
        recent = image.pulled_at is not None and now - image.pulled_at < DAY
        if recent or any(is_named(principal, each) for each in registry.pull_time_exclusions):
            return
        image.pulled_at = now
        self._store.save(registry, repository)

    def _drop_layers(self, repository: Repository, layers: Collection[str]) -> None:
        """Those that no other image names. What no image has named yet stays: it may be a push under way."""
        kept = {layer for image in repository.images.values() for layer in image.layers}
        for layer in set(layers) - kept:
            repository.layers.pop(layer, None)
