"""Whose request it is: the account from the access key id, the region from the signature's scope.

Signatures are read and not verified: there is no secret to verify them with.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ecr_publish.local.tokens import Principal

_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/[0-9]{8}/([a-z0-9-]{1,40})/([a-z0-9-]+)/aws4_request")
ROLE_KEY = "ASIA"


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal and the region a signed request is for."""

    principal: Principal
    region: str
    service: str  # the signature's: `ecr`, `sts`, `inspector2`


def caller(headers: Mapping[str, str], default_account: str) -> Caller | None:
    """The caller of a signed request; None if it is not signed (SigV4, Authorization header)."""
    match = _SCOPE.match(headers.get("authorization", ""))
    if match is None:
        return None
    key, region, service = match.groups()
    return Caller(_principal(key, default_account), region, service)


def role_key(account: str, role: str, session: str) -> str:
    """An access key id that says whose role session it is, so that it is valid after a restart too."""
    name = base64.b32encode(f"{role}/{session}".encode()).decode().rstrip("=").replace("=", "")
    return f"{ROLE_KEY}{account}{name}"


def _principal(key: str, default_account: str) -> Principal:
    if re.fullmatch(r"\d{12}", key):
        return Principal(key, f"arn:aws:iam::{key}:user/local")
    match = re.fullmatch(ROLE_KEY + r"(\d{12})([A-Z2-7]+)", key)
    if match is not None:
        padded = match[2] + "=" * (-len(match[2]) % 8)
        try:
            name = base64.b32decode(padded).decode()
        except ValueError:
            name = "role/session"
        return Principal(match[1], f"arn:aws:sts::{match[1]}:assumed-role/{name}")
    return Principal(default_account, f"arn:aws:iam::{default_account}:user/local")
