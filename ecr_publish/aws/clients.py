"""Clients of the AWS SDK: how they are set up, and that none waits on when the run is to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_publish.errors import UsageError

if TYPE_CHECKING:
    from botocore.session import Session

    from ecr_publish.aws.isolated import Explicit
    from ecr_publish.http.live import Live


def prepare(session: Session, live: Live | None) -> None:
    """Set up all clients of the session: ours, and those by which the SDK itself comes to credentials (a profile's
    role, SSO). Their connections are added to `live`."""
    from botocore.config import Config

    settings = Config(
        # none of botocore's: they sleep in real time where no stop reaches them, and count a hard
        # LimitExceededException as throttling; `Sessions.ask` repeats on the run's clock
        retries={"total_max_attempts": 1},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=16,
        user_agent_extra="ecr-publish",
    )
    session.set_default_client_config(settings)
    if live is None:
        return
    made = session.create_client

    def create_client(*args: Any, **options: Any) -> Any:
        client = made(*args, **options)
        _add_all(client, live)
        return client

    session.create_client = create_client  # type: ignore[method-assign]  # what the SDK's own providers call too


def create(service: str, session: Session, region: str, *, explicit: Explicit | None) -> Any:
    """The boto3 client of a service, of a session that was prepared. Raises UsageError for settings of the environment
    that the SDK does not take."""
    import boto3
    from botocore.config import Config

    # an argument outranks AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, and proxies={} outranks HTTP_PROXY
    own = {} if explicit is None else {"endpoint_url": explicit.endpoint_url, "config": Config(proxies={})}
    try:
        return boto3.Session(botocore_session=session).client(service, region_name=region, **own)  # type: ignore[call-overload]
    except ValueError as error:
        raise UsageError(
            what=f"the AWS SDK takes no such setting: {error}",
            where=f"{service} in {region}",
            hint="check AWS_ENDPOINT_URL_*, which must be whole URLs, and the region",
        ) from error


def _add_all(client: Any, live: Live) -> None:
    """Have every connection of the client added as soon as it is made. botocore offers no other way to reach them."""
    from ecr_publish.http.live import Watched

    for scheme, pool in (classes := client._endpoint.http_session._pool_classes_by_scheme).items():
        connection = type("Connection", (Watched, pool.ConnectionCls), {"live": live})
        classes[scheme] = type("Pool", (pool,), {"ConnectionCls": connection})
