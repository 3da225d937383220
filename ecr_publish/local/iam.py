"""Policy documents of repositories and registries: their form, and what they say about a principal and an action.

Source: IAM User Guide, "IAM JSON policy elements" and "Policy evaluation logic"; ECR User Guide, "Repository policies"
and "Registry permissions". Conditions on who the principal is are evaluated; a statement with any other condition
allows nothing, and denies nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ecr_publish.local.tokens import Principal

VERSIONS = ("2008-10-17", "2012-10-17")
MEMBERS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"
}  # fmt: skip
_SESSION = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/]+)/.*")
_WHO = re.compile(r"\*|\d{12}|arn:[\w-]+:(iam|sts)::(\d{12}|aws):[\w+=,.@/-]+|A[A-Z0-9]{15,30}")


class BadDocument(Exception):
    """Not a policy that ECR takes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: who, which action (`ecr:…`), on which ARN."""

    principal: Principal
    action: str
    resource: str


def checked(text: str, *, resources: bool) -> None:
    """Raise BadDocument unless the text is a policy. A registry's statements name resources, a repository's do not."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadDocument("not JSON") from error
    if not isinstance(document, dict) or set(document) - {"Version", "Id", "Statement"}:
        raise BadDocument("not a policy document")
    if document.get("Version", VERSIONS[0]) not in VERSIONS or not isinstance(document.get("Id", ""), str):
        raise BadDocument("no such version")
    found = list(_statements(document))
    if not found:
        raise BadDocument("no statement")
    for each in found:
        _check_statement(each, resources=resources)


def _check_statement(statement: Any, *, resources: bool) -> None:
    if not isinstance(statement, dict) or set(statement) - MEMBERS or statement.get("Effect") not in ("Allow", "Deny"):
        raise BadDocument("not a statement")
    if not isinstance(statement.get("Sid", ""), str) or not isinstance(statement.get("Condition", {}), dict):
        raise BadDocument("not a statement")
    for name in ("Principal", "Action", "Resource"):
        if name == "Resource" and not resources:
            if {"Resource", "NotResource"} & set(statement):
                raise BadDocument("a repository's policy names no resource")
        elif (name in statement) == (f"Not{name}" in statement):
            raise BadDocument(f"{name} or Not{name} is needed")
    for text in _texts(statement.get("Action", statement.get("NotAction"))):
        if text != "*" and not re.fullmatch(r"(?i)ecr(-public)?:[a-z*?]+", text):
            raise BadDocument("not an action of ECR")
    if resources:
        _texts(statement.get("Resource", statement.get("NotResource")))
    who = statement.get("Principal", statement.get("NotPrincipal"))
    if who != "*":
        if not isinstance(who, dict) or not who or set(who) - {"AWS", "Service", "Federated", "CanonicalUser"}:
            raise BadDocument("not a principal")
        for kind, names in who.items():
            if any(kind == "AWS" and not _WHO.fullmatch(each) for each in _texts(names)):
                raise BadDocument("not a principal")


def _texts(value: object) -> list[str]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(each, str) and each for each in found):
        raise BadDocument("text, or a list of texts, is needed")
    return found


def actions(text: str) -> frozenset[str]:
    """All actions that a policy names, in small letters."""
    found = _statements(json.loads(text))
    return frozenset(
        name.lower() for each in found for key in ("Action", "NotAction") for name in _listed(each.get(key, []))
    )


def effects(text: str, request: Request) -> frozenset[str]:
    """`Allow` and `Deny`, as the statements that match say."""
    return frozenset(
        str(each["Effect"])
        for each in _statements(json.loads(text))
        if isinstance(each, dict) and _is_for(each, request)
    )


def is_named(principal: Principal, arn: str) -> bool:
    """Whether an IAM ARN names the principal: itself, or the role whose session it is."""
    session = _SESSION.fullmatch(principal.arn)
    if session is None:
        return arn == principal.arn
    role = re.compile(rf"arn:{session[1]}:iam::{session[2]}:role/(?:.*/)?{re.escape(session[3])}")
    return arn == principal.arn or role.fullmatch(arn) is not None


def _statements(document: Mapping[str, Any]) -> Iterator[Any]:
    found = document.get("Statement", [])
    yield from found if isinstance(found, list) else [found]


def _is_for(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        _either(statement, "Principal", lambda who: _is_among(who, request.principal))
        and _either(statement, "Action", lambda names: _globbed(names, request.action.lower(), lower=True))
        and _either(statement, "Resource", lambda names: _globbed(names, request.resource), absent=True)
        and all(_holds(test, keys, request) for test, keys in statement.get("Condition", {}).items())
    )


def _either(statement: Mapping[str, Any], name: str, matches: Any, *, absent: bool = False) -> bool:
    if name in statement:
        return bool(matches(statement[name]))
    return not matches(statement[f"Not{name}"]) if f"Not{name}" in statement else absent


def _is_among(who: object, principal: Principal) -> bool:
    names = _listed(who.get("AWS", [])) if isinstance(who, dict) else _listed(who)
    account = {"*", principal.account}
    return any(
        each in account or re.fullmatch(rf"arn:[\w-]+:iam::{principal.account}:root", each) or is_named(principal, each)
        for each in names
    )


def _globbed(names: object, text: str, *, lower: bool = False) -> bool:
    return any(fnmatchcase(text, (each.lower() if lower else each).replace("[", "[[]")) for each in _listed(names))


def _holds(test: str, keys: object, request: Request) -> bool:
    known = {"aws:principalarn": request.principal.arn, "aws:principalaccount": request.principal.account}
    if not isinstance(keys, dict):
        return False
    for key, values in keys.items():
        found = known.get(str(key).lower())
        if found is None:
            return False
        match test:
            case "StringEquals" | "ArnEquals" if found not in _listed(values):
                return False
            case "StringNotEquals" | "ArnNotEquals" if found in _listed(values):
                return False
            case "StringLike" | "ArnLike" if not _globbed(values, found):
                return False
            case "StringNotLike" | "ArnNotLike" if _globbed(values, found):
                return False
            case "StringEquals" | "ArnEquals" | "StringNotEquals" | "ArnNotEquals":
                continue
            case "StringLike" | "ArnLike" | "StringNotLike" | "ArnNotLike":
                continue
            case _:
                return False
    return True


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []
