"""Registry tokens: base64 of `AWS:password`; the password says whose it is and until when, signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

LIFE_SECONDS = 12 * 3600  # ECR API Reference, GetAuthorizationToken


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: the account and the ARN."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says."""

    principal: Principal
    region: str
    expires: float
    serial: int  # how many were issued before it


class BadToken(Exception):
    """Not one of ours: malformed, or signed with another key."""


def issue(key: bytes, principal: Principal, region: str, expires: float, serial: int) -> str:
    """A token; the whole of what `Authorization: Basic` carries."""
    claims = json.dumps([principal.account, principal.arn, region, expires, serial], separators=(",", ":")).encode()
    password = base64.urlsafe_b64encode(claims).decode() + "." + _signature(key, claims)
    return base64.b64encode(f"AWS:{password}".encode()).decode()


def read(key: bytes, token: str) -> Token:
    """What a token says. Raises BadToken."""
    try:
        user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        encoded, _, signature = password.partition(".")
        claims = base64.urlsafe_b64decode(encoded)
        account, arn, region, expires, serial = json.loads(claims)
    except (ValueError, UnicodeDecodeError) as error:
        raise BadToken("malformed") from error
    if user != "AWS" or not hmac.compare_digest(signature, _signature(key, claims)):
        raise BadToken("unknown")
    return Token(Principal(account, arn), region, float(expires), int(serial))


def _signature(key: bytes, claims: bytes) -> str:
    return hmac.new(key, claims, hashlib.sha256).hexdigest()
