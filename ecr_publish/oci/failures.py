"""What a registry's refusal means: from status, code and words to one error that says what to do.

Sources: OCI distribution-spec, "Error Codes"; the ECR texts are those that users report (docs/transfer.md lists them).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ecr_publish.errors import (
    DigestMismatch,
    ImageMissing,
    NotAuthorised,
    PublishError,
    QuotaExceeded,
    RegistryRefused,
    RepositoryMissing,
    TagTaken,
    Throttled,
    TokenExpired,
    Unavailable,
)
from ecr_publish.http.answer import Answer
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, Repository

LONGEST_ASKED = 86_400.0  # seconds
LONGEST = 1000  # characters of a registry's words that are passed on; bytes of an answer that is no JSON
_TITLE = re.compile(r"<title>([^<]*)</title>", re.IGNORECASE)
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_QUOTA = re.compile(r"quota|limit.*(exceed|reach)|(exceed|reach).*limit|too many (images|tags)")
# Which IAM action stands behind a request (Amazon ECR User Guide, "Required IAM permissions").
ACTIONS = (
    ("POST", "/blobs/uploads/", "ecr:InitiateLayerUpload"),
    ("PATCH", "/blobs/uploads/", "ecr:UploadLayerPart"),
    ("PUT", "/blobs/uploads/", "ecr:CompleteLayerUpload"),
    ("HEAD", "/blobs/", "ecr:BatchCheckLayerAvailability"),
    ("GET", "/blobs/", "ecr:GetDownloadUrlForLayer"),
    ("PUT", "/manifests/", "ecr:PutImage"),
    ("HEAD", "/manifests/", "ecr:BatchGetImage"),
    ("GET", "/manifests/", "ecr:BatchGetImage"),
    ("GET", "/tags/", "ecr:ListImages"),
    ("GET", "/referrers/", "ecr:BatchGetImage"),
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The registry's own words: the first error's code and message, empty where it gave none."""

    code: str
    message: str


def diagnosis(body: bytes) -> Diagnosis:
    """Read the error envelope leniently: old answers and proxies send plain text."""
    try:
        first = json.loads(body)["errors"][0]
        return Diagnosis(_one_line(str(first.get("code", ""))), _one_line(str(first.get("message", ""))))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        text = body[:LONGEST].decode("utf-8", "replace")
        title = _TITLE.search(text)  # a proxy's page, not a registry's answer
        return Diagnosis("", _one_line(title[1] if title else "" if text.lstrip().startswith("<") else text))


def has_expired(answer: Answer) -> bool:
    """Whether the token is the trouble. ECR says so with 403 and words, ECR Public with 400, neither with 401."""
    words = diagnosis(answer.body).message.lower()
    return answer.status in (400, 401, 403) and ("token has expired" in words or "token is invalid" in words)


def refusal(method: str, path: str, repository: Repository, answer: Answer) -> PublishError:
    """The error for an answer that is no success; `path` is that of the request."""
    said = diagnosis(answer.body)
    where = f"{method} {repository} ({answer.status})"
    if answer.status == 429 or said.code == "TOOMANYREQUESTS":
        what, hint = "the registry asks to slow down", "run fewer jobs at once, or ask AWS for a higher quota"
        return _waiting(Throttled, what, said, where, hint, answer)
    if answer.status >= 500 or answer.status == 408:
        what, hint = "the registry is in trouble", "try again later; AWS Health says more"
        return _waiting(Unavailable, what, said, where, hint, answer)
    if answer.status in (401, 403) or has_expired(answer):
        return _denied(method, path, said, repository, where, expired=has_expired(answer))
    if 300 <= answer.status < 400:
        return RegistryRefused(
            what="the registry sends us elsewhere, and requests with credentials are not taken elsewhere",
            where=where,
            hint="name the registry by the host that serves /v2/ itself",
        )
    return _understood(said, repository, where, answer.status)


def trouble(who: str, where: str, answer: Answer) -> Unavailable:
    """The error for an answer of another service that may heal; it carries the seconds which that one asks for."""
    kind, what = (Throttled, "asks to slow down") if answer.status == 429 else (Unavailable, "is in trouble")
    where, hint = f"{where} ({answer.status})", "try again later"
    return _waiting(kind, f"{who} {what}", Diagnosis("", ""), where, hint, answer)


def action_of(method: str, path: str) -> str:
    """The IAM action behind a request, `ecr:*` where it is not known."""
    return next((action for verb, part, action in ACTIONS if verb == method and part in f"/{path}"), "ecr:*")


