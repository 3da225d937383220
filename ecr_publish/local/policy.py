"""Who may do what: the own account everything, others what the policies of repository and registry allow, nobody what
is denied.

Source: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic"; for the registry's policy
the ECR User Guide, "Registry permissions".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ecr_publish.local import iam
from ecr_publish.local.records import Registry, Repository
from ecr_publish.local.tokens import Principal

# What anybody may do on ECR Public, with a token or without (ECR Public User Guide, "Public repository policies").
PULLS = (
    "ecr-public:BatchCheckLayerAvailability",
    "ecr-public:BatchGetImage",
    "ecr-public:GetDownloadUrlForLayer",
    "ecr-public:ListImages",
)
# What a registry's policy may be about while its scope is V1.
REGISTRY_ACTIONS = ("ecr:ReplicateImage", "ecr:BatchImportUpstreamImage", "ecr:CreateRepository")


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
    sentence = f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource}"
    if denials.denies(principal, action):
        return f"{sentence} because no identity-based policy allows the {action} action"
    effects = _effects(iam.Request(principal, action, resource), registry, repository)
    if "Deny" in effects:
        return f"{sentence} with an explicit deny in a resource-based policy"
    if principal.account == registry.account or action in PULLS or "Allow" in effects:
        return None
    return f"{sentence} because no resource-based policy allows the {action} action"


def _effects(request: iam.Request, registry: Registry, repository: Repository | str | None) -> frozenset[str]:
    effects: frozenset[str] = frozenset()
    if isinstance(repository, Repository) and repository.policy is not None:
        effects |= iam.effects(repository.policy, request)
    wide = registry.settings.get("REGISTRY_POLICY_SCOPE", "V2") == "V2"
    if registry.policy is not None and (wide or request.action in REGISTRY_ACTIONS):
        effects |= iam.effects(registry.policy, request)
    return effects
