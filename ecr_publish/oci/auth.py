"""Authorization of requests: ECR's Basic token, or the Bearer flow that the registry's challenge asks for."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from ecr_publish.errors import NotAuthorised
from ecr_publish.http.answer import Answer
from ecr_publish.http.loopback import is_loopback
from ecr_publish.http.transport import Transport
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry
from ecr_publish.model.target import Target
from ecr_publish.oci.desk import Desk
from ecr_publish.oci.failures import has_expired, trouble
from ecr_publish.ports.access import Access, CredentialSource

_SENDABLE = re.compile(r"[!-~]+(?: [!-~]+)*")  # printable ASCII (RFC 9110, section 5.5)
_BEARER = re.compile(r"(?:^|,)\s*bearer\s+(.*)", re.IGNORECASE | re.DOTALL)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
Turn = Callable[[], AbstractContextManager[None]]  # waits until a token may be asked for, and hears how that ended


@dataclass(frozen=True, slots=True)
class Challenge:
    """Where a registry sends its clients for a Bearer token (distribution-spec, "Token Authentication")."""

    realm: str
    service: str
    scope: str


class Authorizer:
    """The Authorization of one run's requests. Bearer tokens are kept per target and scope; safe from threads."""

    def __init__(self, credentials: CredentialSource, transport: Transport) -> None:
        self._credentials, self._transport = credentials, transport
        self._bearers: dict[tuple[str, str], str] = {}
        self._challenges: dict[tuple[str, str], Challenge] = {}
        self._passed: set[tuple[str, str]] = set()
        self._desks: dict[tuple[str, str], Desk] = {}
        self._lock = threading.Lock()

    def access(self, target: Target) -> Access:
        """Where the registry is, with a token that has some minutes left."""
        return self._credentials.access(target)

    def is_open(self, target: Target, scope: str) -> bool:
        """Whether no challenge is to be expected any more: several requests at once would each be challenged. Where
        nobody has logged in, none is expected."""
        key = (target.name, scope)
        if isinstance(target.registry, EcrRegistry) or key in self._bearers or key in self._passed:
            return True
        return not isinstance(target.registry, EcrPublicRegistry) and self.access(target).authorization is None

    def passed(self, target: Target, scope: str) -> None:
        """A request was not refused."""
        self._passed.add((target.name, scope))

    def authorization(self, target: Target, scope: str) -> str | None:
        """The header's value for a request. ECR Public refuses Basic on `/v2` (400): there a challenge comes first."""
        bearer = self._bearers.get((target.name, scope))
        if bearer is not None:
            return f"Bearer {bearer}"
        return None if isinstance(target.registry, EcrPublicRegistry) else self.access(target).authorization

    def recovered(self, target: Target, scope: str, answer: Answer, sent: str | None, turn: Turn) -> bool:
        """Whether the refused request may be sent once more: a challenge was answered, or a token renewed.

        Of several threads with the same stale token one fetches, in its `turn`; the others go on with what it got, or
        fail as it did. Raises NotAuthorised if the token service gives none, Unavailable if it cannot just now.
        """
        challenge = self._challenge(target, scope, answer)
        if challenge is None and not self._is_stale(target, scope, answer):
            return False
        desk = self._desk(target, scope)
        with desk.waited(sent) as failed:
            if self.authorization(target, scope) != sent:
                return True
            if failed is not None:
                raise failed
            with desk.asking(sent), turn():  # not before: most refusals want no token, nor wait until one is to be had
                self._renew(target, scope, challenge)
            return True

    def _renew(self, target: Target, scope: str, challenge: Challenge | None) -> None:
        if challenge is None:
            self._credentials.renew(target)
            challenge = self._challenges.get((target.name, scope))
        if challenge is not None:
            self._fetch(target, scope, challenge)

    def _desk(self, target: Target, scope: str) -> Desk:
        """Private ECR has one token for all its repositories, which is renewed once; Bearer tokens are of one each."""
        key = (target.name, "" if isinstance(target.registry, EcrRegistry) else scope)
        with self._lock:
            return self._desks.setdefault(key, Desk())

    def _is_stale(self, target: Target, scope: str, answer: Answer) -> bool:
        """ECR says 403 and words of an expired token; what it says 401 to (no words) is tried with a new one too."""
        if has_expired(answer):
            return True
        bearer = (target.name, scope) in self._bearers
        return answer.status == 401 and not bearer and isinstance(target.registry, EcrRegistry)

    def _challenge(self, target: Target, scope: str, answer: Answer) -> Challenge | None:
        """The Bearer challenge of an answer. Private ECR has none: its token goes to no other place than ECR."""
        offered = _BEARER.search(answer.header("www-authenticate") or "")  # it may offer Basic beside it
        if answer.status != 401 or offered is None or isinstance(target.registry, EcrRegistry):
            return None
        found = dict(reversed(_PARAMETER.findall(offered[1])))  # the first of a name: a later one is another scheme's
        realm = found.get("realm", "")
        if not _may_have_secrets(realm):
            raise NotAuthorised(
                what=f"the registry sends us for a token to {realm[:100]!r}, which is not HTTPS",
                where=str(target.registry),
                hint="credentials are never sent there; check the registry's name",
            )
        return Challenge(realm, found.get("service", ""), found.get("scope") or scope)

    def _fetch(self, target: Target, scope: str, challenge: Challenge) -> None:
        authorization = self.access(target).authorization
        query = {"service": challenge.service, "scope": challenge.scope}
        got = self._transport.ask(
            "GET",
            f"{challenge.realm}?{urlencode({key: value for key, value in query.items() if value})}",
            header(authorization),
        )
        if got.may_heal:
            raise trouble("the token service", str(target.registry), got)
        token = _token(got)
        if token is None:
            raise NotAuthorised(
                what=f"the token service gives no token for {challenge.scope} (it answers {got.status})",
                where=str(target.registry),
                hint="check the credentials for this registry (docker login) and what they may do",
            )
        self._challenges[target.name, scope], self._bearers[target.name, scope] = challenge, token


def header(authorization: str | None) -> Mapping[str, str]:
    """The Authorization header, if there is one to send. Raises NotAuthorised for what no header may hold, without
    saying it: whoever sends it would."""
    if authorization and not _SENDABLE.fullmatch(authorization):
        raise NotAuthorised(
            what="the login or token has characters that no header may have",
            where="Authorization",
            hint="log in again (docker login)",
        )
    return {"Authorization": authorization} if authorization else {}


def _may_have_secrets(realm: str) -> bool:
    try:
        parts = urlsplit(realm)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))


def _token(answer: Answer) -> str | None:
    if answer.status != 200:
        return None
    try:
        value = json.loads(answer.body)
    except ValueError:
        return None
    token = (value.get("token") or value.get("access_token")) if isinstance(value, dict) else None
    return token if isinstance(token, str) else None
