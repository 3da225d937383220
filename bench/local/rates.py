"""Small requests a second, from connections that ask again as soon as they are answered."""

import json
import selectors
import socket
import time

from bench.local.blobs import OCI
from bench.local.contestants import ACCOUNT, NAME, REGION, Contestant

CONNECTIONS, SECONDS = 8, 3.0
SIGNED = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/ecr/aws4_request"


def rates(of: Contestant) -> dict[str, float]:
    """By kind."""
    found = {}
    head = _request("HEAD", f"/v2/{NAME}/manifests/1", of.headers | {"Accept": OCI})
    found["HEAD manifest"] = _rate(of.port, head, has_body=False)
    get = _request("GET", f"/v2/{NAME}/manifests/1", of.headers | {"Accept": OCI})
    found["GET manifest"] = _rate(of.port, get, has_body=True)
    if of.api_port is not None:
        target = "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"
        body = json.dumps({"repositoryName": NAME, "imageIds": [{"imageTag": "1"}]}).encode()
        call = _request("POST", "/", {"Authorization": SIGNED, "X-Amz-Target": target}, body)
        found["BatchGetImage"] = _rate(of.api_port, call, has_body=True)
    return found


class _Asker:
    """One connection that asks the same again as soon as it is answered. It reads no more than the length: in this
    process all of them share one core with whom they ask."""

    def __init__(self, port: int, request: bytes, *, has_body: bool) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request, self._has_body, self._got = request, has_body, b""
        self.answers = 0

    def ask(self) -> None:
        """Send it."""
        self.socket.sendall(self._request)

    def receive(self) -> None:
        """Take what has come; ask again when it is whole."""
        self._got += self.socket.recv(1 << 16)
        head, end, rest = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"an answer that is not 200: {head[:300]!r}")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]) if self._has_body else 0
        if len(rest) >= length:
            self._got = rest[length:]
            self.answers += 1
            self.ask()


def _rate(port: int, request: bytes, *, has_body: bool) -> float:
    """Answers a second."""
    askers = [_Asker(port, request, has_body=has_body) for _ in range(CONNECTIONS)]
    with selectors.DefaultSelector() as selector:
        for each in askers:
            selector.register(each.socket, selectors.EVENT_READ, each)
            each.ask()
        begin = time.perf_counter()
        while time.perf_counter() - begin < SECONDS:
            for key, _ in selector.select(1):
                key.data.receive()
        taken = time.perf_counter() - begin
    for each in askers:
        each.socket.close()
    return sum(each.answers for each in askers) / taken


def _request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """As it goes over the socket."""
    every = {"Host": "127.0.0.1", **headers} | ({"Content-Length": str(len(body))} if body else {})
    return "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in every.items()), "", ""]).encode() + body
