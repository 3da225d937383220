"""Sessions: one per principal and region, and their clients; the only place that finds AWS credentials."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ecr_publish.errors import NotAuthorised
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry
from ecr_publish.model.target import Target

if TYPE_CHECKING:
    from botocore.session import Session

    from ecr_publish.aws.isolated import Explicit
    from ecr_publish.http.live import Live

Result = TypeVar("Result")

PUBLIC_REGION = "us-east-1"  # ECR Public has its API there only (Amazon ECR Public User Guide, "Quotas")
SESSION_SECONDS = 3600  # a chained role session may not ask for more (STS API Reference, AssumeRole)


class _Principal(NamedTuple):
    role: str | None
    profile: str | None
    account: str | None  # only in a world of its own, where the access key id is the account
    region: str


class Sessions:
    """Clients for targets. Role sessions renew themselves; safe from threads.

    Without `explicit`, botocore's own credential chain applies (this process's environment, the profile's files, the
    machine's role), with `AWS_ENDPOINT_URL_ECR` and `AWS_ENDPOINT_URL_STS` as the SDK reads them.
    """

    def __init__(
        self,
        explicit: Explicit | None = None,
        run_name: str = "ecr-publish",
        *,
        now: Callable[[], datetime] | None = None,
        retry: Callable[[Callable[[], Any]], Any] | None = None,
        web_identity: Callable[[str], str] | None = None,
        conceal: Callable[[str], None] = lambda secret: None,
        live: Live | None = None,
    ) -> None:
        """`run_name` becomes the RoleSessionName that CloudTrail shows; `now` (aware) is the clock by which role
        sessions are renewed; `retry` repeats a call whose error may heal; `web_identity` gives a fresh OpenID token for
        an audience, by which roles are then assumed; `conceal` is told every secret before it is used; connections
        are added to `live`."""
        self._explicit, self._now, self._retry, self._live = explicit, now, retry, live
        self._web_identity, self.conceal = web_identity, conceal
        self._name = role_session_name(run_name)
        self._sessions: dict[_Principal, Session] = {}
        self._clients: dict[tuple[str, _Principal], Any] = {}
        self._expiries: dict[_Principal, datetime] = {}
        self._assumed_users: dict[_Principal, str] = {}
        self._lock = threading.RLock()

    def client(self, service: str, target: Target) -> Any:
        """The boto3 client of a service for the target's principal and region. Raises NotAuthorised, MachineFault."""
        from ecr_publish.aws.errors import translated

        principal = self._principal(target)
        with self._lock, translated(f"{service} client @{target.name}"):
            key = (service, principal)
            if key not in self._clients:
                self._clients[key] = self._create(service, self._session(principal), principal.region)
            return self._clients[key]

    def has_client(self, service: str, target: Target) -> bool:
        """Whether that client was made already."""
        return (service, self._principal(target)) in self._clients

    def ask(self, where: str, call: Callable[[], Result]) -> Result:
        """The call's result; botocore's exceptions become ours, and what can heal is repeated. `where` names the
        request in errors: `get-caller-identity @dev`."""

        from ecr_publish.aws.errors import translated

        def once() -> Result:
            with translated(where):
                return call()

        result: Result = once() if self._retry is None else self._retry(once)
        return result

    @property
    def is_isolated(self) -> bool:
        """Whether this is a world of its own: then nothing may be reached that is not on this machine."""
        return self._explicit is not None

    def expiry(self, target: Target) -> datetime | None:
        """When the target's present role session ends; None for principals that we did not assume."""
        return self._expiries.get(self._principal(target))

    def assumed_user(self, target: Target) -> str | None:
        """The ARN of the target's role session, as STS named it when the role was assumed, which is now if it was not
        before; None for principals that we do not assume. For `ask`: raises botocore's exceptions."""
        principal = self._principal(target)
        if principal.role is None:
            return None
        from ecr_publish.aws.errors import translated

        with self._lock, translated(f"sts client @{target.name}"):
            session = self._session(principal)
        if (credentials := session.get_credentials()) is not None:
            credentials.get_frozen_credentials()
        return self._assumed_users.get(principal)

    def is_on(self, setting: str, target: Target) -> bool:
        """Whether `use_fips_endpoint` or `use_dualstack_endpoint` is set for the target's principal."""
        from ecr_publish.aws.errors import translated

        with self._lock, translated(f"settings @{target.name}"):
            return bool(self._session(self._principal(target)).get_config_variable(setting))

    def _principal(self, target: Target) -> _Principal:
        region, role = region_of(target), target.role
        if self._explicit is None:
            return _Principal(role, target.profile, None, region)
        own = target.registry.account if isinstance(target.registry, EcrRegistry) and role is None else None
        return _Principal(role, None, own or self._explicit.account, region)

    def _create(self, service: str, session: Session, region: str) -> Any:
        from ecr_publish.aws.clients import create

        return create(service, session, region, explicit=self._explicit)

    def _session(self, principal: _Principal) -> Session:
        if principal not in self._sessions:
            base = self._base(principal)
            self._sessions[principal] = base if principal.role is None else self._assumed(base, principal)
        return self._sessions[principal]

    def _base(self, principal: _Principal) -> Session:
        from botocore.session import Session

        from ecr_publish.aws.clients import prepare

        if self._explicit is not None:
            from ecr_publish.aws.isolated import isolated_session

            session = isolated_session(principal.account or self._explicit.account, self._explicit.secret)
        else:
            session = Session(profile=principal.profile)
        prepare(session, self._live)
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        return session

    def _assumed(self, base: Session, principal: _Principal) -> Session:
        """A session whose credentials come from AssumeRole, or from the CI's identity token, and renew themselves
        before they expire."""
        from botocore.credentials import DeferredRefreshableCredentials

        sts = self._create("sts", base, principal.region)
        request = {"RoleArn": principal.role, "RoleSessionName": self._name, "DurationSeconds": SESSION_SECONDS}

        def fetch() -> dict[str, str]:
            if self._web_identity is None:
                answer = sts.assume_role(**request)
            else:
                from ecr_publish.aws.webidentity import assumed_by_token

                answer = assumed_by_token(sts, request, self._web_identity, self.conceal)
            got = answer["Credentials"]
            for secret in (got["SecretAccessKey"], got["SessionToken"]):
                self.conceal(secret)
            self._expiries[principal] = got["Expiration"].astimezone(UTC)
            self._assumed_users[principal] = (answer.get("AssumedRoleUser") or {}).get("Arn") or ""
            return {
                "access_key": got["AccessKeyId"],
                "secret_key": got["SecretAccessKey"],
                "token": got["SessionToken"],
                "expiry_time": got["Expiration"].isoformat(),
            }

        session = self._base(principal)
        clock = {} if self._now is None else {"time_fetcher": self._now}
        session._credentials = DeferredRefreshableCredentials(fetch, "assume-role", **clock)  # type: ignore[attr-defined]
        return session


@cache
def _loader(data_path: str | None) -> Any:
    """One loader for all sessions: each would read the same service models from disk again."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def role_session_name(text: str) -> str:
    """The text as a valid RoleSessionName: `[\\w+=,.@-]{2,64}` (STS API Reference, AssumeRole)."""
    name = re.sub(r"[^A-Za-z0-9_+=,.@-]+", "-", text)[:64]
    return name if len(name) >= 2 else "ecr-publish"


def region_of(target: Target) -> str:
    """The region of a target's API. Raises NotAuthorised for a plain registry, which has none."""
    match target.registry:
        case EcrRegistry(region=region):
            return region
        case EcrPublicRegistry():
            return PUBLIC_REGION
        case _:
            raise NotAuthorised(
                what="a plain registry has no AWS API", where=str(target.registry), hint="name an ECR environment"
            )
