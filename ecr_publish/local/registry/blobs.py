"""Blobs: upload sessions, mounts, existence and download."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from ecr_publish.local.api.wire import ApiError
from ecr_publish.local.contents import Upload
from ecr_publish.local.exchange import Answer
from ecr_publish.local.records import Repository
from ecr_publish.local.registry import answers
from ecr_publish.model.digest import Digest

if TYPE_CHECKING:
    from ecr_publish.local.registry.routes import Visit

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_CONTENT_RANGE = re.compile(r"(\d+)-(\d+)")
STICKY = (10 << 20) - 1


async def upload(visit: Visit) -> Answer:
    """POST, PATCH, PUT, GET, DELETE of upload sessions."""
    match visit.exchange.method:
        case "POST":
            return await _start(visit)
        case "PATCH":
            return await _patch(visit)
        case "PUT":
            return await _complete(visit)
        case "DELETE":
            visit.ecr.uploads.abandon(visit.registry, visit.repository, visit.parts["upload"])
            return Answer(204)
        case _:
            session = _session(visit)
            return Answer(
                204, b"", {"location": _location(visit, session.id), "range": f"0-{max(session.size - 1, 0)}"}
            )


async def _start(visit: Visit) -> Answer:
    repository, query = visit.repository, visit.exchange.query
    if "mount" in query and _mounted(visit, repository, query["mount"], query.get("from", "")):
        return _created(visit, query["mount"])
    upload_id = visit.ecr.uploads.start(visit.registry, repository)
    if "digest" in query and int(visit.exchange.headers.get("content-length", "0") or 0):
        await _receive(visit, visit.ecr.uploads.get(visit.registry, repository, upload_id))
        digest = visit.ecr.uploads.complete(visit.registry, repository, upload_id, [query["digest"]])
        return _created(visit, str(digest))
    more = {} if visit.ecr.quirks.no_upload_uuid else {"docker-upload-uuid": upload_id}
    return Answer(202, b"", {"location": _location(visit, upload_id), "range": "0-0", **more})


def _mounted(visit: Visit, repository: Repository, digest: str, source_name: str) -> bool:
    """Whether ECR mounts: setting on, same encryption, referenced at the source, and the caller may read it there."""
    quirks, registry = visit.ecr.quirks, visit.registry
    source = registry.repositories.get(source_name)
    if source is None or digest not in source.layers:
        return False
    if quirks.mount_needs_setting and registry.settings.get("BLOB_MOUNTING") != "ENABLED":
        return False
    if quirks.mount_needs_reference and not source.references(digest):
        return False
    if source.encryption != repository.encryption:
        return False
    visit.allow("GetDownloadUrlForLayer", source)
    repository.layers[digest] = source.layers[digest]
    visit.ecr.store.save(registry, repository)
    return True


async def _patch(visit: Visit) -> Answer:
    session = _session(visit)
    claimed = visit.exchange.headers.get("content-range")
    if claimed is not None:
        match = _CONTENT_RANGE.fullmatch(claimed.strip())
        if match is None or int(match[1]) != session.size:
            headers = {"location": _location(visit, session.id), "range": f"0-{max(session.size - 1, 0)}"}
            return answers.failed(416, "BLOB_UPLOAD_INVALID", "the range does not follow what was received", headers)
    await _receive(visit, session)
    last = min(session.size - 1, STICKY) if visit.ecr.quirks.sticky_range else session.size - 1
    status = 201 if visit.ecr.quirks.patch_created else 202
    return Answer(status, b"", {"location": _location(visit, session.id), "range": f"0-{max(last, 0)}"})


async def _complete(visit: Visit) -> Answer:
    session, wanted = _session(visit), visit.exchange.query.get("digest", "")
    if not _DIGEST.fullmatch(wanted):
        return answers.failed(400, "DIGEST_INVALID", f"'{wanted[:100]}' is not a digest")
    await _receive(visit, session)
    digest = visit.ecr.uploads.complete(visit.registry, visit.repository, session.id, [wanted])
    return _created(visit, str(digest))


async def _receive(visit: Visit, session: Upload) -> None:
    """Take the body as it comes, at the bandwidth there is."""
    async for block in visit.exchange.blocks():
        session.write(block)
        if visit.ecr.bandwidth:
            await asyncio.sleep(len(block) / visit.ecr.bandwidth)


def _session(visit: Visit) -> Upload:
    session = visit.ecr.uploads.get(visit.registry, visit.repository, visit.parts["upload"])
    assert isinstance(session, Upload)
    return session


def _location(visit: Visit, upload_id: str) -> str:
    return f"{visit.ecr.base_url(visit.exchange)}/v2/{visit.parts['name']}/blobs/uploads/{upload_id}"


def _created(visit: Visit, digest: str) -> Answer:
    location = f"{visit.ecr.base_url(visit.exchange)}/v2/{visit.parts['name']}/blobs/{digest}"
    return Answer(201, b"", {"location": location, "docker-content-digest": digest})


def blob(visit: Visit) -> Answer:
    """HEAD, GET and DELETE of a blob."""
    digest, repository = visit.parts["digest"], visit.repository
    if not _DIGEST.fullmatch(digest):
        return answers.failed(400, "DIGEST_INVALID", f"'{digest[:100]}' is not a digest")
    size = repository.layers.get(digest)
    if size is None:
        return answers.failed(404, "BLOB_UNKNOWN", f"The layer with digest {digest} does not exist")
    headers = {"docker-content-digest": digest, "content-type": "application/octet-stream", "accept-ranges": "bytes"}
    if visit.exchange.method == "HEAD":
        return Answer(200, b"", {**headers, "content-length": str(size)})
    if visit.exchange.method == "DELETE":
        return answers.failed(405, "UNSUPPORTED", "ECR has no action that deletes a layer")
    if visit.ecr.quirks.redirect_blobs:
        location = f"{visit.ecr.storage_base(visit.exchange)}/_storage/{quote(digest, safe=':')}?signature=local"
        return Answer(307, b"", {"location": location})
    return content(visit.ecr, digest, visit.exchange.headers.get("range"), headers)


def content(ecr: object, digest: str, wanted: str | None, headers: dict[str, str]) -> Answer:
    """The bytes, or a range of them (RFC 9110, "Range Requests")."""
    contents = ecr.store.contents  # type: ignore[attr-defined]
    try:
        size = contents.size(Digest(digest))
    except KeyError as error:
        raise ApiError("LayersNotFoundException", f"The layer with digest {digest} does not exist") from error
    match = _RANGE.fullmatch(wanted or "")
    if match is None:
        return Answer(200, b"", {**headers, "content-length": str(size)}, contents.blocks(Digest(digest)))
    first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    if first > last:
        return Answer(416, b"", {"content-range": f"bytes */{size}"})
    sized = {"content-range": f"bytes {first}-{last}/{size}", "content-length": str(last - first + 1)}
    return Answer(206, b"", {**headers, **sized}, contents.blocks(Digest(digest), first, last))
