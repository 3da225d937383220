"""The embedded ECR beside Debian's docker-registry on the same disk, in one run.

    python -m bench.local [--write]

Asks: how long until the first answer after a cold start (wanted: under 700 ms, imports included); a blob of 600 MB up
and down (wanted: within 1.5 times of docker-registry's); small requests by 8 connections (wanted: 800 a second, each
with a token that is checked or input that is validated); how much memory the blob costs. `docker-registry` must be on
PATH. `--write` puts the table into bench/README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import platform
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

BLOB, SMALL = 600_000_000, 1_000_000  # bytes
ROUNDS, STARTS, CONNECTIONS, SECONDS = 4, 7, 8, 3.0
ACCOUNT, REGION, NAME = "1" * 12, "us-east-2", "bench/blob"
SIGNED = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/ecr/aws4_request"
OCI = "application/vnd.oci.image.manifest.v1+json"
README = Path(__file__).with_name("README.md")
CONFIG = """\
version: 0.1
log: {{ level: error, accesslog: {{ disabled: true }} }}
storage: {{ filesystem: {{ rootdirectory: {root} }} }}
http: {{ addr: 127.0.0.1:{port} }}
"""


running: list[subprocess.Popen[bytes]] = []  # whatever happens, all are ended


@dataclass
class Contestant:
    """A registry that runs: where its `/v2` is, its process, and what every request of it carries."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    headers: dict[str, str]
    api_port: int | None = None

    def connection(self) -> http.client.HTTPConnection:
        """A new one, which sends in large pieces."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120, blocksize=1 << 20)

    @property
    def peak_mb(self) -> float:
        """The greatest resident size so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def free_port() -> int:
    """One that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def called(port: int, operation: str, **given: object) -> dict[str, object]:
    """One call of the JSON API."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    target = f"AmazonEC2ContainerRegistry_V20150921.{operation}"
    link.request("POST", "/", json.dumps(given), {"Authorization": SIGNED, "X-Amz-Target": target})
    answer = link.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{operation} is answered {answer.status}: {said[:300]!r}")
    return json.loads(said)


def until(answers: Callable[[], object]) -> None:
    """Return as soon as it does not raise."""
    limit = time.monotonic() + 30
    while True:
        try:
            answers()
            return
        except (OSError, http.client.HTTPException):
            if time.monotonic() > limit:
                raise
            time.sleep(0.002)


def started(command: list[str], answers: Callable[[], object]) -> tuple[subprocess.Popen[bytes], float]:
    """The process, and the seconds from its start to its first answer."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running.append(process)
    until(answers)
    return process, time.perf_counter() - begin


def embedded(folder: Path) -> tuple[Contestant, float]:
    """`ecr-publish local` on a directory."""
    port = free_port()
    script = str(Path(sys.executable).with_name("ecr-publish"))
    command = [script, "local", "--port", str(port), "--store", str(folder)]
    process, seconds = started(command, lambda: called(port, "DescribeRepositories"))
    called(port, "CreateRepository", repositoryName=NAME)
    (data,) = called(port, "GetAuthorizationToken")["authorizationData"]  # type: ignore[misc]
    headers = {"Authorization": f"Basic {data['authorizationToken']}"}
    return Contestant("ecr-publish local", process, urlsplit(data["proxyEndpoint"]).port or 0, headers, port), seconds


def registry(folder: Path) -> tuple[Contestant, float]:
    """Debian's docker-registry on a directory."""
    port, config = free_port(), folder.with_suffix(".yml")
    config.write_text(CONFIG.format(root=folder, port=port))

    def asked() -> object:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        link.request("GET", "/v2/")
        return link.getresponse().read()

    process, seconds = started(["docker-registry", "serve", str(config)], asked)
    return Contestant("docker-registry", process, port, {}), seconds


def cold(make: Callable[[Path], tuple[Contestant, float]], folder: Path) -> float:
    """Milliseconds from the start to the first answer; the fastest of some: whatever else runs only adds to it."""
    times = []
    for number in range(STARTS):
        contestant, seconds = make(folder / f"cold-{number}")
        stop(contestant)
        times.append(seconds * 1000)
    return min(times)


def stop(contestant: Contestant) -> None:
    """End it."""
    contestant.process.send_signal(signal.SIGTERM)
    contestant.process.wait()


