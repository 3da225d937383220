"""Storage: S3's part, to which GET of a blob redirects. A digest is enough; any other authorization is refused."""

from __future__ import annotations

from typing import Any

from ecr_publish.local.apierror import ApiError
from ecr_publish.local.exchange import Answer, Exchange
from ecr_publish.local.registry import blobs

PREFIX = "/_storage/"


def served(ecr: Any, exchange: Exchange) -> Answer:
    """The bytes of a layer."""
    if "authorization" in exchange.headers:
        message = b"<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>"
        return Answer(400, message, {"content-type": "application/xml"})
    headers = {"content-type": "application/octet-stream", "accept-ranges": "bytes"}
    try:
        return blobs.content(ecr, exchange.path.removeprefix(PREFIX), exchange.headers.get("range"), headers)
    except ApiError as error:  # a name that is no digest is simply not there, too
        return Answer(404, str(error).encode()[:200])
