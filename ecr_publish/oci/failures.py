"""What a registry's refusal means: from status, code and words to one error that says what to do.

Sources: OCI distribution-spec, "Error Codes"; the ECR texts are those that users report (docs/transfer.md lists them).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ecr_publish.errors import (
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
from ecr_publish.http.transport import Answer
from ecr_publish.model.registry import EcrRegistry, Repository

_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
# Which IAM action stands behind a request (Amazon ECR User Guide, "Required IAM permissions").
_ACTIONS = (
    ("HEAD", "/blobs/", "ecr:BatchCheckLayerAvailability"),
    ("GET", "/blobs/", "ecr:GetDownloadUrlForLayer"),
    ("POST", "/blobs/uploads/", "ecr:InitiateLayerUpload"),
    ("PATCH", "/blobs/uploads/", "ecr:UploadLayerPart"),
    ("PUT", "/blobs/uploads/", "ecr:CompleteLayerUpload"),
    ("PUT", "/manifests/", "ecr:PutImage"),
    ("HEAD", "/manifests/", "ecr:BatchGetImage"),
    ("GET", "/manifests/", "ecr:BatchGetImage"),
    ("GET", "/tags/", "ecr:ListImages"),
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
        return Diagnosis(str(first.get("code", "")), _one_line(str(first.get("message", ""))))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Diagnosis("", _one_line(body[:300].decode("utf-8", "replace")))


def has_expired(answer: Answer) -> bool:
    """Whether the token is the trouble. ECR says so with 403 and words, not with 401."""
    words = diagnosis(answer.body).message.lower()
    return answer.status in (400, 401, 403) and ("token has expired" in words or "token is invalid" in words)


def refusal(method: str, path: str, repository: Repository, answer: Answer) -> PublishError:
    """The error for an answer that is no success."""
    said = diagnosis(answer.body)
    where = f"{method} {repository} ({answer.status})"
    words = said.message.lower()
    if answer.status == 429 or said.code == "TOOMANYREQUESTS":
        return Throttled(
            what="the registry asks to slow down",
            where=where,
            hint="run fewer jobs at once, or ask AWS for a higher quota",
        )
    if answer.status >= 500:
        return Unavailable(
            what=f"the registry is in trouble: {said.message or answer.status}", where=where, hint="try again later"
        )
    if said.code == "NAME_UNKNOWN":
        return missing_repository(repository, where)
    if "immutable" in words:
        return TagTaken(
            what=said.message, where=where, hint="a tag of an immutable repository never moves: use a new one"
        )
    if has_expired(answer):
        return TokenExpired(
            what=said.message, where=where, hint="check this machine's clock; the token was renewed once already"
        )
    if answer.status in (401, 403):
        return _denied(method, path, said, repository, where)
    if answer.status == 404:
        return ImageMissing(
            what=said.message or "it is not there", where=where, hint="`aws ecr describe-images` lists what is there"
        )
    if answer.status == 405 and said.code == "UNSUPPORTED":
        return RegistryRefused(
            what=f"ECR does not take this document: {said.message}",
            where=where,
            hint="ECR says `Invalid JSON syntax` of media types and shapes that it does not know, not only of bad JSON",
        )
    return RegistryRefused(
        what=said.message or f"refused with {answer.status}", where=where, hint="see the registry's words"
    )


def missing_repository(repository: Repository, where: str) -> RepositoryMissing:
    """The error that names the command and the setting which create it."""
    registry = repository.registry
    command = f"aws ecr create-repository --repository-name {repository.name}"
    if isinstance(registry, EcrRegistry):
        command += f" --region {registry.region}"
    return RepositoryMissing(
        what=f"the repository {repository.name} does not exist in {registry}",
        where=where,
        hint=f"`{command}`, or `create: if-missing` on the environment",
    )


def _denied(method: str, path: str, said: Diagnosis, repository: Repository, where: str) -> PublishError:
    match = _ACTION.search(said.message)
    action = match[1] if match else _action(method, path)
    if "limit" in said.message.lower() and "exceed" in said.message.lower():
        return QuotaExceeded(what=said.message, where=where, hint="delete images, or ask AWS for a higher quota")
    return NotAuthorised(
        what=said.message or f"not allowed, and no words why (it needs {action})",
        where=where,
        hint=f"allow {action} on the repository {repository.name} in the role's policy; "
        "another account's repository must allow it in its repository policy too",
    )


def _action(method: str, path: str) -> str:
    return next((action for verb, part, action in _ACTIONS if verb == method and part in path), "ecr:*")


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
