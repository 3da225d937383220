"""Clients of the AWS SDK: how they are set up, and that none waits on when the run is to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_publish.errors import UsageError

if TYPE_CHECKING:
    from botocore.session import Session

    from ecr_publish.aws.isolated import Explicit
    from ecr_publish.http.live import Live


def create(service: str, session: Session, region: str, *, explicit: Explicit | None, live: Live | None) -> Any:
    """The boto3 client of a service; its connections are added to `live`. Raises UsageError for settings of the
    environment that the SDK does not take."""
    import boto3
    from botocore.config import Config

    options: dict[str, Any] = {
        # none of botocore's: they sleep in real time where no stop reaches them, and count a hard
        # LimitExceededException as throttling; `Sessions.ask` repeats on the run's clock
        "retries": {"total_max_attempts": 1},
        "connect_timeout": 10,
        "read_timeout": 60,
        "max_pool_connections": 16,
        "user_agent_extra": "ecr-publish",
    }
    endpoint = None
    if explicit is not None:
        # an argument outranks AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, and proxies={} outranks HTTP_PROXY
        endpoint, options["proxies"] = explicit.endpoint_url, {}
    try:
        client = boto3.Session(botocore_session=session).client(  # type: ignore[call-overload]
            service, region_name=region, endpoint_url=endpoint, config=Config(**options)
        )
    except ValueError as error:
        raise UsageError(
            what=f"the AWS SDK takes no such setting: {error}",
            where=f"{service} in {region}",
            hint="check AWS_ENDPOINT_URL_*, which must be whole URLs, and the region",
        ) from error
    if live is not None:
        _add_all(client, live)
    return client


def _add_all(client: Any, live: Live) -> None:
    """Have every connection of the client added as soon as it is made. botocore offers no other way to reach them."""
    from ecr_publish.http.live import Watched

    for scheme, pool in (classes := client._endpoint.http_session._pool_classes_by_scheme).items():
        connection = type("Connection", (Watched, pool.ConnectionCls), {"live": live})
        classes[scheme] = type("Pool", (pool,), {"ConnectionCls": connection})
