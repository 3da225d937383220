"""Companions: what lies beside an image in its layout and points to it (signatures, SBOMs, attestations).

Forms, each as its tool writes it: a manifest with a `subject` in index.json (oras, ORAS-based tools); manifests and the
list of referrers under the names `sha256-<hex>…` that they had as tags (regctl); cosign's `save`, which marks the image
and what belongs to it by a `kind` (cosign, pkg/oci/layout).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import Digest
from ecr_publish.oci.allowance import Allowance
from ecr_publish.oci.closure import DEEPEST, Closure
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.entries import former_tag, ref_name, saved_as
from ecr_publish.oci.layout import Layout
from ecr_publish.oci.manifest import Document, Index

if TYPE_CHECKING:
    from ecr_publish.oci.attached import Attached, Family

_HINT = "remove from index.json what is not needed"
_SUFFIXES = {"sigs": ".sig", "atts": ".att"}


def companions(layout: Layout, image: Closure) -> tuple[Family, ...]:
    """What points to the image or its children, then what points to that, and so on; nothing of other images' in the
    layout. Raises BadImage."""
    if len(layout.entries) < 2:
        return ()
    from ecr_publish.oci.attached import Family

    pointing, allowance = tuple(_pointing(layout)), Allowance(f"layout {layout.directory}", _HINT)
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
                hint=_HINT,
            )  # fmt: skip
        met.update(fresh)
        made_of = ((each, layout.closure(each.document.digest, allowance=allowance)) for each in fresh.values())
        families.append(Family(tuple(made_of)))
    return tuple(families)


def _pointing(layout: Layout) -> Iterator[Attached]:
    """Everything in the layout that points to something. An entry with a name of its own is an image, not looked into:
    there may be hundreds."""
    from ecr_publish.oci.attached import Attached, tag_of

    read = layout.reader(_HINT)
    saved = [each.digest for each in layout.entries if saved_as(each) in ("image", "imageIndex")]
    for entry in layout.entries:
        former, name = former_tag(entry), ref_name(entry)
        if name is not None and former is None and entry.artifact_type is None:
            continue
        document = read(entry)
        suffix = _SUFFIXES.get(saved_as(entry) or "")
        if document.subject is not None:
            yield Attached(document, document.subject, listed=entry)
        elif former is not None and former.suffix:
            yield Attached(document, former.subject, tag=name)
        elif former is not None and isinstance(document, Index):
            yield from _listed(document, read)
        elif suffix is not None and len(saved) == 1:
            yield Attached(document, saved[0], tag=f"{tag_of(saved[0])}{suffix}")


def _listed(referrers: Index, read: Callable[[Descriptor], Document]) -> Iterator[Attached]:
    from ecr_publish.oci.attached import Attached

    for child in referrers.children:
        document = read(child)
        if document.subject is not None:
            yield Attached(document, document.subject, listed=child)
