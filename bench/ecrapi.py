"""Calls of ECR's API at an embedded ECR, without an SDK."""

import http.client
import json
from typing import Any


def called(port: int, operation: str, account: str, region: str, **given: object) -> dict[str, Any]:
    """One call, as an account in a region; its answer."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    signed = f"AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/ecr/aws4_request"
    target = f"AmazonEC2ContainerRegistry_V20150921.{operation}"
    link.request("POST", "/", json.dumps(given), {"Authorization": signed, "X-Amz-Target": target})
    answer = link.getresponse()
    said = answer.read()
    link.close()
    if answer.status != 200:
        raise SystemExit(f"{operation} is answered {answer.status}: {said[:300]!r}")
    found: dict[str, Any] = json.loads(said)
    return found


def token(port: int, account: str, region: str) -> str:
    """What `Authorization: Basic` carries to the registry of that account and region."""
    (data,) = called(port, "GetAuthorizationToken", account, region)["authorizationData"]
    return str(data["authorizationToken"])
