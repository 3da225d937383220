"""Roles assumed by the CI's OpenID token (AssumeRoleWithWebIdentity): no AWS key is kept anywhere."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from ecr_publish.errors import NotAuthorised

AUDIENCE = "sts.amazonaws.com"
CHINA_AUDIENCE = "sts.amazonaws.com.cn"
_REFUSED = {"AccessDenied", "InvalidIdentityToken", "IDPRejectedClaim", "ExpiredTokenException", "PackedPolicyTooLarge"}


def assumed_by_token(
    sts: Any,
    request: Mapping[str, Any],
    token_for: Callable[[str], str],
    conceal: Callable[[str], None],
) -> Any:
    """The answer of AssumeRoleWithWebIdentity. A token is fetched for each call: it lives for minutes only.

    Raises NotAuthorised, which names what the token says of the job: that is what the role's trust policy must match.
    """
    from botocore.exceptions import ClientError

    role = str(request["RoleArn"])
    token = token_for(audience(role))
    conceal(token)
    try:
        return sts.assume_role_with_web_identity(**request, WebIdentityToken=token)
    except ClientError as error:
        found = error.response.get("Error", {})
        if found.get("Code") not in _REFUSED:
            raise
        raise NotAuthorised(
            what=f"{role} does not take this job's identity: {found.get('Message') or found.get('Code')}",
            where="sts assume-role-with-web-identity",
            hint=f"its trust policy must allow {claims(token)}; the account needs an identity provider for that "
            "issuer and audience. ECR_PUBLISH_WEB_IDENTITY=off assumes the role with the job's own AWS credentials",
        ) from error


def audience(role: str) -> str:
    """What AWS's documentation has identity providers list; China's partition has its own."""
    return CHINA_AUDIENCE if role.startswith("arn:aws-cn:") else AUDIENCE


def claims(token: str) -> str:
    """`iss=… sub=… aud=…`: what a token says of the job, none of it secret; the signature is not looked at."""
    try:
        body = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return " ".join(f"{name}={found.get(name)}" for name in ("iss", "sub", "aud"))
    except (IndexError, ValueError, binascii.Error, AttributeError):
        return "a token that is no JSON Web Token"
