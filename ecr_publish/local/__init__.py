"""The embedded ECR: Amazon ECR in one process, for tests, rehearsals, and any client.

with embedded_ecr() as ecr:
    ecr.url                                   # the API endpoint: AWS_ENDPOINT_URL_ECR and AWS_ENDPOINT_URL_STS
    ecr.ecr.registry_url("1" * 12, "us-east-2")  # where docker, skopeo, crane push
    ecr.ecr.script.requests                   # every request so far
    ecr.ecr.script.add(Fault("status", index=3, status=503))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ecr_publish.run.clock import SimulatedClock

if TYPE_CHECKING:
    from ecr_publish.local.embedded import Clock, Settings
    from ecr_publish.local.server import Server


@contextmanager
def embedded_ecr(
    settings: Settings | None = None,
    clock: Clock | None = None,
    port: int = 0,
    *,
    oci: bool = False,
    quotas: bool = False,
) -> Iterator[Server]:
    """A running embedded ECR on loopback ports. Without a clock it has a simulated one, which only `advance` moves.

    With `oci` its `/v2` is a registry by the OCI distribution-spec, without any of ECR's quirks; with `quotas` requests
    beyond ECR's documented rates are throttled, on that clock.
    """
    from ecr_publish.local.embedded import Settings as Defaults
    from ecr_publish.local.quirks import OCI
    from ecr_publish.local.server import serving

    settings = settings or Defaults()
    quirks = OCI if oci else settings.quirks
    with serving(
        replace(settings, quirks=replace(quirks, throttled=quirks.throttled or quotas)),
        clock or SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC)),
        port,
    ) as server:
        yield server


__all__ = ["embedded_ecr"]
