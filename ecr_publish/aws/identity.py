"""Who we are at a target, and whether that is the account the file expects."""

from __future__ import annotations

import re

from ecr_publish.aws.kept import Kept
from ecr_publish.aws.session import Sessions, region_of
from ecr_publish.errors import WrongAccount
from ecr_publish.model.image import Identity
from ecr_publish.model.registry import EcrRegistry, PlainRegistry
from ecr_publish.model.target import Target

_SESSION = re.compile(r"arn:[\w-]+:sts::(\d{12}):assumed-role/.+")


class StsIdentities:
    """`ports.access.Identities`: one question per target; safe from threads. Whose session it is, STS says in its
    answer to AssumeRole already (STS API Reference, AssumedRoleUser); all others ask GetCallerIdentity."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._known: Kept[tuple[str, str | None, str | None, str], Identity] = Kept()

    def identity(self, target: Target) -> Identity:
        """Raises NotAuthorised, WrongAccount (naming both accounts), Unavailable."""
        if isinstance(target.registry, PlainRegistry):
            return Identity(None, f"no AWS identity for {target.registry}")
        key = (str(target.registry), target.role, target.profile, region_of(target))
        known = self._known.get(key, lambda: self._ask(target))
        expected = target.registry.account if isinstance(target.registry, EcrRegistry) else None
        if expected is not None and known.account != expected:
            raise WrongAccount(
                what=f"the credentials are for account {known.account} ({known.arn}), the file says {expected}",
                where=f"environment {target.environment}",
                hint=_hint(target, expected),
            )
        return known

    def _ask(self, target: Target) -> Identity:
        where = f"sts get-caller-identity @{target.name}"
        arn = self._sessions.ask(where, lambda: self._sessions.assumed_user(target))
        if arn and (match := _SESSION.fullmatch(arn)):
            return Identity(match[1], arn, self._sessions.expiry(target))
        client = self._sessions.client("sts", target)
        got = self._sessions.ask(where, client.get_caller_identity)
        return Identity(got["Account"], got["Arn"], self._sessions.expiry(target))


def _hint(target: Target, expected: str) -> str:
    if target.role is not None:
        return f"correct role: or account: of this environment: {target.role} is not in {expected}"
    if target.profile is not None:
        return f"correct profile: or account: of this environment: {target.profile} is not for {expected}"
    return f"add role: or profile: for account {expected} to this environment, or correct account:"
