"""Who may do what: the own account everything, others what the repository's policy allows, nobody what is denied."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ecr_publish.local.records import Registry, Repository
from ecr_publish.local.tokens import Principal

# What anybody may do on ECR Public, with a token or without (ECR Public User Guide, "Public repository policies").
PULLS = (
    "ecr-public:BatchCheckLayerAvailability",
    "ecr-public:BatchGetImage",
    "ecr-public:GetDownloadUrlForLayer",
    "ecr-public:ListImages",
)


@dataclass
class Denials:
    """Actions denied to principals, in place of identity policies: `(ARN glob, action glob)`."""

    rules: list[tuple[str, str]] = field(default_factory=list)

    def deny(self, action: str, principal: str = "*") -> None:
        """From now on that action is refused to principals whose ARN matches."""
        self.rules.append((principal, action))

    def clear(self) -> None:
        """Allow everything again."""
        self.rules.clear()

    def denies(self, principal: Principal, action: str) -> bool:
        """Whether a rule matches."""
        return any(
            fnmatchcase(principal.arn, who) and fnmatchcase(action.lower(), what.lower()) for who, what in self.rules
        )


def refusal(
    principal: Principal, action: str, registry: Registry, repository: Repository | str | None, denials: Denials
) -> str | None:
    """ECR's sentence if the principal may not do this, else None."""
    name = repository.name if isinstance(repository, Repository) else repository
    resource = registry.arn(name) if name else "*"
    if denials.denies(principal, action):
        return _sentence(principal, action, resource, "no identity-based policy allows the {} action")
    if principal.account == registry.account or action in PULLS:
        return None
    policy = repository.policy if isinstance(repository, Repository) else None
    if policy is not None and _allows(policy, principal, action):
        return None
    return _sentence(principal, action, resource, "no resource-based policy allows the {} action")


def _sentence(principal: Principal, action: str, resource: str, why: str) -> str:
    because = f" because {why.format(action)}"
    return f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource}{because}"


def _allows(policy: str, principal: Principal, action: str) -> bool:
    """IAM's rule for one document: some statement allows, none denies. Conditions are not evaluated: such a statement
    allows nothing here."""
    statements = json.loads(policy).get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    matching = [each for each in statements if _matches(each, principal, action)]
    denied = any(each.get("Effect") == "Deny" for each in matching)
    return not denied and any(each.get("Effect") == "Allow" and "Condition" not in each for each in matching)


def _matches(statement: dict[str, object], principal: Principal, action: str) -> bool:
    who = statement.get("Principal", {})
    names = _listed(who.get("AWS", [])) if isinstance(who, dict) else _listed(who)
    wanted = {"*", principal.account, principal.arn, f"arn:aws:iam::{principal.account}:root"}
    actions = _listed(statement.get("Action", []))
    return bool(wanted & set(names)) and any(fnmatchcase(action.lower(), each.lower()) for each in actions)


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []
