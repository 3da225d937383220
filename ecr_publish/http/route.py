"""Route: how requests leave this machine: through which proxy, and whose certificates are believed.

The variables and the rules are those of the AWS SDK (botocore, get_environ_proxies and `ca_bundle`): what reaches ECR's
API reaches its registry too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from ecr_publish.errors import UsageError


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy is, and the user and password that it asks for."""

    url: str
    login: str | None = None  # `user:password`

    def __repr__(self) -> str:
        return f"Proxy({self.url!r})"


@dataclass(frozen=True, slots=True)
class Route:
    """By default straight to the host, and this machine's own certificates. `without` are names whose hosts are reached
    without a proxy, `authorities` a file or directory of certificates."""

    https: Proxy | None = None
    http: Proxy | None = None
    without: tuple[str, ...] = ()
    authorities: str | None = None

    def proxy(self, url: str) -> Proxy | None:
        """The proxy for a URL, if any."""
        parts = urlsplit(url)
        found = self.https if parts.scheme == "https" else self.http
        return None if found is None or any(_names(each, parts) for each in self.without) else found


def route_of(environment: Mapping[str, str]) -> Route:
    """What the environment says. Raises UsageError for a proxy or a bundle of certificates that is none."""

    def told(name: str) -> str:
        return (environment.get(name.lower()) or environment.get(name.upper()) or "").strip()

    return Route(
        _proxy("HTTPS_PROXY", told("https_proxy")),
        _proxy("HTTP_PROXY", told("http_proxy")),
        tuple(name for each in told("no_proxy").split(",") if (name := each.strip().lower())),
        _authorities(environment),
    )


def _proxy(name: str, value: str) -> Proxy | None:
    if not value:
        return None
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError(
            what="this is no proxy that can be used: it begins neither with http:// nor with https://, or has no host",
            where=name,
            hint=f"{name}=http://[user:password@]host:port",
        )
    there = f"[{host}]" if ":" in host else host
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    return Proxy(f"{parts.scheme}://{there}:{port or (443 if parts.scheme == 'https' else 80)}", login)


def _names(name: str, parts: SplitResult) -> bool:
    """Whether an entry of NO_PROXY means this host: `*`, a name with all below it, a host with its port, a network."""
    host = (parts.hostname or "").rstrip(".")
    name = name.removeprefix("*").lstrip(".") if name != "*" else name
    if name in ("*", host, f"{host}:{parts.port}") or host.endswith(f".{name}"):
        return True
    return "/" in name and _within(host, name)


def _within(host: str, network: str) -> bool:
    import ipaddress  # rarely needed

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _authorities(environment: Mapping[str, str]) -> str | None:
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        path = environment.get(name)
        if path and not Path(path).exists():
            raise UsageError(what=f"{path} is not there", where=name, hint="correct it, or unset it")
        if path:
            return path
    return None
