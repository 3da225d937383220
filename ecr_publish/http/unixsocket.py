"""Documents of a server of this machine that listens at a socket file, such as a Docker engine."""

from __future__ import annotations

import socket
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

SECONDS = 60.0
LARGEST_DOCUMENT = 8 << 20  # bytes


def document(place: str, path: str, seconds: float = SECONDS) -> bytes | None:
    """The body of a 200 to a GET from the server at `place`. None where there is any other answer, or none, or where
    nothing comes for so many seconds: whoever wants to know why asks in another way."""
    connection = type("AtPlace", (_Connection,), {"place": place, "seconds": seconds})
    kind = type("PoolAtPlace", (HTTPConnectionPool,), {"ConnectionCls": connection})
    pool = kind("localhost", retries=False, timeout=seconds)
    try:
        response = pool.request("GET", path, headers={"Connection": "close"}, preload_content=False, redirect=False)
        try:
            body = response.read(LARGEST_DOCUMENT + 1)
        finally:
            response.close()
    except (urllib3.exceptions.HTTPError, OSError):
        return None
    finally:
        pool.close()
    return body if response.status == 200 and len(body) <= LARGEST_DOCUMENT else None


class _Connection(HTTPConnection):
    place: str
    seconds: float

    def connect(self) -> None:
        self.sock: Any = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.seconds)
        self.sock.connect(self.place)
