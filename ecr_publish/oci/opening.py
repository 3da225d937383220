"""Opening: the POST that begins an upload, or mounts a blob in its place."""

from __future__ import annotations

from ecr_publish.errors import NotAuthorised, PublishError, RepositoryMissing, Unavailable
from ecr_publish.http.answer import Answer
from ecr_publish.http.failures import Cut
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.oci.wire import Request, Wire

_MAYBE = "ECR cuts the connection like this where ecr:InitiateLayerUpload is not allowed; else it is the network"


def posted(wire: Wire, ok: tuple[int, ...], query: str = "") -> Answer:
    """The answer to one attempt. ECR cuts the connection where the repository or the permission is missing
    (containers-roadmap#1970): there it is looked at before anything is said."""
    try:
        return wire.once(Request("POST", f"blobs/uploads/{query}", ok, length=0))
    except Cut as error:
        raise (_looked_at(wire, error) if isinstance(wire.repository.registry, EcrRegistry) else error) from error


def _looked_at(wire: Wire, cut: Cut) -> PublishError:
    try:
        wire.once(Request("GET", "tags/list?n=1", (200,)))
    except RepositoryMissing as missing:
        return missing
    except NotAuthorised as refused:
        return Unavailable(what=cut.what, where=cut.where, hint=f"{_MAYBE}; ecr:ListImages is refused: {refused.what}")
    except PublishError:
        return cut
    return Unavailable(what=cut.what, where=cut.where, hint=f"{_MAYBE}; the repository itself exists")
