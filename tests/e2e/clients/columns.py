"""The columns, each on its own daemon where it needs one."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ecr_publish.local import embedded_ecr
from tests.e2e.clients.awscli import Aws
from tests.e2e.clients.buildah import Buildah
from tests.e2e.clients.buildx import Buildx
from tests.e2e.clients.client import Client, absent
from tests.e2e.clients.cosign import Cosign
from tests.e2e.clients.crane import Crane
from tests.e2e.clients.daemons import containerd, dockerd
from tests.e2e.clients.docker import Docker, Docker26, Docker26Containerd
from tests.e2e.clients.ground import ACCOUNT, REGION, Ground
from tests.e2e.clients.helper import Helper
from tests.e2e.clients.oras import Oras
from tests.e2e.clients.regctl import Regctl
from tests.e2e.clients.skopeo import Skopeo
from tests.e2e.clients.terraform import CONFIGURATION, Terraform

COLUMNS: tuple[type[Client], ...] = (
    Docker,
    Docker26,
    Docker26Containerd,
    Buildx,
    Skopeo,
    Buildah,
    Oras,
    Cosign,
    Crane,
    Regctl,
    Helper,
    Aws,
    Terraform,
)
PRESENT = tuple(each for each in COLUMNS if not absent(each))


@contextlib.contextmanager
def running() -> Iterator[dict[str, Client]]:
    """Every column that this machine has, by name, on one embedded ECR."""
    home = Path(tempfile.mkdtemp(prefix="clients-"))
    try:
        with embedded_ecr() as server, contextlib.ExitStack() as stack:
            ground = Ground(server, home)
            aws = {
                **dict.fromkeys(("AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"), server.url),
                "AWS_ACCESS_KEY_ID": ACCOUNT,
                "AWS_SECRET_ACCESS_KEY": "local",
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
            }
            own: dict[type[Client], dict[str, str]] = {
                Aws: aws,
                Terraform: {**aws, "TF_CLI_CONFIG_FILE": str(CONFIGURATION)},
                Cosign: {"COSIGN_PASSWORD": "secret"},
            }
            if Docker26 in PRESENT:
                graph, store = _daemons(home, stack)
                own |= {Docker26: {"DOCKER_HOST": graph}}
                own |= {each: {"DOCKER_HOST": store} for each in (Docker26Containerd, Buildx)}
            yield {each.name: _made(each, ground, home, own.get(each, {})) for each in PRESENT}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _made(kind: type[Client], ground: Ground, home: Path, variables: dict[str, str]) -> Client:
    own = home / kind.__name__
    own.mkdir()
    return kind(ground, own, variables)


def _daemons(home: Path, stack: contextlib.ExitStack) -> list[str]:
    """DOCKER_HOST of a daemon with a graph driver, and of one with containerd's store."""
    for name in ("containerd", "graph", "store"):
        (home / name).mkdir()
    socket = stack.enter_context(containerd(home / "containerd"))
    return [
        stack.enter_context(dockerd(home / name, socket, store=name == "store", number=number))
        for number, name in enumerate(("graph", "store"))
    ]