def up(to: Contestant, path: Path, digest: str) -> float:
    """Seconds of a POST and a PUT with the whole blob."""
    link, size = to.connection(), str(path.stat().st_size)
    begin = time.perf_counter()
    link.request("POST", f"/v2/{NAME}/blobs/uploads/", b"", to.headers)
    answer = link.getresponse()
    answer.read()
    where = urlsplit(answer.headers["Location"])
    query = f"{where.query}&digest={digest}".lstrip("&")
    with path.open("rb") as file:
        headers = {"Content-Length": size, "Content-Type": "application/octet-stream"}
        link.request("PUT", f"{where.path}?{query}", file, to.headers | headers)
        answer = link.getresponse()
        said = answer.read()
    if answer.status != 201:
        raise SystemExit(f"{to.name} answers {answer.status}: {said[:200]!r}")
    return time.perf_counter() - begin


def down(of: Contestant, digest: str, size: int) -> float:
    """Seconds of a GET, with the redirect that there may be, to the last byte."""
    link = of.connection()
    begin = time.perf_counter()
    link.request("GET", f"/v2/{NAME}/blobs/{digest}", headers=of.headers)
    answer = link.getresponse()
    if answer.status == 307:
        answer.read()
        where = urlsplit(answer.headers["Location"])
        link.request("GET", f"{where.path}?{where.query}")
        answer = link.getresponse()
    buffer, got = memoryview(bytearray(1 << 20)), 0
    while count := answer.readinto(buffer):
        got += count
    if got != size:
        raise SystemExit(f"{of.name} sends {got} bytes of {size}")
    return time.perf_counter() - begin


def image(at: Contestant, layer: tuple[str, int]) -> bytes:
    """Put an image whose one layer is there already; its manifest."""
    config = b'{"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    with tempfile.NamedTemporaryFile() as file:
        file.write(config)
        file.flush()
        up(at, Path(file.name), hashed(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": hashed(config),
            "size": len(config),
        },
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer[0], "size": layer[1]}],
    }
    body = json.dumps(manifest).encode()
    link = at.connection()
    link.request("PUT", f"/v2/{NAME}/manifests/1", body, at.headers | {"Content-Type": OCI})
    if link.getresponse().status != 201:
        raise SystemExit(f"{at.name} refuses the image")
    return body


