"""Digests of either algorithm: ECR knows SHA-256 only, the OCI specifications SHA-512 too."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import IO

from ecr_publish.errors import BadReference
from ecr_publish.model.digest import Digest, digest_of

_SHA512 = re.compile(r"sha512:[0-9a-f]{128}")


@dataclass(frozen=True, slots=True, order=True)
class Sha512(Digest):
    """A digest by SHA-512 (OCI image-spec, "Registered algorithms"); its prefix is as long as the other one's."""

    def __post_init__(self) -> None:
        if not _SHA512.fullmatch(self.text):
            raise BadReference(what="not a digest", where="reference", hint="expected sha512:<128 hex>")


def named(text: str) -> Digest:
    """The digest that is written so. Raises BadReference."""
    return Sha512(text) if text.startswith("sha512:") else Digest(text)


def is_digest(text: str, *, sha256_only: bool) -> bool:
    """Whether the text is a digest that this registry takes."""
    if text.startswith("sha512:") and sha256_only:
        return False
    try:
        named(text)
    except BadReference:
        return False
    return True


def like(wanted: str | None, content: bytes) -> Digest:
    """The content's digest, by the algorithm of another one (SHA-256 without it)."""
    if wanted is not None and wanted.startswith("sha512:"):
        return Sha512("sha512:" + hashlib.sha512(content).hexdigest())
    return digest_of(content)


def sha512_of(file: IO[bytes]) -> Digest:
    """Of a whole file; its position is at the end afterwards."""
    file.flush()
    file.seek(0)
    return Sha512("sha512:" + hashlib.file_digest(file, "sha512").hexdigest())  # type: ignore[arg-type]
