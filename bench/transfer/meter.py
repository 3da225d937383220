"""A proxy before one registry that counts what a client asks for, and can be far away.

    python -m bench.transfer.meter HOST:PORT        one command per line on stdin:

    open            a further port that no client has heard of; its number is printed
    rtt SECONDS     every request waits so long before it goes on; a connection's first one twice (its handshake)
    reset           forget the counts
    stats           print the counts as JSON, and each request in its order

A TLS greeting is answered at once, as a plain Go server answers it: clients that try TLS first pay nothing for it.
One thread and one connection to the registry per client connection; bodies pass by splice, without Python seeing them.
"""

import json
import os
import re
import socket
import sys
import threading
import time
from collections import Counter

from bench.transfer.relay import Closed, Side, body, parsed

RULES = tuple(
    (name, method, re.compile(path))
    for name, method, path in (
        ("ping", "GET", r"/v2/?"),
        ("mount", "POST", r".*/blobs/uploads/?\?.*mount=.*"),
        ("POST upload", "POST", r".*/blobs/uploads/?(\?.*)?"),
        ("PATCH", "PATCH", r".*/blobs/uploads/.+"),
        ("PUT blob", "PUT", r".*/blobs/uploads/.+"),
        ("GET upload", "GET", r".*/blobs/uploads/.+"),
        ("HEAD blob", "HEAD", r".*/blobs/.+"),
        ("GET blob", "GET", r".*/blobs/.+"),
        ("HEAD manifest", "HEAD", r".*/manifests/.+"),
        ("GET manifest", "GET", r".*/manifests/.+"),
        ("PUT manifest", "PUT", r".*/manifests/.+"),
        ("tags", "GET", r".*/tags/list.*"),
        ("referrers", "GET", r".*/referrers/.+"),
        ("API call", "POST", r"/"),
        ("GET storage", "GET", r"/_storage/.+"),
    )
)


def kind(method: str, target: str) -> str:
    """The class of a request."""
    return next((name for name, verb, path in RULES if verb == method and path.fullmatch(target)), f"{method} other")


class Meter:
    """Counts of all connections; safe from threads."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream, self.rtt, self._lock = upstream, 0.0, threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.requests: Counter[str] = Counter()
            self.connections = self.at_once = self.most = self.sent = 0
            self.log: list[str] = []

    def stats(self) -> dict[str, object]:
        with self._lock:
            counts = {"connections": self.connections, "most": self.most, "sent": self.sent}
            return {"requests": self.requests, **counts, "log": self.log}

    def open(self) -> int:
        sock = socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self._accept, args=(sock,), daemon=True).start()
        return int(sock.getsockname()[1])

    def _accept(self, sock: socket.socket) -> None:
        while True:
            client, _ = sock.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        first, back = True, None
        try:
            front = Side(client)
            while True:
                head = front.head()
                if back is None:
                    back = Side(socket.create_connection(self.upstream))
                    with self._lock:
                        self.connections += 1
                if not self._exchange(head, front, back, self.rtt * (2 if first else 1)):
                    return
                first = False
        except (Closed, OSError, ValueError):
            pass
        finally:
            client.close()
            if back is not None:
                back.sock.close()

    def _exchange(self, head: bytes, front: Side, back: Side, wait: float) -> bool:
        """One request and its answer; whether the connection goes on."""
        (method, target, _), fields = parsed(head)
        with self._lock:
            self.requests[kind(method, target)] += 1
            self.log.append(f"{method} {target}")
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            time.sleep(wait)
            back.sock.sendall(head)
            if fields.get("expect", "").lower() == "100-continue":
                front.sock.sendall(back.head())
            sent = body(fields, front, back.sock, absent=0)
            (_, status, *_), answer = parsed(head := back.head())
            front.sock.sendall(head)
            if method != "HEAD" and status not in ("204", "304"):
                body(answer, back, front.sock, absent=None)
        finally:
            with self._lock:
                self.at_once -= 1
        with self._lock:
            self.sent += sent
        return "close" not in (fields.get("connection", "") + answer.get("connection", "")).lower()


def main(upstream: str) -> None:
    """Serve until stdin ends."""
    host, _, port = upstream.rpartition(":")
    meter = Meter((host, int(port)))
    for line in sys.stdin:
        match line.split():
            case ["open"]:
                print(meter.open(), flush=True)
            case ["rtt", seconds]:
                meter.rtt = float(seconds)
            case ["reset"]:
                meter.reset()
            case ["stats"]:
                print(json.dumps(meter.stats()), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
