"""Entries of a layout's index.json: what each says of itself, and which of them are images of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ecr_publish.model.digest import Digest
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.manifest import Document, Index

REF_NAME = "org.opencontainers.image.ref.name"
_NAME = re.compile(r"sha256-([0-9a-f]{64})(\.sig|\.att|\.sbom)?")
_KIND = "dev.cosignproject.cosign/"  # `kind`: cosign, pkg/oci/layout/write.go


@dataclass(frozen=True, slots=True)
class FormerTag:
    """A name that was a tag in a registry and says what it belongs to. Without a `suffix` it is the list of the
    subject's referrers (distribution-spec, "Referrers Tag Schema"), with one it is cosign's."""

    subject: Digest
    suffix: str


def ref_name(entry: Descriptor) -> str | None:
    """An entry's name in the layout (image-spec, "Pre-Defined Annotation Keys")."""
    return dict(entry.annotations).get(REF_NAME)


def former_tag(entry: Descriptor) -> FormerTag | None:
    """What the entry's name says that it belongs to, if it says so."""
    match = _NAME.fullmatch(ref_name(entry) or "")
    return FormerTag(Digest(f"sha256:{match[1]}"), match[2] or "") if match else None


def saved_as(entry: Descriptor) -> str | None:
    """What `cosign save` calls the entry: image, imageIndex, sigs or atts."""
    kind = dict(entry.annotations).get("kind", "")
    return kind.removeprefix(_KIND) if kind.startswith(_KIND) else None


def images(entries: tuple[Descriptor, ...], read: Callable[[Descriptor], Document]) -> tuple[Descriptor, ...]:
    """Those that are images of their own, each digest once: neither referrers nor, as oras lists them, the children of
    an index. All of them where none would be left."""
    found = {
        each.digest: each for each in entries if former_tag(each) is None and saved_as(each) not in ("sigs", "atts")
    }
    if len(found) > 1:
        documents = [read(each) for each in found.values()]
        inner = {child.digest for each in documents if isinstance(each, Index) for child in each.children}
        unnamed = {each.digest for each in found.values() if ref_name(each) is None}
        other = {each.digest for each in documents if each.subject is not None or each.digest in inner} & unnamed
        found = {digest: each for digest, each in found.items() if digest not in other}
    return tuple(found.values()) or entries
