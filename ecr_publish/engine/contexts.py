"""Where the Docker engine is, as Docker's own client finds it: DOCKER_HOST, else the current context of its config.

Docker Desktop, colima and rootless engines are reached by a context only. Source: docs.docker.com, "Docker contexts".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecr_publish.errors import EngineUnavailable

DEFAULT = "default"
SOCKET = "/var/run/docker.sock"  # of an engine that nothing says a word of
_TLS_FILES = {"ca": "ca.pem", "cert": "cert.pem", "key": "key.pem"}


def engine_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH to connect by; never empty.

    DOCKER_HOST wins over DOCKER_CONTEXT, which wins over the config (docker/cli, cli/command, resolveContextName).
    Raises EngineUnavailable for a context that is named and not there.
    """
    home = config_directory(environment)
    name: object = DEFAULT
    if not environment.get("DOCKER_HOST"):
        name = environment.get("DOCKER_CONTEXT") or _json(home / "config.json").get("currentContext") or DEFAULT
    if name == DEFAULT:
        # docker-py reads the process's own environment where it is given an empty one, and its home where no
        # certificates are named.
        own = {key: value for key, value in environment.items() if key.startswith("DOCKER_")}
        certificates = own.get("DOCKER_CERT_PATH") or (str(home) if own.get("DOCKER_TLS_VERIFY") else "")
        return {"DOCKER_HOST": "", **own, "DOCKER_CERT_PATH": certificates}
    # The store's folder names are the sha256 of the context's name (docker/cli, cli/context/store).
    folder = hashlib.sha256(str(name).encode()).hexdigest()
    endpoint = _member(_member(_json(home / "contexts" / "meta" / folder / "meta.json"), "Endpoints"), "docker")
    host = endpoint.get("Host")
    if not isinstance(host, str) or not host:
        raise EngineUnavailable(
            what=f"the Docker context {name!r} is not there or names no engine",
            where=str(home),
            hint="`docker context ls` lists them; `docker context use default` goes back, DOCKER_HOST overrides",
        )
    tls = home / "contexts" / "tls" / folder / "docker"
    if not all((tls / file).is_file() for file in _TLS_FILES.values()):
        return {"DOCKER_HOST": host}
    verify = "" if endpoint.get("SkipTLSVerify") else "1"
    return {"DOCKER_HOST": host, "DOCKER_CERT_PATH": str(tls), "DOCKER_TLS_VERIFY": verify}


def socket_of(environment: Mapping[str, str]) -> str | None:
    """The socket file of an engine of this machine, None where it is elsewhere. Raises EngineUnavailable."""
    host = engine_variables(environment)["DOCKER_HOST"].strip()
    if host in ("", "unix://"):
        return SOCKET
    return "/" + host.removeprefix("unix://").lstrip("/") if host.startswith("unix://") else None


def config_directory(environment: Mapping[str, str]) -> Path:
    """The folder of Docker's own config."""
    return Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME") or "/", ".docker"))


def _json(path: Path) -> dict[str, Any]:
    """What is not there or not readable says nothing: Docker's own client goes on with its defaults too."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _member(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
