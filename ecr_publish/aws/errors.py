"""Botocore's exceptions as ours: what AWS said, which principal and action, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ecr_publish.errors import (
    MachineFault,
    NotAuthorised,
    PublishError,
    QuotaExceeded,
    RegistryRefused,
    RepositoryMissing,
    Throttled,
    Unavailable,
)

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN_KEY = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}
_TROUBLE = {"ServerException", "InternalFailure", "InternalError", "ServiceUnavailable", "ServiceUnavailableException"}


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise our error for whatever botocore raises inside. `where` names the request: `get-caller-identity @dev`."""
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        raise client_error(error.response, where) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise NotAuthorised(
            what="no AWS credentials are found",
            where=where,
            hint="set AWS_PROFILE, run `aws sso login`, or give the CI job a role (docs/aws.md)",
        ) from error
    except exceptions.ProfileNotFound as error:
        raise NotAuthorised(
            what=str(error),
            where=where,
            hint="check profile: in the file, AWS_PROFILE, and `aws configure list-profiles`",
        ) from error
    except (
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
        exceptions.UnauthorizedSSOTokenError,
    ) as error:
        raise NotAuthorised(
            what=f"the AWS credentials cannot be got: {error}", where=where, hint="log in again (`aws sso login`)"
        ) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise Unavailable(
            what=f"AWS does not answer: {error}",
            where=where,
            hint="check the network, AWS_ENDPOINT_URL_* and the region",
        ) from error
    except exceptions.BotoCoreError as error:
        raise MachineFault(
            what=f"the AWS SDK cannot work like this: {error}",
            where=where,
            hint="check ~/.aws/config and AWS_* variables",
        ) from error


def client_error(response: object, where: str) -> PublishError:
    """An error answer of AWS: told apart by its code, never by its HTTP status (ECR answers 400 to nearly all)."""
    body = response if isinstance(response, dict) else {}
    error = body.get("Error") or {}
    code, message = str(error.get("Code", "")), str(error.get("Message", "")).strip()
    if code in _EXPIRED:
        return NotAuthorised(
            what="the AWS credentials have expired",
            where=where,
            hint="log in again, or let the CI job take a new role session",
        )
    if code in _UNKNOWN_KEY:
        return NotAuthorised(
            what=f"AWS does not know these credentials ({code})",
            where=where,
            hint="check AWS_ACCESS_KEY_ID and the session token that belongs to it",
        )
    if code in _DENIED:
        return NotAuthorised(
            what=message or "access denied",
            where=where,
            hint="allow this action in the role's policy (docs/aws.md lists all)",
        )
    if code == "RepositoryNotFoundException":
        return RepositoryMissing(
            what=message, where=where, hint="create it, or say create: if-missing on the environment"
        )
    if code in _THROTTLED:
        return Throttled(what=f"AWS asks to slow down ({code})", where=where, hint="run fewer jobs at once")
    if code == "LimitExceededException":
        return QuotaExceeded(what=message, where=where, hint="ask AWS for a higher quota, or clean up")
    status = (body.get("ResponseMetadata") or {}).get("HTTPStatusCode", 400)
    if code in _TROUBLE or (isinstance(status, int) and status >= 500):
        return Unavailable(what=f"AWS is in trouble: {code} {message}".strip(), where=where, hint="try again later")
    return RegistryRefused(what=f"{code}: {message}".strip(": "), where=where, hint="see the AWS message")
