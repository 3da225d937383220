"""Digest: the only identity of content."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ecr_publish.errors import BadReference

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """Content hash of exact bytes: `sha256:` + 64 lowercase hex digits (OCI image-spec, "Digests")."""

    text: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.text):
            raise BadReference(what=f"not a digest: {self.text!r}", where="reference", hint="expected sha256:<64 hex>")

    def __str__(self) -> str:
        return self.text

    @property
    def hex(self) -> str:
        """The 64 hex digits without the algorithm."""
        return self.text[7:]

    @property
    def short(self) -> str:
        """`sha256:` and the first twelve hex digits: for people, never for machines."""
        return self.text[:19]


def digest_of(content: bytes) -> Digest:
    """The digest of these very bytes."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())
