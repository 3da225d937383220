"""Manifests: read, put and deleted by tag or digest."""

from __future__ import annotations

from ecr_publish.local.apierror import ApiError
from ecr_publish.local.digests import is_digest
from ecr_publish.local.exchange import Answer, TooLarge
from ecr_publish.local.records import Image
from ecr_publish.local.registry import answers
from ecr_publish.local.registry.visit import Visit
from ecr_publish.local.translation import translated
from ecr_publish.model.digest import digest_of
from ecr_publish.model.registry import is_tag

LARGEST = 4 << 20  # ECR API Reference, PutImage, imageManifest


async def manifest(visit: Visit) -> Answer:
    """HEAD, GET, PUT, DELETE."""
    reference, putting = visit.parts["reference"], visit.exchange.method == "PUT"
    repository = visit.pushed_to if putting else visit.repository
    if not is_tag(reference) and not is_digest(reference, sha256_only=visit.ecr.quirks.sha256_only):
        # a tag with `+` is answered 400 (bazel-contrib/rules_oci#720: a HEAD, so without words)
        code = "DIGEST_INVALID" if ":" in reference else "TAG_INVALID"
        return answers.failed(400, code, "the reference is neither a tag nor a digest")
    match visit.exchange.method:
        case "PUT":
            return await _put(visit, reference)
        case "DELETE":
            tag, digest = (None, reference) if ":" in reference else (reference, None)
            with visit.ecr.store.lock:
                visit.ecr.images.delete(visit.registry, repository, tag, digest)
            return Answer(202)
        case _:
            with visit.ecr.store.lock:
                return _get(visit, reference)


def _get(visit: Visit, reference: str) -> Answer:
    image = visit.ecr.images.find(visit.repository, reference)
    if image is None or image.status_at(visit.ecr.clock.now().timestamp()) != "ACTIVE":
        return answers.failed(404, "MANIFEST_UNKNOWN", "Requested image not found")
    asked = _as_asked(visit, image, reference)
    if asked is None:
        return answers.failed(404, "MANIFEST_UNKNOWN", "Requested image not found")
    body, kind, digest = asked
    headers = {"content-type": kind}
    if visit.exchange.method == "HEAD" or not visit.ecr.quirks.no_digest_on_get:
        headers["docker-content-digest"] = digest
    if visit.exchange.method == "HEAD":
        return Answer(200, b"", {**headers, "content-length": str(len(body or b""))})
    if body is None:
        return answers.failed(404, "MANIFEST_UNKNOWN", "Requested image not found (seeded by its digest only)")
    visit.ecr.images.pulled(visit.registry, visit.repository, image, visit.principal)
    return Answer(200, body, headers)


def _as_asked(visit: Visit, image: Image, reference: str) -> tuple[bytes | None, str, str] | None:
    """Bytes, media type and digest of what the client gets; None if it takes no format that there is."""
    body: bytes | None = visit.ecr.images.body(image)
    accepted = {each.partition(";")[0].strip() for each in visit.exchange.headers.get("accept", "").split(",")}
    if accepted == {""} or {image.media_type, "*/*", "application/*"} & accepted:
        return body, image.media_type, image.digest
    if ":" in reference or body is None or not visit.ecr.quirks.translated:
        return None
    other = translated(body, image.media_type, accepted)
    return other and (*other, str(digest_of(other[0])))


async def _put(visit: Visit, reference: str) -> Answer:
    try:
        body = await visit.exchange.body(LARGEST)
    except TooLarge:
        reason = "Invalid parameter at 'imageManifest' failed to satisfy constraint: 'Member must have length less "
        return answers.failed(405, "UNSUPPORTED", reason + f"than or equal to {LARGEST}'")
    tag, digest = (None, reference) if ":" in reference else (reference, None)
    kind = visit.exchange.headers.get("content-type")
    try:
        with visit.ecr.store.lock:
            image, _ = visit.ecr.images.put(visit.registry, visit.repository, body, kind, tag, digest)
    except ApiError as error:
        if error.name == "InvalidParameterException" and not visit.ecr.quirks.bad_manifest_unsupported:
            return answers.failed(400, "MANIFEST_INVALID", error.message)
        raise
    location = f"{visit.ecr.base_url(visit.exchange)}/v2/{visit.parts['name']}/manifests/{image.digest}"
    headers = {"location": location, "docker-content-digest": image.digest}
    if image.subject is not None and not visit.ecr.quirks.no_referrers:
        headers["oci-subject"] = image.subject
    return Answer(201, b"", headers)
