"""Identities of other issuers: whose tokens AssumeRoleWithWebIdentity takes, and which roles trust them.

Sources: STS API Reference, AssumeRoleWithWebIdentity (its errors); IAM User Guide, "Create an OpenID Connect identity
provider" (issuer, audiences) and "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecr_publish.errors import UsageError
from ecr_publish.local.apierror import ApiError

ALGORITHMS = ("RS256", "ES256")
AUDIENCE = "sts.amazonaws.com"
ACTION = "sts:AssumeRoleWithWebIdentity"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OpenID Connect provider: its URL, its public keys by their id ("" for one without), its audiences."""

    url: str
    keys: Mapping[str, Any]
    audiences: tuple[str, ...] = (AUDIENCE,)

    @property
    def provider(self) -> str:
        """As ARNs and condition keys name it: the URL without its scheme."""
        return self.url.partition("://")[2].rstrip("/")


def issuer(url: str, keys: str, audiences: tuple[str, ...] = (AUDIENCE,)) -> Issuer:
    """An issuer by the text of its keys: a JWK set, or one public key as PEM. Raises UsageError for what is neither."""
    jwt = _library()
    try:
        if "-----BEGIN" in keys:
            from cryptography.hazmat.primitives.serialization import load_pem_public_key

            return Issuer(url, {"": load_pem_public_key(keys.encode())}, audiences)
        value = json.loads(keys)
        listed = value.get("keys", [value]) if isinstance(value, dict) else value
        return Issuer(url, {str(each.get("kid", "")): jwt.PyJWK(each).key for each in listed}, audiences)
    except (ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise UsageError(
            what=f"these are no public keys: {error}",
            where=f"issuer {url}",
            hint="give a JWK set (what the issuer's jwks_uri serves) or a public key as PEM",
        ) from error


@dataclass(frozen=True, slots=True)
class Trust:
    """A role and its trust policy, as IAM keeps it."""

    role: str  # its ARN
    policy: Mapping[str, Any]


@dataclass
class Federation:
    """Issuers, and the roles that trust them. A role that is not listed trusts no issuer."""

    issuers: list[Issuer] = field(default_factory=list)
    roles: list[Trust] = field(default_factory=list)

    def identity(self, role: str, token: str, now: float) -> Mapping[str, Any]:
        """The claims of a token with which this role may be assumed. Raises ApiError with STS's own names.

        `now` is in epoch seconds, on the embedded ECR's clock.
        """
        claims, issuer = self._verified(token)
        _in_time(claims, now)
        audience = claims.get("aud")
        given = audience if isinstance(audience, list) else [audience]
        if not set(map(str, given)) & set(issuer.audiences):
            raise _invalid("Incorrect token audience")
        if not any(_trusts(each.policy, issuer, claims) for each in self.roles if each.role == role):
            raise ApiError("AccessDenied", f"Not authorized to perform {ACTION}", 403)
        return claims

    def _verified(self, token: str) -> tuple[Mapping[str, Any], Issuer]:
        """Claims and issuer of a token that the issuer has signed."""
        jwt = _library()
        try:
            head = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except jwt.PyJWTError as error:
            raise _invalid("The ID Token provided is not a valid JWT.") from error
        issuer = next((each for each in self.issuers if each.url.rstrip("/") == str(claimed).rstrip("/")), None)
        if issuer is None:
            raise _invalid(f"No OpenIDConnect provider found in your account for {str(claimed)[:200]}")
        key = issuer.keys.get(str(head.get("kid", ""))) or issuer.keys.get("")
        if key is None:
            raise _invalid("Couldn't retrieve verification key from your identity provider")
        checked_here = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        try:
            return jwt.decode(token, key, algorithms=ALGORITHMS, options=checked_here), issuer
        except (jwt.PyJWTError, TypeError) as error:
            raise _invalid("The web identity token that was passed could not be validated by AWS.") from error


def _in_time(claims: Mapping[str, Any], now: float) -> None:
    """The clock is the embedded ECR's, so not the library's."""
    expires, begins = claims.get("exp"), claims.get("nbf", now)
    if not isinstance(expires, int | float) or not isinstance(begins, int | float):
        raise _invalid("Missing a required claim: exp")
    if expires <= now:
        words = f"Token expired: current date/time {int(now)} must be before the expiration date/time {int(expires)}"
        raise ApiError("ExpiredTokenException", words)
    if begins > now:
        raise _invalid("Token is not yet valid")


def _trusts(policy: Mapping[str, Any], issuer: Issuer, claims: Mapping[str, Any]) -> bool:
    """IAM's rule for one document: some statement allows and none denies. What is not known here matches nothing."""
    statements = policy.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    matching = [each for each in statements if isinstance(each, dict) and _matches(each, issuer, claims)]
    return any(each.get("Effect") == "Allow" for each in matching) and not any(
        each.get("Effect") == "Deny" for each in matching
    )


def _matches(statement: Mapping[str, Any], issuer: Issuer, claims: Mapping[str, Any]) -> bool:
    who = statement.get("Principal")
    names = _listed(who.get("Federated")) if isinstance(who, dict) else []
    if not any(name.partition("oidc-provider/")[2] == issuer.provider for name in names):
        return False
    if ACTION not in _listed(statement.get("Action")):
        return False
    return all(
        _holds(operator, key, _listed(wanted), issuer, claims)
        for operator, pairs in statement.get("Condition", {}).items()
        for key, wanted in pairs.items()
    )


def _holds(operator: str, key: str, wanted: list[str], issuer: Issuer, claims: Mapping[str, Any]) -> bool:
    provider, _, claim = key.rpartition(":")
    given = _listed(claims.get(claim)) if provider == issuer.provider else []
    match operator:
        case "StringEquals":
            return any(each in wanted for each in given)
        case "StringLike":
            return any(_like(each, pattern) for each in given for pattern in wanted)
        case "StringNotEquals":
            return not any(each in wanted for each in given)
        case "StringNotLike":
            return not any(_like(each, pattern) for each in given for pattern in wanted)
        case _:
            return False


def _like(text: str, pattern: str) -> bool:
    """IAM's wildcards: `*` and `?`, and no others."""
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []


def trust_policy(issuer: Issuer, account: str, audience: str, subject: str) -> Mapping[str, Any]:
    """The usual trust policy: one audience, and subjects by a pattern."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{issuer.provider}"},
                "Action": ACTION,
                "Condition": {
                    "StringEquals": {f"{issuer.provider}:aud": audience},
                    "StringLike": {f"{issuer.provider}:sub": subject},
                },
            }
        ],
    }


def _invalid(words: str) -> ApiError:
    return ApiError("InvalidIdentityToken", words)


def _library() -> Any:
    try:
        import jwt
    except ImportError as error:
        raise UsageError(
            what="web identities need the package that verifies their signatures, and it is not installed",
            where="issuers",
            hint="pip install 'ecr-publish[oidc]'",
        ) from error
    return jwt
