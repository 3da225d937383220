"""Answers of the registry: ECR's envelope, and how the API's errors look in it.

Source: what users report of each, as the tests of /v2 pin it (tests/contract/local/test_registry.py).
"""

from __future__ import annotations

import json

from ecr_publish.local.apierror import ApiError
from ecr_publish.local.exchange import Answer

# API exception -> registry code and status
CODES = {
    "RepositoryNotFoundException": ("NAME_UNKNOWN", 404),
    "ImageNotFoundException": ("MANIFEST_UNKNOWN", 404),
    "ImageNotFound": ("MANIFEST_UNKNOWN", 404),
    "InvalidParameterException": ("UNSUPPORTED", 405),
    "ImageTagAlreadyExistsException": ("TAG_INVALID", 400),
    "ImageDigestDoesNotMatchException": ("MANIFEST_INVALID", 400),
    "LayersNotFoundException": ("BLOB_UPLOAD_UNKNOWN", 404),
    "ReferencedImagesNotFoundException": ("MANIFEST_BLOB_UNKNOWN", 404),
    "UploadNotFoundException": ("BLOB_UPLOAD_UNKNOWN", 404),
    "EmptyUploadException": ("BLOB_UPLOAD_INVALID", 400),
    "InvalidLayerException": ("BLOB_UPLOAD_INVALID", 400),
    "LayerPartTooSmallException": ("BLOB_UPLOAD_INVALID", 400),
    "LayerInaccessibleException": ("BLOB_UNKNOWN", 404),
    "LimitExceededException": ("DENIED", 403),
    "ImageReferencedByManifestList": ("DENIED", 403),
    "AccessDeniedException": ("DENIED", 403),
    "ThrottlingException": ("TOOMANYREQUESTS", 429),
}


def failed(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    """An error in the envelope (distribution-spec, "Error Codes")."""
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Answer(status, body, {"content-type": "application/json; charset=utf-8", **(headers or {})})


def of_error(error: ApiError) -> Answer:
    """The registry's form of an API error."""
    code, status = CODES.get(error.name, ("UNKNOWN", error.status))
    return failed(status, code, error.message)


def unauthorized(host: str, *, plain: bool) -> Answer:
    """401 with the Basic challenge; ECR's body is plain text."""
    headers = {"www-authenticate": f'Basic realm="https://{host}/",service="ecr.amazonaws.com"'}
    if not plain:
        return failed(401, "UNAUTHORIZED", "authentication required", headers)
    return Answer(401, b"Not Authorized\n", {"content-type": "text/plain; charset=utf-8", **headers})


def bearer_wanted(base: str) -> Answer:
    """401 with ECR Public's challenge: anybody gets a token there."""
    challenge = f'Bearer realm="{base}/token/",service="public.ecr.aws",scope="aws"'
    return Answer(
        401, b"Not Authorized\n", {"content-type": "text/plain; charset=utf-8", "www-authenticate": challenge}
    )


def no_digest(text: str) -> Answer:
    """A name that is no digest, where one is wanted."""
    return failed(400, "DIGEST_INVALID", f"'{text[:100]}' is not a digest")


def no_route() -> Answer:
    """What ECR does not know at all."""
    return Answer(404, b"404 page not found\n", {"content-type": "text/plain; charset=utf-8"})


def expired() -> Answer:
    """An expired token is 403 with words, and no challenge."""
    return failed(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")


def unknown_token() -> Answer:
    """A token that is none of ours."""
    return failed(400, "DENIED", "Your Authorization Token is invalid.")
