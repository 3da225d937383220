"""Answers of the JSON and query services: bodies, and errors in each one's form."""

from __future__ import annotations

from ecr_publish.local.api import inspector, sts, wire
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.exchange import Answer


def json_answer(status: int, body: bytes) -> Answer:
    """A body of the JSON protocol."""
    return Answer(status, body, {"content-type": "application/x-amz-json-1.1"})


def failed(error: ApiError, service: str) -> Answer:
    """An error as `service` (ecr, ecr-public, sts, inspector2) puts it."""
    if service == "sts":
        return Answer(error.status, sts.error_body(error), {"content-type": "text/xml"})
    if service == inspector.SERVICE:
        # REST: the error's name is a header (Smithy, "AWS restJson1 protocol", operation error serialization)
        headers = {"content-type": "application/json", "x-amzn-errortype": error.name}
        return Answer(error.status, wire.error_body(error), headers)
    return json_answer(error.status, wire.error_body(error))
