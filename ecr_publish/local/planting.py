"""Planting: what a seed file says made to exist in an embedded ECR, as if it had been pushed there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.errors import UsageError
from ecr_publish.local.federation import Issuer, Trust, issuer, trust_policy
from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.local.seed import Exceptions, Seed, SeededImage, SeededRepository, SeededRole, text_of
from ecr_publish.oci.layout import open_layout
from ecr_publish.oci.manifest import OCI_MANIFEST

if TYPE_CHECKING:
    from ecr_publish.local.embedded import EmbeddedEcr


def plant(seed: Seed, ecr: EmbeddedEcr, root: Path) -> None:
    """Make the repositories and images exist, and the roles trust whom they say; files are named from `root`.

    Raises BadImage for a layout that is none, UsageError for keys and policies that are none.
    """
    issuers = [issuer(each.url, text_of(str(root / each.keys)), each.audiences) for each in seed.issuers]
    ecr.federation.issuers += issuers
    ecr.federation.roles += [_trust(role, ecr.federation.issuers, root) for role in seed.roles]
    for one in seed.registries:
        found = ecr.store.registry(one.account, one.region)
        found.scanning = {"scanType": one.scanning.upper(), "rules": []}
        ecr.store.save(found)
    for each in seed.repositories:
        _plant_repository(each, ecr, root)


def _plant_repository(seeded: SeededRepository, ecr: EmbeddedEcr, root: Path) -> None:
    registry = ecr.store.registry(seeded.account, seeded.region)
    repository = registry.repositories.get(seeded.name) or Repository(seeded.name, ecr.clock.now().timestamp())
    repository.scan_on_push = True
    match seeded.immutable:
        case Exceptions(excepted=patterns):
            repository.mutability, repository.exclusions = "IMMUTABLE_WITH_EXCLUSION", list(patterns)
        case True:
            repository.mutability = "IMMUTABLE"
    registry.repositories[seeded.name] = repository
    for image in seeded.images:
        _plant_image(image, ecr, registry, repository, root)
    ecr.store.save(registry, repository)


def _trust(role: SeededRole, issuers: list[Issuer], root: Path) -> Trust:
    if role.trust is not None:
        try:
            policy = json.loads(text_of(str(root / role.trust)))
        except ValueError as error:
            raise UsageError(
                what=f"this is no trust policy: {error}", where=role.trust, hint="it is a JSON document, as IAM has it"
            ) from error
        return Trust(role.arn, policy if isinstance(policy, dict) else {})
    trusted = next((each for each in issuers if each.url == role.issuer), None)
    if trusted is None:
        raise UsageError(
            what=f"role {role.arn} trusts {role.issuer or 'nobody'}, which is not among the issuers",
            where="roles",
            hint="give it `trust:`, or an `issuer:` that is listed under `issuers:`",
        )
    return Trust(role.arn, trust_policy(trusted, role.arn.split(":")[4], role.audience, role.subject))


def _plant_image(seeded: SeededImage, ecr: EmbeddedEcr, registry: Registry, repository: Repository, root: Path) -> None:
    if seeded.digest is not None and seeded.layout is None:
        moment = (seeded.pushed or ecr.clock.now()).timestamp()
        repository.images[seeded.digest] = Image(seeded.digest, OCI_MANIFEST, moment, has_content=False)
        digest = seeded.digest
    elif seeded.layout is not None:
        digest = _plant_layout(root / seeded.layout, ecr, registry, repository)
    else:
        digest = _plant_small(seeded, ecr, registry, repository)
    for tag in seeded.tags:
        repository.tags[tag] = digest
    if seeded.pushed is not None:
        repository.images[digest].pushed_at = seeded.pushed.timestamp()


def _plant_layout(path: Path, ecr: EmbeddedEcr, registry: Registry, repository: Repository) -> str:
    layout = open_layout(path)
    image = layout.closure(layout.root().digest)
    for blob in image.blobs:
        upload = ecr.store.contents.upload()
        for block in layout.blocks(blob):
            upload.write(bytes(block))
        repository.layers[str(ecr.store.contents.keep(upload))] = blob.size
    for document in (each for wave in image.waves for each in wave):
        ecr.images.put(registry, repository, document.body, document.media_type, None)
    return str(image.root.digest)


def _plant_small(seeded: SeededImage, ecr: EmbeddedEcr, registry: Registry, repository: Repository) -> str:
    """An image that differs by its tags, so that each seeded one has a digest of its own."""
    layer, config = (", ".join(seeded.tags)).encode(), json.dumps({"os": "linux", "rootfs": {"diff_ids": []}}).encode()
    parts = []
    for body, kind in (
        (config, "application/vnd.oci.image.config.v1+json"),
        (layer, "application/vnd.oci.image.layer.v1.tar"),
    ):
        digest = str(ecr.store.contents.put(body))
        repository.layers[digest] = len(body)
        parts.append({"mediaType": kind, "digest": digest, "size": len(body)})
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts[0], "layers": [parts[1]]}
    image, _ = ecr.images.put(registry, repository, json.dumps(manifest).encode(), None, None)
    return str(image.digest)
