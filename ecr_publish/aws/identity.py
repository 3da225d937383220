"""Who we are at a target, and whether that is the account the file expects."""

from __future__ import annotations

import threading

from ecr_publish.aws.errors import translated
from ecr_publish.aws.session import Sessions, region_of
from ecr_publish.errors import WrongAccount
from ecr_publish.model.image import Identity
from ecr_publish.model.registry import EcrRegistry, PlainRegistry
from ecr_publish.model.target import Target


class StsIdentities:
    """`ports.Identities`: one GetCallerIdentity per principal and region."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._known: dict[tuple[str | None, str | None, str], Identity] = {}
        self._lock = threading.Lock()

    def identity(self, target: Target) -> Identity:
        """Raises NotAuthorised, WrongAccount (naming both accounts), Unavailable."""
        if isinstance(target.registry, PlainRegistry):
            return Identity(None, f"no AWS identity for {target.registry}")
        key = (target.role, target.profile, region_of(target))
        with self._lock:
            known = self._known.get(key)
        if known is None:
            with translated(f"sts get-caller-identity @{target.name}"):
                got = self._sessions.client("sts", target).get_caller_identity()
            known = Identity(got["Account"], got["Arn"])
            with self._lock:
                self._known[key] = known
        expected = target.registry.account if isinstance(target.registry, EcrRegistry) else None
        if expected is not None and known.account != expected:
            raise WrongAccount(
                what=f"the credentials are for account {known.account} ({known.arn}), the file says {expected}",
                where=f"environment {target.name}",
                hint=f"add role: or profile: for account {expected} to this environment, or correct account:",
            )
        return known
