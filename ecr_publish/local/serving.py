"""The embedded ECR as `ecr-publish local` serves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ecr_publish.local import embedded_ecr
from ecr_publish.local.server import Server
from ecr_publish.local.told import planted, settings_of
from ecr_publish.run.clock import ShiftedClock
from ecr_publish.run.stop import StopRequest


@contextmanager
def local_server(
    *,
    port: int,
    account: str,
    directory: Path | None,
    told: tuple[str | None, str | None, str | None],
    bandwidth: float | None,
    scan_seconds: float,
    oci: bool = False,
    alias: str | None = None,
    named: tuple[str, ...] = (),
    quotas: bool = False,
) -> Iterator[Server]:
    """An embedded ECR on the machine's own clock (which its clients may advance), for `ecr-publish local`.

    `told` are the paths of a findings, a seed and a faults file; `named` are faults by name; `alias` is the
    account's on ECR Public.
    """
    settings = replace(
        settings_of(told, named),
        account=account,
        directory=directory,
        bandwidth=bandwidth,
        aliases=((alias, account),) if alias else (),
        scan_takes=timedelta(seconds=scan_seconds),
    )
    with embedded_ecr(settings, ShiftedClock(StopRequest()), port, oci=oci, quotas=quotas) as server:
        planted(told[1], server.ecr, Path(told[1]).parent if told[1] else Path())
        yield server
