"""Authorization of requests: ECR's Basic token, or the Bearer flow that the registry's challenge asks for."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from urllib.parse import urlencode

from ecr_publish.errors import NotAuthorised
from ecr_publish.http.transport import Answer, Transport, is_loopback
from ecr_publish.model.target import Target
from ecr_publish.ports import Access, CredentialSource

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Authorizer:
    """The headers for one target's requests. Bearer tokens are kept per target and scope; safe from threads."""

    def __init__(self, credentials: CredentialSource, transport: Transport) -> None:
        self._credentials, self._transport = credentials, transport
        self._bearer: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def access(self, target: Target) -> Access:
        """Where the registry is, with a fresh token."""
        return self._credentials.access(target)

    def headers(self, target: Target, scope: str) -> Mapping[str, str]:
        """The Authorization header, if there is one to send."""
        bearer = self._bearer.get((target.name, scope))
        value = f"Bearer {bearer}" if bearer else self.access(target).authorization
        return {"Authorization": value} if value else {}

    def renew(self, target: Target, scope: str) -> None:
        """Forget what was used and fetch a new token: once, after the registry said that it has expired."""
        with self._lock:
            self._bearer.pop((target.name, scope), None)
        self._credentials.renew(target)

    def challenged(self, target: Target, scope: str, answer: Answer) -> bool:
        """Answer a Bearer challenge (distribution spec, "Token Authentication"); False if there is none to answer.

        The credentials go to the realm only if it is HTTPS or on this machine.
        """
        challenge = answer.header("www-authenticate") or ""
        if answer.status != 401 or not challenge.lower().startswith("bearer "):
            return False
        parameters = dict(_PARAMETER.findall(challenge))
        realm = parameters.get("realm", "")
        if not realm.startswith("https://") and not (
            realm.startswith("http://") and is_loopback(realm[7:].split("/")[0])
        ):
            raise NotAuthorised(
                what=f"the registry sends us for a token to {realm!r}, which is not HTTPS",
                where=str(target.registry),
                hint="credentials are never sent there",
            )
        wanted = {"service": parameters.get("service", ""), "scope": parameters.get("scope") or scope}
        authorization = self.access(target).authorization
        got = self._transport.ask(
            "GET",
            f"{realm}?{urlencode({key: value for key, value in wanted.items() if value})}",
            {"Authorization": authorization} if authorization and authorization.startswith("Basic ") else {},
        )
        token = _token(got)
        if token is None:
            raise NotAuthorised(
                what=f"no token is given for {wanted['scope']} ({got.status})",
                where=str(target.registry),
                hint="check the credentials for this registry (docker login)",
            )
        with self._lock:
            self._bearer[target.name, scope] = token
        return True


def _token(answer: Answer) -> str | None:
    if answer.status != 200:
        return None
    try:
        value = json.loads(answer.body)
    except ValueError:
        return None
    token = (value.get("token") or value.get("access_token")) if isinstance(value, dict) else None
    return token if isinstance(token, str) else None
