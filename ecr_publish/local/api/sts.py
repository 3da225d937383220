"""STS by its query protocol: GetCallerIdentity, AssumeRole and AssumeRoleWithWebIdentity."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ecr_publish.local.apierror import ApiError
from ecr_publish.local.federation import Federation
from ecr_publish.local.principal import role_key
from ecr_publish.local.tokens import Principal

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_ROLE = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]+)")


def answer(body: bytes, principal: Principal | None, now: datetime, federation: Federation) -> bytes:
    """The XML answer of one action; without a principal the request is not signed. Raises ApiError."""
    form = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
    if form.get("Action") == "AssumeRoleWithWebIdentity":
        return _assume_role_with_web_identity(form, now, federation)
    if principal is None:
        raise ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    match form.get("Action"):
        case "GetCallerIdentity":
            return _xml(
                "GetCallerIdentity", {"Arn": principal.arn, "UserId": "AIDALOCAL", "Account": principal.account}
            )
        case "AssumeRole":
            return _wrapped("AssumeRole", _session(form, now))
        case other:
            raise ApiError("InvalidAction", f"The embedded STS does not serve {other}")


def _assume_role_with_web_identity(form: dict[str, str], now: datetime, federation: Federation) -> bytes:
    """Not signed: the token is what says who calls, and the account is the role's."""
    session, token = _session(form, now), form.get("WebIdentityToken", "")
    if not 4 <= len(token) <= 20000:
        raise ApiError("ValidationError", "WebIdentityToken must have from 4 to 20000 characters")
    claims = federation.identity(form["RoleArn"], token, now.timestamp())
    audience = claims["aud"][0] if isinstance(claims["aud"], list) else claims["aud"]
    said = {"SubjectFromWebIdentityToken": claims.get("sub", ""), "Audience": audience, "Provider": claims["iss"]}
    more = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in said.items())
    return _wrapped("AssumeRoleWithWebIdentity", session + more)


def _session(form: dict[str, str], now: datetime) -> str:
    """Credentials of a role session. Raises ApiError for a role, name or duration that is none."""
    arn, session = form.get("RoleArn", ""), form.get("RoleSessionName", "")
    match = _ROLE.fullmatch(arn)
    if match is None:
        raise ApiError("ValidationError", f"{arn} is invalid")
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", session):
        raise ApiError("ValidationError", f"RoleSessionName {session!r} is invalid")
    account, role = match.groups()
    duration = form.get("DurationSeconds", "3600")
    seconds = int(duration) if re.fullmatch("[0-9]{1,6}", duration) else 0
    if not 900 <= seconds <= 43200:
        raise ApiError("ValidationError", "DurationSeconds must be from 900 to 43200")
    expires = (now + timedelta(seconds=seconds)).astimezone(UTC)
    key = role_key(account, role, session)
    name = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    return (
        f"<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>local</SecretAccessKey>"
        f"<SessionToken>local-session</SessionToken><Expiration>{expires:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
        f"<AssumedRoleUser><AssumedRoleId>AROALOCAL:{escape(session)}</AssumedRoleId><Arn>{escape(name)}</Arn>"
        "</AssumedRoleUser>"
    )


def _xml(action: str, members: dict[str, str]) -> bytes:
    return _wrapped(action, "".join(f"<{key}>{escape(value)}</{key}>" for key, value in members.items()))


def _wrapped(action: str, inner: str) -> bytes:
    return (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{inner}</{action}Result>'
        "<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata>"
        f"</{action}Response>"
    ).encode()


def error_body(error: ApiError) -> bytes:
    """An error in STS's form."""
    return (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type><Code>{escape(error.name)}</Code>'
        f"<Message>{escape(error.message)}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
    ).encode()
