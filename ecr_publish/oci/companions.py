"""Companions: what lies beside an image in its layout and points to it (signatures, SBOMs, attestations).

Forms, each as its tool writes it: a manifest with a `subject` in index.json (oras, ORAS-based tools); manifests and the
list of referrers under the names `sha256-<hex>…` that they had as tags (regctl); cosign's `save`, which marks the image
and what belongs to it by a `kind` (cosign, pkg/oci/layout).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import Digest
from ecr_publish.oci.attached import Attached, Family
from ecr_publish.oci.closure import DEEPEST, Closure
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.manifest import Index

if TYPE_CHECKING:
    from ecr_publish.oci.layout import Layout

REF_NAME = "org.opencontainers.image.ref.name"
_NAME = re.compile(r"sha256-([0-9a-f]{64})(\.sig|\.att|\.sbom)?")
_SAVED = {"dev.cosignproject.cosign/sigs": ".sig", "dev.cosignproject.cosign/atts": ".att"}
_SAVED_IMAGES = ("dev.cosignproject.cosign/image", "dev.cosignproject.cosign/imageIndex")


def companions(layout: Layout, image: Closure) -> tuple[Family, ...]:
    """What points to the image or its children, then what points to that, and so on; nothing of other images' in the
    layout. Raises BadImage."""
    pointing = tuple(_pointing(layout)) if len(layout.entries) > 1 else ()
    families: list[Family] = []
    met: set[Digest] = set(image.documents)
    while pointing:
        fresh = {each.document.digest: each for each in pointing if each.subject in met}
        fresh = {digest: each for digest, each in fresh.items() if digest not in met}
        if not fresh:
            break
        if len(families) > DEEPEST:
            raise BadImage(
                what="there is no end to what points to the image", where=f"layout {layout.directory}",
                hint="remove from index.json what is not needed",
            )  # fmt: skip
        met.update(fresh)
        families.append(Family(tuple((each, layout.closure(each.document.digest)) for each in fresh.values())))
    return tuple(families)


def images(layout: Layout) -> tuple[Descriptor, ...]:
    """The entries that are images of their own, each digest once: neither referrers nor, as oras lists them, the
    children of an index."""
    found = {each.digest: each for each in layout.entries if not _belongs(each)}
    if len(found) > 1:
        documents = [layout.manifest(each.digest, each.media_type) for each in found.values()]
        inner = {child.digest for each in documents if isinstance(each, Index) for child in each.children}
        unnamed = {each.digest for each in found.values() if ref_name(each) is None}
        other = {each.digest for each in documents if each.subject is not None or each.digest in inner} & unnamed
        found = {digest: each for digest, each in found.items() if digest not in other}
    return tuple(found.values()) or layout.entries


def ref_name(entry: Descriptor) -> str | None:
    """An entry's name in the layout (image-spec, "Pre-Defined Annotation Keys")."""
    return dict(entry.annotations).get(REF_NAME)


def _belongs(entry: Descriptor) -> bool:
    """Whether an entry says of itself that it is another's."""
    return _NAME.fullmatch(ref_name(entry) or "") is not None or dict(entry.annotations).get("kind") in _SAVED


def _pointing(layout: Layout) -> Iterator[Attached]:
    """Everything in the layout that points to something. An entry with a name of its own is an image, not looked into:
    there may be hundreds."""
    saved = [each.digest for each in layout.entries if dict(each.annotations).get("kind") in _SAVED_IMAGES]
    for entry in layout.entries:
        name, suffix = ref_name(entry), _SAVED.get(dict(entry.annotations).get("kind", ""))
        match = _NAME.fullmatch(name or "")
        if name is not None and match is None and entry.artifact_type is None:
            continue
        document = layout.manifest(entry.digest, entry.media_type)
        if document.subject is not None:
            yield Attached(document, document.subject, listed=entry)
        elif match is not None and match[2]:
            yield Attached(document, Digest(f"sha256:{match[1]}"), tag=name)
        elif match is not None and isinstance(document, Index):
            for child in document.children:
                inner = layout.manifest(child.digest, child.media_type)
                if inner.subject is not None:
                    yield Attached(inner, inner.subject, listed=child)
        elif suffix is not None and len(saved) == 1:
            yield Attached(document, saved[0], tag=f"sha256-{saved[0].hex}{suffix}")
