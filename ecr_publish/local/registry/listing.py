"""Lists: tags, referrers, the catalog."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from ecr_publish.local.api.wire import invalid
from ecr_publish.local.exchange import Answer
from ecr_publish.model.digest import Digest
from ecr_publish.oci.manifest import OCI_INDEX

if TYPE_CHECKING:
    from ecr_publish.local.registry.routes import Visit

PAGE, MOST = 100, 1000


def tags(visit: Visit) -> Answer:
    """`tags/list`: unsorted, with an opaque `last`, and as text/plain."""
    names = list(visit.repository.tags)
    return _paged(visit, {"name": visit.parts["name"]}, "tags", names)


def catalog(visit: Visit) -> Answer:
    """`_catalog`."""
    return _paged(visit, {}, "repositories", sorted(visit.registry.repositories))


def referrers(visit: Visit) -> Answer:
    """`referrers/<digest>`: an index of the manifests whose subject it is (distribution-spec, "Listing Referrers")."""
    subject, wanted = visit.parts["digest"], visit.exchange.query.get("artifactType")
    found = [
        {
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": visit.ecr.store.contents.size(Digest(image.digest)),
            **({"artifactType": image.artifact_type} if image.artifact_type else {}),
            **({"annotations": image.annotations} if image.annotations else {}),
        }
        for image in visit.repository.images.values()
        if image.subject == subject and wanted in (None, image.artifact_type)
    ]
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found}).encode()
    headers = {"content-type": OCI_INDEX} | ({"oci-filters-applied": "artifactType"} if wanted else {})
    return Answer(200, body, headers)


def _paged(visit: Visit, head: dict[str, object], key: str, names: list[str]) -> Answer:
    query = visit.exchange.query
    count = query.get("n", str(PAGE))
    if not count.isdigit() or int(count) > MOST:
        raise invalid("maxResults", f"Member must have value less than or equal to {MOST}")
    start = _position(query.get("last", ""))
    following = start + int(count)
    headers = {"content-type": "text/plain; charset=utf-8"}
    if following < len(names) and int(count):
        last = base64.urlsafe_b64encode(str(following).encode()).decode()
        base = visit.ecr.base_url(visit.exchange)
        headers["link"] = f'<{base}{quote(visit.exchange.path)}?last={last}&n={count}>; rel="next"'
    return Answer(200, json.dumps({**head, key: names[start:following]}).encode(), headers)


def _position(last: str) -> int:
    try:
        return max(0, int(base64.urlsafe_b64decode(last))) if last else 0
    except ValueError as error:
        raise invalid("nextToken", "is not a valid token") from error
