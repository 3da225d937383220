"""Registry tokens: base64 of `AWS:password`; the password says whose it is and until when, signed. ECR Public's `/v2`
wants a Bearer token instead, which its token service gives for such a one, or to anybody."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

LIFE_SECONDS = 12 * 3600  # ECR API Reference, GetAuthorizationToken
BEARER_SECONDS = 3600  # oras-project/oras-go#1227


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


_BEARER = "bearer"  # in place of a region


class BadToken(Exception):
    """Not one of ours: malformed, or signed with another key."""


# Who pulls from ECR Public without a token of an account.
ANYBODY = Principal("", "anonymous")


def issue(key: bytes, principal: Principal, region: str, expires: float, serial: int) -> str:
    """A token; the whole of what `Authorization: Basic` carries."""
    password = _sealed(key, Token(principal, region, expires, serial))
    return base64.b64encode(f"AWS:{password}".encode()).decode()


def bearer(key: bytes, principal: Principal, expires: float, serial: int) -> str:
    """A token as `Authorization: Bearer` carries it."""
    return _sealed(key, Token(principal, _BEARER, expires, serial))


def read(key: bytes, token: str) -> Token:
    """What a token says. Raises BadToken."""
    try:
        user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (ValueError, UnicodeDecodeError) as error:
        raise BadToken("malformed") from error
    if user != "AWS":
        raise BadToken("unknown")
    return _opened(key, password)


def read_bearer(key: bytes, token: str) -> Token:
    """What a Bearer token says. Raises BadToken."""
    found = _opened(key, token)
    if found.region != _BEARER:
        raise BadToken("the password of a Basic token")
    return found


def _sealed(key: bytes, token: Token) -> str:
    who = token.principal
    claims = json.dumps([who.account, who.arn, token.region, token.expires, token.serial], separators=(",", ":"))
    return base64.urlsafe_b64encode(claims.encode()).decode() + "." + _signature(key, claims.encode())


def _opened(key: bytes, text: str) -> Token:
    try:
        encoded, _, signature = text.partition(".")
        claims = base64.urlsafe_b64decode(encoded)
        account, arn, region, expires, serial = json.loads(claims)
    except (ValueError, UnicodeDecodeError) as error:
        raise BadToken("malformed") from error
    if not hmac.compare_digest(signature.encode(), _signature(key, claims).encode()):
        raise BadToken("unknown")
    return Token(Principal(account, arn), region, float(expires), int(serial))


def _signature(key: bytes, claims: bytes) -> str:
    return hmac.new(key, claims, hashlib.sha256).hexdigest()
