"""A blob as it is stored: what a registry is asked for, and what a manifest lists."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.model.digest import Digest


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """Digest and size in bytes of the stored (compressed) bytes, and their media type."""

    digest: Digest
    size: int
    media_type: str
