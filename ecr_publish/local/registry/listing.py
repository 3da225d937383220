"""Lists: tags, referrers, the catalog."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote

from ecr_publish.local.apierror import invalid
from ecr_publish.local.digests import is_digest, named
from ecr_publish.local.exchange import Answer
from ecr_publish.local.records import Image
from ecr_publish.local.registry import answers
from ecr_publish.local.registry.visit import Visit
from ecr_publish.oci.manifest import OCI_INDEX

PAGE, MOST = 100, 1000


def tags(visit: Visit) -> Answer:
    """`tags/list`: unsorted, with an opaque `last`, and as text/plain."""
    now, images = visit.ecr.clock.now().timestamp(), visit.repository.images
    names = [tag for tag, digest in visit.repository.tags.items() if images[digest].status_at(now) == "ACTIVE"]
    return _paged(visit, {"name": visit.parts["name"]}, "tags", names)


def catalog(visit: Visit) -> Answer:
    """`_catalog`."""
    return _paged(visit, {}, "repositories", sorted(visit.registry.repositories))


def referrers(visit: Visit) -> Answer:
    """`referrers/<digest>`: an index of the manifests whose subject it is (distribution-spec, "Listing Referrers")."""
    if visit.ecr.quirks.no_referrers:
        return answers.no_route()
    if not is_digest(visit.parts["digest"], sha256_only=visit.ecr.quirks.sha256_only):
        return answers.failed(400, "DIGEST_INVALID", "a subject is named by its digest")
    subject, wanted = visit.parts["digest"], visit.exchange.query.get("artifactType")
    found = [
        {
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": visit.ecr.store.contents.size(named(image.digest)),
            **({"artifactType": image.artifact_type} if image.artifact_type else {}),
            **({"annotations": image.annotations} if image.annotations else {}),
        }
        for image in _images(visit)
        if image.subject == subject
        and image.has_content
        and wanted in (None, image.artifact_type)
        and image.status_at(visit.ecr.clock.now().timestamp()) == "ACTIVE"
    ]
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found}).encode()
    headers = {"content-type": OCI_INDEX} | ({"oci-filters-applied": "artifactType"} if wanted else {})
    return Answer(200, body, headers)


def _images(visit: Visit) -> list[Image]:
    """All images; by the specification a subject that is nowhere has an empty list, not an error."""
    if not visit.ecr.quirks.repository_required and visit.name not in visit.registry.repositories:
        return []
    return list(visit.repository.images.values())


def _paged(visit: Visit, head: dict[str, object], key: str, names: list[str]) -> Answer:
    quirks, query = visit.ecr.quirks, visit.exchange.query
    count = query.get("n", str(PAGE if quirks.opaque_pages else MOST))
    if not re.fullmatch("[0-9]{1,9}", count) or (int(count) > MOST and quirks.opaque_pages):
        raise invalid("maxResults", f"Member must have value less than or equal to {MOST}")
    found, last = (_opaque if quirks.opaque_pages else _lexical)(names, int(count), query.get("last", ""))
    headers = {"content-type": "text/plain; charset=utf-8" if quirks.opaque_pages else "application/json"}
    if last is not None:
        base = visit.ecr.base_url(visit.exchange)
        headers["link"] = f'<{base}{quote(visit.exchange.path)}?last={quote(last)}&n={count}>; rel="next"'
    return Answer(200, json.dumps({**head, key: found}).encode(), headers)


def _lexical(names: list[str], count: int, last: str) -> tuple[list[str], str | None]:
    """The names that follow `last` in the alphabet (distribution-spec, "Listing Tags")."""
    following = sorted(name for name in names if name > last)
    return following[:count], following[count - 1] if 0 < count < len(following) else None


def _opaque(names: list[str], count: int, last: str) -> tuple[list[str], str | None]:
    """ECR's own pages: `last` is a token."""
    try:
        start = max(0, int(base64.urlsafe_b64decode(last))) if last else 0
    except ValueError as error:
        raise invalid("nextToken", "is not a valid token") from error
    end = start + count
    more = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(names) and count else None
    return names[start:end], more