def missing_repository(repository: Repository, where: str) -> RepositoryMissing:
    """The error that names the command and the setting which create it."""
    match repository.registry:
        case EcrRegistry(region=region):
            hint = f"`aws ecr create-repository --repository-name {repository.name} --region {region}`"
        case EcrPublicRegistry():
            hint = f"`aws ecr-public create-repository --repository-name {repository.name} --region us-east-1`"
        case _:
            hint = "create it as that registry's documentation says"
    return RepositoryMissing(
        what=f"the repository {repository.name} does not exist in {repository.registry}",
        where=where,
        hint=f"{hint}, or `create: if-missing` on the environment",
    )


def _understood(said: Diagnosis, repository: Repository, where: str, status: int) -> PublishError:
    """A 4xx that is about what was asked, not about who asked."""
    words = said.message.lower()
    if said.code == "NAME_UNKNOWN":
        return missing_repository(repository, where)
    if "immutable" in words:
        return TagTaken(
            what=said.message, where=where, hint="a tag of an immutable repository never moves: use a new one"
        )
    if said.code in ("BLOB_UPLOAD_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"):
        return ImageMissing(
            what=f"something below it is not in the repository{_quoted(said)}",
            where=where,
            hint="it was removed meanwhile (a clean-up or lifecycle policy): run again, what is missing is sent then",
        )
    if status == 404:
        return ImageMissing(
            what=said.message or "it is not there",
            where=where,
            hint="see which tags are there: it was never pushed, or was removed (a clean-up or lifecycle policy)",
        )
    if said.code == "DIGEST_INVALID" or ("digest" in words and "match" in words):
        return DigestMismatch(
            what=f"the registry got other bytes than were sent{_quoted(said)}",
            where=where,
            hint="nothing was tagged; look for a proxy that changes content, then run again",
        )
    if _QUOTA.search(words):
        return QuotaExceeded(what=said.message, where=where, hint="delete images, or ask AWS for a higher quota")
    if status == 405 and said.code == "UNSUPPORTED":
        return RegistryRefused(
            what=f"ECR does not take this document: {said.message}",
            where=where,
            hint="ECR says `Invalid JSON syntax` of media types and shapes that it does not know, not only of bad JSON",
        )
    return RegistryRefused(
        what=said.message or f"refused with {status}",
        where=where,
        hint=f"see the registry's words ({said.code})" if said.code else "look at what stands before the registry",
    )


def _denied(
    method: str, path: str, said: Diagnosis, repository: Repository, where: str, *, expired: bool
) -> PublishError:
    if expired:
        return TokenExpired(
            what=said.message, where=where, hint="check this machine's clock; the token was renewed once already"
        )
    match = _ACTION.search(said.message)
    action = match[1] if match else action_of(method, path)
    if match is None and _QUOTA.search(said.message.lower()):  # ECR answers 403 there (containers-roadmap#2159)
        return QuotaExceeded(what=said.message, where=where, hint="delete images, or ask AWS for a higher quota")
    needs = f" (it needs {action})" if isinstance(repository.registry, EcrRegistry) else ""
    return NotAuthorised(
        what=said.message or f"not allowed, and no words why{needs}",
        where=where,
        hint=_permission(action, repository),
    )


def _permission(action: str, repository: Repository) -> str:
    if not isinstance(repository.registry, EcrRegistry):
        return f"log in to {repository.registry} with an account that may do this (docker login)"
    return (
        f"allow {action} on the repository {repository.name} in the role's policy; "
        "another account's repository must allow it in its repository policy too"
    )


def _waiting(kind: type[Unavailable], what: str, said: Diagnosis, where: str, hint: str, answer: Answer) -> Unavailable:
    """Retry-After in seconds, a day at most; its other form, a date, is not seen from registries."""
    asked = answer.header("retry-after") or ""
    seconds = min(float(asked), LONGEST_ASKED) if asked.isascii() and asked.isdigit() else None
    pause = f" (and to wait {seconds:.0f} s)" if seconds else ""
    error = kind(what=f"{what}{pause}{_quoted(said)}", where=where, hint=hint)
    error.retry_after = seconds
    return error


def _quoted(said: Diagnosis) -> str:
    return f": {said.message}" if said.message else ""


def _one_line(text: str) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: LONGEST + 1]).split())
    return line if len(text) <= LONGEST else f"{line[:LONGEST]} …"
