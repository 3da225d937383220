"""The origin of a URL: what decides whether two URLs lead to the same server."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}


def origin(url: str) -> tuple[str, str | None, int | None, str | None]:
    """(scheme, host, port, user): a host's letter case and a scheme's own port written out make no difference
    (RFC 6454, section 4; RFC 3986, 6.2.3), a user before the host does. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme), parts.username
