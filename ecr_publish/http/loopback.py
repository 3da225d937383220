"""Loopback: whether a host is this machine. Plain HTTP is allowed there only, and no proxy is asked for it."""

from __future__ import annotations

import ipaddress
import re

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:]+)\]|(?P<name>[A-Za-z0-9.-]+))(?::[0-9]*)?")


def is_loopback(host: str) -> bool:
    """Whether `host[:port]` is this machine: 127.0.0.0/8, ::1 or localhost. Names that only begin like it are not."""
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"] or match["v6"]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
