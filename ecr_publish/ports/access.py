"""Access: who we are at a target, and how its registry is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ecr_publish.model.image import Identity
    from ecr_publish.model.target import Target


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one registry now. `authorization` is a whole header value, None for anonymous; never printed."""

    base_url: str  # https://host, or http://127.0.0.1:port on loopback only; no path
    authorization: str | None = field(default=None, repr=False)
    expires: datetime | None = None


class CredentialSource(Protocol):
    """The only place that ever holds a registry token."""

    def access(self, target: Target) -> Access:
        """Where the target's registry is and a token with at least some minutes left. Cached; safe from threads."""

    def renew(self, target: Target) -> Access:
        """The same with a new token: called once after the registry said that the token has expired."""


class Identities(Protocol):
    """Who we are at a target."""

    def identity(self, target: Target) -> Identity:
        """STS GetCallerIdentity under the target's role or profile. Raises NotAuthorised, WrongAccount, Unavailable."""
