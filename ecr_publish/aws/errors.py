"""Botocore's exceptions as ours: what AWS said, which principal and action, and what to do about it.

Told apart by the error's code, never by its HTTP status: the JSON APIs answer 400 to nearly everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ecr_publish.errors import (
    ImageMissing,
    MachineFault,
    NotAuthorised,
    PublishError,
    QuotaExceeded,
    RegistryRefused,
    RepositoryMissing,
    Throttled,
    Unavailable,
)

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_CLOCK = {"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"}
_UNKNOWN_KEY = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
}
_TROUBLE = {"ServerException", "InternalFailure", "InternalError", "ServiceUnavailable", "ServiceUnavailableException"}
LONGEST = 500  # characters of AWS's words that are shown: a proxy may answer with a whole page
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise our error for whatever botocore raises inside. `where` names the request: `get-caller-identity @dev`."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    try:
        yield
    except exceptions.ClientError as error:
        raise client_error(error.response, where) from error
    except exceptions.BotoCoreError as error:
        raise sdk_error(error, where) from error
    except ResponseParserError as error:
        raise Unavailable(
            what="the answer is not in AWS's form",
            where=where,
            hint="look for a proxy that answers instead of AWS, and check AWS_ENDPOINT_URL_*",
        ) from error
    except RuntimeError as error:
        if "still expired" not in str(error):
            raise
        # botocore's way of saying that a new role session is over already by this machine's clock
        raise NotAuthorised(
            what="new AWS credentials are expired as soon as they come",
            where=where,
            hint="set this machine's clock",
        ) from error


def client_error(response: Any, where: str) -> PublishError:
    """An error answer of AWS as ours. Its words are shown only where they hold no part of a request."""
    body: Mapping[str, Any] = response if isinstance(response, Mapping) else {}
    error = body.get("Error") or {}
    code, message = str(error.get("Code", "")), " ".join(str(error.get("Message", "")).split())[:LONGEST]
    status = (body.get("ResponseMetadata") or {}).get("HTTPStatusCode", 400)
    if (refused := _credentials(code, message, where)) is not None:
        return refused
    if code == "RepositoryNotFoundException":
        return RepositoryMissing(
            what=message or "the repository does not exist",
            where=where,
            hint="`aws ecr create-repository --repository-name NAME`, or create: if-missing on the environment",
        )
    if code == "ImageNotFoundException":
        return ImageMissing(
            what=message or "the image is not there", where=where, hint="`aws ecr list-images` shows what is"
        )
    if code in _THROTTLED:
        return Throttled(what=f"AWS asks to slow down ({code})", where=where, hint="run fewer jobs at once")
    if code == "LimitExceededException":
        return QuotaExceeded(
            what=message or "a quota is used up", where=where, hint="ask for more in Service Quotas, or clean up"
        )
    if code in _TROUBLE or (isinstance(status, int) and status >= 500):
        return Unavailable(what=f"AWS is in trouble: {code} {message}".strip(), where=where, hint="try again later")
    return RegistryRefused(
        what=f"{code}: {message}".strip(": ") or f"refused with {status}",
        where=where,
        hint="the words are those of AWS; the API reference of this operation explains the code",
    )


def _credentials(code: str, message: str, where: str) -> NotAuthorised | None:
    if code in _EXPIRED:
        return NotAuthorised(
            what="the AWS credentials have expired",
            where=where,
            hint="log in again (`aws sso login`), or let the CI job take a new role session",
        )
    if code in _CLOCK or "Signature expired" in message or "Signature not yet current" in message:
        return NotAuthorised(
            what=f"AWS takes this request for an old one ({code})",
            where=where,
            hint="set this machine's clock: signatures are valid for minutes",
        )
    if code in _UNKNOWN_KEY:
        # the message of a bad signature repeats the whole request: not shown
        return NotAuthorised(
            what=f"AWS does not know these credentials ({code})",
            where=where,
            hint="check AWS_ACCESS_KEY_ID with the secret and session token that belong to it, or profile:",
        )
    if code not in _DENIED:
        return None
    match = _ACTION.search(message)
    action = match[1] if match else None
    if action == "sts:AssumeRole":
        hint = "check role: of the environment, and that the role's trust policy names the calling principal"
    elif action:
        hint = f"allow {action} in the role's policy (docs/aws.md lists what each step needs)"
    else:
        hint = "allow this action in the role's policy (docs/aws.md lists what each step needs)"
    return NotAuthorised(what=message or "access denied", where=where, hint=hint)


def sdk_error(error: Exception, where: str) -> PublishError:
    """What the SDK itself cannot do: find credentials, reach AWS, read its configuration."""
    from botocore import exceptions

    match error:
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return NotAuthorised(
                what="no AWS credentials are found"
                if isinstance(error, exceptions.NoCredentialsError)
                else f"the AWS credentials are not complete: {error}",
                where=where,
                hint="set AWS_PROFILE, run `aws sso login`, or give the CI job a role (docs/aws.md)",
            )
        case exceptions.ProfileNotFound():
            return NotAuthorised(
                what=str(error),
                where=where,
                hint="check profile: in the file, AWS_PROFILE, and `aws configure list-profiles`",
            )
        case exceptions.CredentialRetrievalError():
            # may hold the output of somebody's credential process: not shown
            return NotAuthorised(
                what=f"the credential provider {error.kwargs.get('provider', '')!r} gives none",
                where=where,
                hint="run `aws sts get-caller-identity` with the same profile to see why",
            )
        case (
            exceptions.TokenRetrievalError()
            | exceptions.SSOError()
            | exceptions.LoginError()
            | exceptions.NoAuthTokenError()
            | exceptions.RefreshWithMFAUnsupportedError()
            | exceptions.MetadataRetrievalError()
        ):
            return NotAuthorised(
                what=f"the AWS login is not usable: {error}", where=where, hint="log in again (`aws sso login`)"
            )
        case exceptions.SSLError() if (final := _final(error, where)) is not None:
            return final
        case exceptions.ConnectionError() | exceptions.HTTPClientError():
            return Unavailable(
                what=f"AWS does not answer: {error}",
                where=where,
                hint="check the network, the region, AWS_ENDPOINT_URL_*, and a VPC endpoint where there is no internet",
            )
        case _:
            return MachineFault(
                what=f"the AWS SDK cannot work like this: {error}",
                where=where,
                hint="check ~/.aws/config and the AWS_* variables",
            )


def _final(error: Exception, where: str) -> PublishError | None:
    """What TLS says that asking again does not heal: whose certificate is not trusted stays so."""
    from ecr_publish.http.failures import Final, connection_failure

    cause = getattr(error, "kwargs", {}).get("error")
    failure = connection_failure(cause, where) if isinstance(cause, Exception) else None
    return failure if isinstance(failure, Final) else None
