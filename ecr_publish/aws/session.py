"""Sessions: one botocore session and its clients per (role, profile); the only place that finds credentials."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_publish.errors import NotAuthorised
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry
from ecr_publish.model.target import Target

if TYPE_CHECKING:
    from botocore.session import Session

PUBLIC_REGION = "us-east-1"  # ECR Public has its API there only (Amazon ECR Public User Guide, "Quotas")
SESSION_SECONDS = 3600  # a chained role session may not ask for more (STS API Reference, AssumeRole)


@dataclass(frozen=True, slots=True)
class Explicit:
    """A world of its own (a rehearsal): this endpoint, keys named after accounts, and nothing of the environment.

    Source for the need: HTTP_PROXY captures loopback calls of botocore even with an explicit endpoint,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS voids endpoint variables, and a missing AWS_PROFILE raises even with keys.
    """

    endpoint_url: str
    account: str = "111111111111"


class Sessions:
    """Clients for targets. Role sessions renew themselves; safe from threads."""

    def __init__(self, explicit: Explicit | None = None, run_name: str = "ecr-publish") -> None:
        self._explicit = explicit
        self._name = re.sub(r"[^\w+=,.@-]", "-", run_name)[:64] or "ecr-publish"
        self._sessions: dict[tuple[str | None, str | None], Session] = {}
        self._clients: dict[tuple[str, str | None, str | None, str], Any] = {}
        self._lock = threading.RLock()

    def client(self, service: str, target: Target) -> Any:
        """The boto3-like client of a service for the target's principal and region."""
        region, role, profile = region_of(target), target.role, target.profile
        with self._lock:
            key = (service, role, profile, region)
            if key not in self._clients:
                self._clients[key] = self._create(service, self._session(role, profile), region)
            return self._clients[key]

    def _create(self, service: str, session: Session, region: str) -> Any:
        from botocore.config import Config

        options: dict[str, Any] = {
            "retries": {"mode": "standard", "total_max_attempts": 3},
            "connect_timeout": 10,
            "read_timeout": 60,
            "max_pool_connections": 16,
        }
        if self._explicit is not None:
            # proxies={} overrides HTTP_PROXY; the endpoint as an argument overrides AWS_IGNORE_CONFIGURED_ENDPOINT_URLS
            return session.create_client(
                service, region, endpoint_url=self._explicit.endpoint_url, config=Config(proxies={}, **options)
            )
        return session.create_client(service, region, config=Config(**options))

    def _session(self, role: str | None, profile: str | None) -> Session:
        if (role, profile) not in self._sessions:
            base = self._base(profile)
            self._sessions[role, profile] = base if role is None else self._assumed(base, role)
        return self._sessions[role, profile]

    def _base(self, profile: str | None) -> Session:
        if self._explicit is not None:
            return isolated_session(self._explicit.account)
        from botocore.session import Session

        return Session(profile=profile)

    def _assumed(self, base: Session, role: str) -> Session:
        """A session whose credentials come from AssumeRole and renew themselves before they expire."""
        from botocore.credentials import DeferredRefreshableCredentials
        from botocore.session import Session

        sts = self._create("sts", base, _role_region(base))

        def fetch() -> dict[str, str]:
            got = sts.assume_role(RoleArn=role, RoleSessionName=self._name, DurationSeconds=SESSION_SECONDS)[
                "Credentials"
            ]
            return {
                "access_key": got["AccessKeyId"],
                "secret_key": got["SecretAccessKey"],
                "token": got["SessionToken"],
                "expiry_time": got["Expiration"].isoformat(),
            }

        session = isolated_session("0" * 12) if self._explicit is not None else Session()
        session._credentials = DeferredRefreshableCredentials(fetch, "assume-role")  # type: ignore[attr-defined]
        return session


def isolated_session(access_key: str) -> Session:
    """A botocore session that looks at no environment variable, no profile and no configuration file."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.session import Session

    # (key in the config file, environment variable, default, conversion): the first two are what must not be read.
    alone = {
        name: (None, None, default, conversion)
        for name, (_, _, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    alone |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    session = Session(session_vars={**alone, "profile": (None, None, None, None)})
    session.set_credentials(access_key, "rehearsal-has-no-secret")
    return session


def _role_region(session: Session) -> str:
    return session.get_config_variable("region") or PUBLIC_REGION


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
