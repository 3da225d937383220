"""Upload sessions of `/v2`: begun, with a mount instead where that is wanted, sent in parts or as a whole, ended."""

from __future__ import annotations

import asyncio
import re

from ecr_publish.local.apierror import ApiError
from ecr_publish.local.contents import Upload
from ecr_publish.local.digests import is_digest
from ecr_publish.local.exchange import Answer, Cut
from ecr_publish.local.records import Repository
from ecr_publish.local.registry import answers
from ecr_publish.local.registry.intake import Intake, settled
from ecr_publish.local.registry.visit import Visit

_CONTENT_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")  # bytes: more digits are no position in any blob
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
            if visit.ecr.quirks.no_upload_status:
                return answers.no_route()
            return Answer(
                204, b"", {"location": _location(visit, session.id), "range": f"0-{max(session.size - 1, 0)}"}
            )


async def _start(visit: Visit) -> Answer:
    query, headers = visit.exchange.query, visit.exchange.headers
    try:
        repository = visit.pushed_to
    except ApiError as error:
        if error.name == "RepositoryNotFoundException" and visit.ecr.quirks.missing_repository_eof:
            raise Cut from error
        raise
    if "mount" in query and _mounted(visit, repository, query["mount"], query.get("from")):
        return _created(visit, query["mount"])
    if "digest" in query and not is_digest(query["digest"], sha256_only=visit.ecr.quirks.sha256_only):
        return answers.no_digest(query["digest"])
    with visit.ecr.store.lock:
        upload_id = visit.ecr.uploads.start(visit.registry, repository)
    whole = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if "digest" in query and (whole or not visit.ecr.quirks.empty_blob_refused):
        session = visit.ecr.uploads.get(visit.registry, repository, upload_id)
        await _receive(visit, session)
        await settled(session)
        return _kept(visit, repository, upload_id, query["digest"])
    more = {} if visit.ecr.quirks.no_upload_uuid else {"docker-upload-uuid": upload_id}
    return Answer(202, b"", {"location": _location(visit, upload_id), "range": "0-0", **more})


def _mounted(visit: Visit, repository: Repository, digest: str, source_name: str | None) -> bool:
    """Whether ECR mounts: setting on, same encryption, referenced at the source, and the caller may read it there."""
    quirks, registry = visit.ecr.quirks, visit.registry
    source = registry.repositories.get((source_name or "").removeprefix(visit.prefix))
    if source_name is None and not quirks.mount_needs_source:
        source = next((each for each in registry.repositories.values() if digest in each.layers), None)
    if source is None or digest not in source.layers:
        return False
    if quirks.mount_needs_setting and registry.settings.get("BLOB_MOUNTING") != "ENABLED":
        return False
    if quirks.mount_needs_reference and not source.references(digest):
        return False
    if source.encryption != repository.encryption:
        return False
    if visit.refusal("GetDownloadUrlForLayer", source) is not None:
        return False
    with visit.ecr.store.lock:
        repository.layers[digest] = source.layers[digest]
        visit.ecr.uploads.came(registry, repository, digest)
        visit.ecr.store.save(registry, repository)
    return True


async def _patch(visit: Visit) -> Answer:
    session = _session(visit)
    refused = _out_of_order(visit, session)
    if refused is not None:
        return refused
    before = session.size
    await _receive(visit, session)
    visit.ecr.uploads.part(session, session.size - before)
    last = min(session.size - 1, STICKY) if visit.ecr.quirks.sticky_range else session.size - 1
    status = 201 if visit.ecr.quirks.patch_created else 202
    return Answer(status, b"", {"location": _location(visit, session.id), "range": f"0-{max(last, 0)}"})


def _out_of_order(visit: Visit, session: Upload) -> Answer | None:
    """416 for a part that does not follow what was received, or whose length is not its range's."""
    claimed = visit.exchange.headers.get("content-range")
    if claimed is None:
        return None
    match, length = _CONTENT_RANGE.fullmatch(claimed.strip()), visit.exchange.headers.get("content-length")
    if match is not None and int(match[1]) == session.size and _as_long(match, length):
        return None
    headers = {"location": _location(visit, session.id), "range": f"0-{max(session.size - 1, 0)}"}
    return answers.failed(416, "BLOB_UPLOAD_INVALID", "the range does not follow what was received", headers)


def _as_long(match: re.Match[str], length: str | None) -> bool:
    return length is None or int(length) == int(match[2]) - int(match[1]) + 1


async def _complete(visit: Visit) -> Answer:
    session, wanted = _session(visit), visit.exchange.query.get("digest", "")
    if not is_digest(wanted, sha256_only=visit.ecr.quirks.sha256_only):
        return answers.no_digest(wanted)
    refused = _out_of_order(visit, session)
    if refused is not None:
        return refused
    before = session.size
    await _receive(visit, session)
    if session.size > before:
        visit.ecr.uploads.part(session, session.size - before)
    await settled(session)
    return _kept(visit, visit.repository, session.id, wanted)


def _kept(visit: Visit, repository: Repository, upload_id: str, digest: str) -> Answer:
    """The session ends, as a layer of the repository."""
    with visit.ecr.store.lock:
        return _created(visit, str(visit.ecr.uploads.complete(visit.registry, repository, upload_id, [digest])))


async def _receive(visit: Visit, session: Upload) -> None:
    """Take the body as it comes, at the bandwidth there is; what came before the connection broke is kept."""
    intake = Intake(session)
    try:
        async for block in visit.exchange.blocks():
            if not visit.ecr.uploads.is_open(session):  # another request has ended it meanwhile
                visit.ecr.uploads.get(visit.registry, visit.repository, session.id)
            await intake.take(block)
            if visit.ecr.bandwidth:
                await asyncio.sleep(len(block) / visit.ecr.bandwidth)
    finally:
        await intake.rest()


def _session(visit: Visit) -> Upload:
    session = visit.ecr.uploads.get(visit.registry, visit.repository, visit.parts["upload"])
    assert isinstance(session, Upload)
    return session


def _location(visit: Visit, upload_id: str) -> str:
    return f"{visit.ecr.base_url(visit.exchange)}/v2/{visit.parts['name']}/blobs/uploads/{upload_id}"


def _created(visit: Visit, digest: str) -> Answer:
    location = f"{visit.ecr.base_url(visit.exchange)}/v2/{visit.parts['name']}/blobs/{digest}"
    return Answer(201, b"", {"location": location, "docker-content-digest": digest})
