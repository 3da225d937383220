"""Fixtures for tests of other projects: an embedded ECR, and the environment that leads every AWS client to it.

pytest finds this module by its entry point. It imports nothing of ours before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ecr_publish.local.server import Server

ACCOUNT, REGION = "111111111111", "us-east-2"


class EmbeddedEcr:
    """What the fixture `ecr` gives: a server of one test, and what tests ask of it."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def url(self) -> str:
        """The endpoint of the ECR, ECR Public and STS APIs, for all accounts and regions."""
        return self.server.url

    def registry(self, account: str = ACCOUNT, region: str = REGION) -> str:
        """`host:port` of a registry, for docker, skopeo, crane and others."""
        return self.server.ecr.registry_url(account, region).partition("://")[2]

    def environment(self, base: Mapping[str, str], account: str = ACCOUNT, region: str = REGION) -> dict[str, str]:
        """`base` (such as `os.environ`) with what leads AWS's SDKs and tools here, as `account`: for a subprocess."""
        from ecr_publish.local.surroundings import UNSET, variables

        kept = {name: value for name, value in base.items() if name not in UNSET}
        return {**kept, **variables(self.url, account, region)}

    def client(self, service: str = "ecr", account: str = ACCOUNT, region: str = REGION) -> Any:
        """A boto3 client of `ecr`, `ecr-public` or `sts` that talks to it, whatever is set around."""
        import boto3
        from botocore.config import Config
        from botocore.session import Session

        session = Session(session_vars={"profile": (None, None, None, None)})  # AWS_PROFILE may name none of ours
        return boto3.Session(botocore_session=session).client(  # type: ignore[call-overload]
            service,
            region_name="us-east-1" if service == "ecr-public" else region,
            endpoint_url=self.url,
            aws_access_key_id=account,
            aws_secret_access_key="local",  # noqa: S106 - nobody verifies it
            config=Config(proxies={}),
        )

    def repository(self, name: str, account: str = ACCOUNT, region: str = REGION) -> str:
        """Make a repository; where to push to, `host:port/name`."""
        self.client("ecr", account, region).create_repository(repositoryName=name)
        return f"{self.registry(account, region)}/{name}"

    def advance(self, seconds: float) -> None:
        """Move its clock forward: tokens expire, scans end. It stands still otherwise."""
        from datetime import timedelta

        clock: Any = self.server.ecr.clock
        clock.advance(timedelta(seconds=seconds))

    def fault(self, kind: str, **details: Any) -> None:
        """Make something go wrong: `fault("status", action="ecr:PutImage", status=503)`.

        `index` counts from the next request of that action.
        """
        from ecr_publish.local.faults import Fault

        kinds: Any = kind
        self.server.ecr.script.add_next(Fault(kinds, **details))

    @property
    def requests(self) -> list[Any]:
        """Every request so far, with its `action`, `status` and more (docs/local.md)."""
        return self.server.ecr.script.requests


@pytest.fixture
def ecr() -> Iterator[EmbeddedEcr]:
    """An embedded ECR of this test's own, in memory."""
    from ecr_publish.local import embedded_ecr

    with embedded_ecr() as server:
        yield EmbeddedEcr(server)


@pytest.fixture
def ecr_environment(ecr: EmbeddedEcr, monkeypatch: pytest.MonkeyPatch) -> EmbeddedEcr:
    """`ecr`, and this process's environment leads there: code that makes its own boto3 clients needs no change."""
    from ecr_publish.local.surroundings import UNSET

    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in ecr.environment({}).items():
        monkeypatch.setenv(name, value)
    return ecr
