"""Blobs of `/v2`: existence, download and deletion."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from ecr_publish.errors import BadReference
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.digests import is_digest, named
from ecr_publish.local.exchange import Answer
from ecr_publish.local.records import Repository
from ecr_publish.local.registry import answers
from ecr_publish.local.registry.visit import Visit

_RANGE = re.compile(r"bytes=([0-9]{1,18})?-([0-9]{1,18})?")  # bytes: more digits are no position in any blob


def blob(visit: Visit) -> Answer:
    """HEAD, GET and DELETE of a blob."""
    digest, repository = visit.parts["digest"], visit.repository
    quirks = visit.ecr.quirks
    if not is_digest(digest, sha256_only=quirks.sha256_only):
        return answers.no_digest(digest)
    size = repository.layers.get(digest)
    now = visit.ecr.clock.now().timestamp()
    if size is None or repository.archives(digest, now):
        return answers.failed(404, "BLOB_UNKNOWN", f"The layer with digest {digest} does not exist")
    headers = {"docker-content-digest": digest, "content-type": "application/octet-stream", "accept-ranges": "bytes"}
    if visit.exchange.method == "HEAD":
        return Answer(200, b"", {**headers, "content-length": str(size)})
    if visit.exchange.method == "DELETE":
        return _delete(visit, repository, digest)
    if quirks.unreferenced_withheld and not repository.gives(digest, now):
        raise ApiError("LayerInaccessibleException", f"The layer with digest {digest} is not referenced by an image")
    if quirks.redirect_blobs:
        location = f"{visit.ecr.storage_base(visit.exchange)}/_storage/{quote(digest, safe=':')}?signature=local"
        return Answer(307, b"", {"location": location})
    return content(visit.ecr, digest, visit.exchange.headers.get("range"), headers)


def _delete(visit: Visit, repository: Repository, digest: str) -> Answer:
    if visit.ecr.quirks.blobs_stay:
        return answers.failed(405, "UNSUPPORTED", "ECR has no action that deletes a layer")
    with visit.ecr.store.lock:
        del repository.layers[digest]
        visit.ecr.store.save(visit.registry, repository)
    return Answer(202)


def content(ecr: Any, digest: str, wanted: str | None, headers: dict[str, str]) -> Answer:
    """The bytes, or a range of them (RFC 9110, "Range Requests")."""
    contents = ecr.store.contents
    try:
        size = contents.size(named(digest))
    except (KeyError, BadReference) as error:
        raise ApiError("LayersNotFoundException", f"The layer with digest {digest[:100]} does not exist") from error
    match = _RANGE.fullmatch(wanted or "")
    if match is None or match[0] == "bytes=-":
        return Answer(200, b"", {**headers, "content-length": str(size)}, contents.blocks(named(digest)))
    first, last = _bounds(match, size)
    if first > last or first >= size:
        return Answer(416, b"", {"content-range": f"bytes */{size}"})
    sized = {"content-range": f"bytes {first}-{last}/{size}", "content-length": str(last - first + 1)}
    return Answer(206, b"", {**headers, **sized}, contents.blocks(named(digest), first, last))


def _bounds(match: re.Match[str], size: int) -> tuple[int, int]:
    """First and last byte; `bytes=-n` are the last n (RFC 9110, 14.1.2)."""
    if match[1] is None:
        return (max(size - int(match[2]), 0), size - 1) if int(match[2]) else (size, size)
    return int(match[1]), min(int(match[2] or size - 1), size - 1)
