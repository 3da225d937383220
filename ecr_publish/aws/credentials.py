"""Registry tokens: fetched just before use, one per principal and registry, renewed before they expire, never shown."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Protocol

from ecr_publish.aws.hosts import connection, plain_connection, public_connection
from ecr_publish.aws.kept import Kept
from ecr_publish.aws.session import Sessions
from ecr_publish.errors import NotAuthorised
from ecr_publish.http.transport import is_loopback
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry
from ecr_publish.model.target import Target
from ecr_publish.ports.access import Access
from ecr_publish.ports.clock import Clock

RENEW_BEFORE = timedelta(minutes=30)  # of a token's 12 hours (ECR API Reference, GetAuthorizationToken)


class Logins(Protocol):
    """The user's logins to plain registries, as docker keeps them; a mapping of hosts is one."""

    def get(self, host: str, /) -> str | None:
        """base64 of `user:password` for `host[:port]`, or None."""


class RegistryCredentials:
    """`ports.access.CredentialSource`. One fetch at a time per key; safe from threads."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        *,
        public_endpoint: str | None = None,
        logins: Logins | None = None,
    ) -> None:
        """`public_endpoint` is ECR_PUBLISH_PUBLIC_ENDPOINT: where ECR Public is reached on this machine."""
        self._sessions, self._clock = sessions, clock
        self._public_endpoint, self._logins = public_endpoint, logins
        self._kept: Kept[tuple[str, str | None, str | None], Access] = Kept()

    def access(self, target: Target) -> Access:
        """Where the registry is, with a token that has some time left."""
        return self._kept.get(_key(target), lambda: self._fetched(target), is_good=self._is_fresh)

    def renew(self, target: Target) -> Access:
        """The same with a new token: the registry said that the one held has expired.

        Several threads may ask to renew the same token: the first one fetches, the others take what it got.
        """
        stale = self._kept.held(_key(target))
        return self._kept.get(
            _key(target),
            lambda: self._fetched(target),
            is_good=lambda access: access is not stale and self._is_fresh(access),
        )

    def _is_fresh(self, access: Access) -> bool:
        return access.expires is None or access.expires - self._clock.now() >= RENEW_BEFORE

    def _fetched(self, target: Target) -> Access:
        access = self._fetch(target)
        self._conceal(access)
        if self._sessions.is_isolated and not is_loopback(access.base_url.partition("://")[2]):
            raise NotAuthorised(
                what=f"a rehearsal stays on this machine, and {access.base_url} is elsewhere",
                where=f"environment {target.environment}",
                hint="rehearse the other environments with --env, or name a registry on this machine",
            )
        return access

    def _conceal(self, access: Access) -> None:
        """The token as the registry takes it, and the password in it as `docker login` does."""
        token = (access.authorization or "").partition(" ")[2]
        if token:
            self._sessions.conceal(token)
            with contextlib.suppress(ValueError):
                self._sessions.conceal(base64.b64decode(token).decode("utf-8", "replace").partition(":")[2])

    def _fetch(self, target: Target) -> Access:
        match target.registry:
            case EcrRegistry():
                return self._private(target, target.registry)
            case EcrPublicRegistry():
                return self._public(target, target.registry)
            case PlainRegistry(host=host):
                login = None if self._logins is None or self._sessions.is_isolated else self._logins.get(host)
                return Access(plain_connection(host), f"Basic {login}" if login else None)

    def _private(self, target: Target, registry: EcrRegistry) -> Access:
        client = self._sessions.client("ecr", target)
        # naming the account makes the answer's proxyEndpoint that account's registry, not the caller's
        account = {"registryIds": [registry.account]} if registry.account else {}
        answer = self._sessions.ask(
            f"ecr get-authorization-token @{target.name}", lambda: client.get_authorization_token(**account)
        )
        got = answer["authorizationData"][0]
        base = connection(
            str(got.get("proxyEndpoint", "")),
            registry,
            fips=self._sessions.is_on("use_fips_endpoint", target),
            dual_stack=self._sessions.is_on("use_dualstack_endpoint", target),
        )
        return Access(base, f"Basic {_token(got, target)}", got["expiresAt"].astimezone(UTC))

    def _public(self, target: Target, registry: EcrPublicRegistry) -> Access:
        client = self._sessions.client("ecr-public", target)
        answer = self._sessions.ask(
            f"ecr-public get-authorization-token @{target.name}", client.get_authorization_token
        )
        got = answer["authorizationData"]
        base = public_connection(
            self._public_endpoint, registry, dual_stack=self._sessions.is_on("use_dualstack_endpoint", target)
        )
        return Access(base, f"Basic {_token(got, target)}", got["expiresAt"].astimezone(UTC))


def _key(target: Target) -> tuple[str, str | None, str | None]:
    return (str(target.registry), target.role, target.profile)


def _token(got: Mapping[str, object], target: Target) -> str:
    """The token as the registry wants it: base64 of `AWS:<password>`, unchanged."""
    token = str(got["authorizationToken"])
    try:
        plain = base64.b64decode(token, validate=True)
    except ValueError:
        plain = b""
    if not plain.startswith(b"AWS:"):
        raise NotAuthorised(
            what="the registry token is not of the form AWS:password",
            where=f"get-authorization-token @{target.name}",
            hint="check AWS_ENDPOINT_URL_ECR: this is not Amazon ECR's answer",
        )
    return token