def hashed(content: bytes) -> str:
    """Its digest."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Asker:
    """One connection that asks the same again as soon as it is answered. It reads no more than the length: in this
    process all of them share one core with whom they ask."""

    def __init__(self, port: int, request: bytes, has_body: bool) -> None:
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


def rate(port: int, request: bytes, *, has_body: bool) -> float:
    """Answers a second."""
    askers = [Asker(port, request, has_body) for _ in range(CONNECTIONS)]
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


def request_of(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """As it goes over the socket."""
    every = {"Host": "127.0.0.1", **headers} | ({"Content-Length": str(len(body))} if body else {})
    return "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in every.items()), "", ""]).encode() + body


@contextmanager
def blob_file(folder: Path, size: int) -> Iterator[tuple[Path, str]]:
    """A file that does not compress, and its digest."""
    path, digest, piece = folder / f"blob-{size}", hashlib.sha256(), os.urandom(1_000_000)
    with path.open("wb") as file:
        for number in range(size // 1_000_000):
            content = number.to_bytes(8, "big") + piece[8:]
            digest.update(content)
            file.write(content)
    yield path, f"sha256:{digest.hexdigest()}"
    path.unlink()


@dataclass
class Figures:
    """What was measured of one."""

    cold_ms: float
    up_s: float
    down_s: float
    grown_mb: float
    rates: dict[str, float]


def measured(folder: Path) -> dict[str, Figures]:
    """Both, side by side: they take turns with the blob."""
    makers = {"ecr-publish local": embedded, "docker-registry": registry}
    colds = {name: cold(make, folder) for name, make in makers.items()}
    both = {name: make(folder / name.replace(" ", "-"))[0] for name, make in makers.items()}
    with blob_file(folder, SMALL) as (path, digest):
        for each in both.values():
            up(each, path, digest)
            image(each, (digest, SMALL))
            down(each, digest, SMALL)
    peaks = {name: each.peak_mb for name, each in both.items()}
    ups: dict[str, list[float]] = {name: [] for name in both}
    downs: dict[str, list[float]] = {name: [] for name in both}
    for _ in range(ROUNDS):
        with blob_file(folder, BLOB) as (path, digest):
            for name, each in both.items():
                ups[name].append(up(each, path, digest))
                image(each, (digest, BLOB))
            for name, each in both.items():
                downs[name].append(down(each, digest, BLOB))
    return {
        name: Figures(
            colds[name],
            min(ups[name]),
            min(downs[name]),
            each.peak_mb - peaks[name],
            rates(each),
        )
        for name, each in both.items()
    }


def rates(of: Contestant) -> dict[str, float]:
    """Small requests a second, by kind."""
    found = {}
    head = request_of("HEAD", f"/v2/{NAME}/manifests/1", of.headers | {"Accept": OCI})
    found["HEAD manifest"] = rate(of.port, head, has_body=False)
    get = request_of("GET", f"/v2/{NAME}/manifests/1", of.headers | {"Accept": OCI})
    found["GET manifest"] = rate(of.port, get, has_body=True)
    if of.api_port is not None:
        target = "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"
        body = json.dumps({"repositoryName": NAME, "imageIds": [{"imageTag": "1"}]}).encode()
        call = request_of("POST", "/", {"Authorization": SIGNED, "X-Amz-Target": target}, body)
        found["BatchGetImage"] = rate(of.api_port, call, has_body=True)
    return found


def table(found: dict[str, Figures]) -> tuple[str, bool]:
    """Rows for people, and whether everything is as wanted."""
    ours, theirs = found["ecr-publish local"], found["docker-registry"]
    rows = [
        ("cold start to the first answer, ms", ours.cold_ms, theirs.cold_ms, "< 700", ours.cold_ms < 700),
        ("600 MB up, s", ours.up_s, theirs.up_s, "≤ 1.5 ×", ours.up_s <= 1.5 * theirs.up_s),
        ("600 MB down, s", ours.down_s, theirs.down_s, "≤ 1.5 ×", ours.down_s <= 1.5 * theirs.down_s),
        ("memory for it above 1 MB, MB", ours.grown_mb, theirs.grown_mb, "≤ 16", ours.grown_mb <= 16),
    ]
    for kind, value in ours.rates.items():
        rows.append((f"{kind}, 1/s", value, theirs.rates.get(kind, 0), "≥ 800", value >= 800))
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}; {os.cpu_count()} cores, Linux {platform.release()}, Python "
        f"{platform.python_version()}; docker-registry {version()}",
        "",
        "| | ecr-publish local | docker-registry | ratio | wanted | |",
        "|---|--:|--:|--:|---|---|",
    ]
    for what, mine, other, wanted, good in rows:
        ratio = f"{mine / other:.2f}" if other > 0 else "-"
        shown = f"{other:,.2f}" if other else "-"
        lines.append(f"| {what} | {mine:,.2f} | {shown} | {ratio} | {wanted} | {'' if good else '**missed**'} |")
    return "\n".join(lines), all(row[-1] for row in rows)


def version() -> str:
    """Of Debian's package."""
    said = subprocess.run(["docker-registry", "--version"], capture_output=True, text=True, check=False).stdout.split()
    return said[-1] if said else "of unknown version"


def write(text: str) -> None:
    """Replace the last figures in bench/README.md."""
    before, mark, _ = README.read_text(encoding="utf-8").partition("<!-- local -->\n")
    rest = README.read_text(encoding="utf-8").partition("<!-- /local -->\n")[2]
    README.write_text(f"{before}{mark}{text}\n<!-- /local -->\n{rest}", encoding="utf-8")


def main() -> int:
    """Measure and print; 1 if something wanted is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.local")
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    if shutil.which("docker-registry") is None:
        raise SystemExit("docker-registry is not on PATH: apt-get install docker-registry, or bash .ci/clients.sh DIR")
    with tempfile.TemporaryDirectory() as temporary:
        try:
            text, good = table(measured(Path(temporary)))
        finally:
            for process in running:
                process.kill()
                process.wait()
    print(text)
    if wanted.write:
        write(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
