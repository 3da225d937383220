"""Registry tokens: fetched just before use, one per principal and region, renewed before they expire, never shown."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from ecr_publish.aws.errors import translated
from ecr_publish.aws.session import Sessions
from ecr_publish.errors import BadReference, NotAuthorised
from ecr_publish.http.transport import is_loopback
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry
from ecr_publish.model.target import Target
from ecr_publish.ports import Access, Clock

RENEW_BEFORE = timedelta(minutes=30)  # of a token's 12 hours (ECR API Reference, GetAuthorizationToken)


@dataclass(frozen=True, slots=True)
class _Key:
    registry: str
    role: str | None
    profile: str | None


class RegistryCredentials:
    """`ports.CredentialSource`. One fetch at a time per key; safe from threads."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        *,
        public_endpoint: str | None = None,
        logins: Mapping[str, str] | None = None,
    ) -> None:
        """`logins` maps hosts of plain registries to base64 `user:password`, read from the user's docker config."""
        self._sessions, self._clock = sessions, clock
        self._public_endpoint, self._logins = public_endpoint, dict(logins or {})
        self._held: dict[_Key, Access] = {}
        self._locks: dict[_Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def access(self, target: Target) -> Access:
        """Where the registry is, with a token that has some time left."""
        return self._access(target, stale=None)

    def renew(self, target: Target) -> Access:
        """The same with a new token: the registry said that the one held has expired."""
        return self._access(target, stale=self._held.get(_key(target)))

    def _access(self, target: Target, stale: Access | None) -> Access:
        key = _key(target)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            held = self._held.get(key)
            # several threads may ask to renew the same token: the first one fetches, the others take what it got
            if held is None or held is stale or self._is_old(held):
                held = self._held[key] = self._fetch(target)
            return held

    def _is_old(self, access: Access) -> bool:
        return access.expires is not None and access.expires - self._clock.now() < RENEW_BEFORE

    def _fetch(self, target: Target) -> Access:
        match target.registry:
            case EcrRegistry():
                return self._private(target, target.registry)
            case EcrPublicRegistry():
                return self._public(target, target.registry)
            case PlainRegistry(host=host):
                login = self._logins.get(host)
                return Access(f"{_scheme(host)}://{host}", f"Basic {login}" if login else None)

    def _private(self, target: Target, registry: EcrRegistry) -> Access:
        account = {"registryIds": [registry.account]} if registry.account else {}
        with translated(f"ecr get-authorization-token @{target.name}"):
            got = self._sessions.client("ecr", target).get_authorization_token(**account)["authorizationData"][0]
        proxy = str(got.get("proxyEndpoint", ""))
        return Access(_connection(proxy, registry), f"Basic {_token(got, target)}", got["expiresAt"])

    def _public(self, target: Target, registry: EcrPublicRegistry) -> Access:
        with translated(f"ecr-public get-authorization-token @{target.name}"):
            got = self._sessions.client("ecr-public", target).get_authorization_token()["authorizationData"]
        base = self._public_endpoint or f"https://{registry.host}"
        return Access(base, f"Basic {_token(got, target)}", got["expiresAt"])


def _key(target: Target) -> _Key:
    return _Key(str(target.registry), target.role, target.profile)


def _connection(proxy: str, registry: EcrRegistry) -> str:
    """The one place that maps a canonical name to a connection: loopback as AWS's answer says, else the real host.

    Raises BadReference for a proxyEndpoint that is neither: a token must go nowhere else.
    """
    parts = urlsplit(proxy)
    if is_loopback(parts.netloc):
        return f"{parts.scheme}://{parts.netloc}"
    if registry.account is None:
        expected = parts.netloc.partition(".")[0]
        registry = EcrRegistry(expected, registry.region) if expected.isdigit() else registry
    if proxy and parts.netloc != registry.host:
        raise BadReference(
            what=f"AWS names the registry {proxy}, expected https://{registry.host}",
            where=str(registry),
            hint="check account: and region: in the file, and AWS_ENDPOINT_URL_ECR",
        )
    return f"https://{registry.host}"


def _token(got: Mapping[str, object], target: Target) -> str:
    token = str(got["authorizationToken"])
    try:
        plain = base64.b64decode(token, validate=True)
    except ValueError:
        plain = b""
    if not plain.startswith(b"AWS:"):
        raise NotAuthorised(
            what="the registry token is not of the form AWS:password",
            where=f"get-authorization-token @{target.name}",
            hint="check AWS_ENDPOINT_URL_ECR",
        )
    return token


def _scheme(host: str) -> str:
    return "http" if is_loopback(host) else "https"
