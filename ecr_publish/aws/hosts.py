"""From AWS's answer to a connection: the one place that maps a registry's canonical name to where it is reached.

Source of the host forms: AWS General Reference, "Amazon ECR endpoints and quotas"; Amazon ECR User Guide, "Getting
started with making requests to Amazon ECR over IPv6". A token goes to one of these hosts, or to this machine.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ecr_publish.errors import NotAuthorised
from ecr_publish.http.transport import is_loopback
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, partition_suffix

_DUAL_STACK = {"amazonaws.com": "on.aws", "amazonaws.com.cn": "on.amazonwebservices.com.cn"}
_PUBLIC_HOSTS = ("public.ecr.aws", "ecr-public.aws.com")


def host(registry: EcrRegistry, *, fips: bool, dual_stack: bool) -> str:
    """The registry's host in the variant that is asked for. Dual-stack falls back where a partition has none."""
    service = "ecr-fips" if fips else "ecr"
    suffix = partition_suffix(registry.region)
    if dual_stack and suffix in _DUAL_STACK:
        return f"{registry.account}.dkr-{service}.{registry.region}.{_DUAL_STACK[suffix]}"
    return f"{registry.account}.dkr.{service}.{registry.region}.{suffix}"


def connection(proxy: str, registry: EcrRegistry, *, fips: bool = False, dual_stack: bool = False) -> str:
    """The base URL for `proxyEndpoint` (GetAuthorizationToken): itself on loopback, else the computed host.

    Raises NotAuthorised for an endpoint that is neither, for the token would go there.
    """
    if (local := _loopback(proxy)) is not None:
        return local
    parts = urlsplit(proxy)
    if registry.account is None and (match := re.match(r"([0-9]{12})\.dkr[.-]", parts.netloc)):
        registry = EcrRegistry(match[1], registry.region)  # the caller's: only AWS knows it
    variants = {host(registry, fips=one, dual_stack=other) for one in (False, True) for other in (False, True)}
    if (
        registry.account is None
        or parts.scheme != "https"
        or parts.netloc not in variants
        or parts.path not in ("", "/")
    ):
        raise NotAuthorised(
            what=f"AWS names the registry {proxy!r}, expected https://{registry.host}",
            where=str(registry),
            hint="no token is sent there: check account: and region: in the file, and AWS_ENDPOINT_URL_ECR",
        )
    return f"https://{host(registry, fips=fips, dual_stack=dual_stack)}"


def public_connection(endpoint: str | None, registry: EcrPublicRegistry, *, dual_stack: bool = False) -> str:
    """ECR Public's base URL. Its answer has no proxyEndpoint: a local one is named by ECR_PUBLISH_PUBLIC_ENDPOINT."""
    if not endpoint:
        return f"https://{_PUBLIC_HOSTS[dual_stack]}"
    if (local := _loopback(endpoint)) is not None:
        return local
    if endpoint.rstrip("/") not in {f"https://{name}" for name in _PUBLIC_HOSTS}:
        raise NotAuthorised(
            what=f"{endpoint!r} is neither ECR Public nor on this machine",
            where=str(registry),
            hint="no token is sent there: correct or unset ECR_PUBLISH_PUBLIC_ENDPOINT",
        )
    return endpoint.rstrip("/")


def plain_connection(name: str) -> str:
    """A plain registry's base URL: HTTPS, and plain HTTP on this machine only."""
    return f"{'http' if is_loopback(name) else 'https'}://{name}"


def _loopback(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.path in ("", "/") and is_loopback(parts.netloc):
        return f"{parts.scheme}://{parts.netloc}"
    return None
