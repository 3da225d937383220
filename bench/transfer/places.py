"""Where the race is run: two registries, a meter before each, and the seeding and reading back of images."""

import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.transfer.payloads import CONFIG, INDEX, MANIFEST, TAG

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SETTINGS = """\
version: 0.1
log: {{ level: error, accesslog: {{ disabled: true }} }}
storage:
  filesystem: {{ rootdirectory: {root}, maxthreads: 100 }}
  delete: {{ enabled: true }}
  maintenance: {{ uploadpurging: {{ enabled: false }} }}
http: {{ addr: "127.0.0.1:{port}", secret: race }}
"""


class Place:
    """One docker-registry without authentication, and the meter before it."""

    def __init__(self, directory: Path) -> None:
        self._root = directory / "storage"
        self._root.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        (directory / "config.yml").write_text(SETTINGS.format(root=self._root, port=self._port), encoding="utf-8")
        with (directory / "log").open("wb") as log:
            self._registry = subprocess.Popen(
                ["docker-registry", "serve", str(directory / "config.yml")], stdout=log, stderr=log
            )
        self._meter = subprocess.Popen(
            [sys.executable, "-m", "bench.transfer.meter", f"127.0.0.1:{self._port}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._heard()
        self._wait()

    def host(self) -> str:
        """A new `host:port` of this registry through the meter: no client's cache has heard of it."""
        return f"127.0.0.1:{self._ask('open')}"

    def measure(self, rtt: float) -> None:
        """Forget the counts; from now on the registry is `rtt` seconds away."""
        self._say("reset")
        self._say(f"rtt {rtt}")

    def measured(self) -> dict[str, Any]:
        """The counts since then; the registry is near again."""
        self._say("rtt 0")
        counts: dict[str, Any] = json.loads(self._ask("stats"))
        return counts

    def empty(self) -> None:
        """Remove everything; the registry keeps no cache."""
        shutil.rmtree(self._root / "docker", ignore_errors=True)

    def close(self) -> None:
        """End both processes."""
        assert self._meter.stdin is not None
        self._meter.stdin.close()
        self._registry.terminate()
        self._meter.wait(5)
        self._registry.wait(5)

    def seed(self, layout: Path, repository: str, tag: str = TAG) -> None:
        """Put a layout under a tag, past the meter, by nobody's client."""
        with _Plain(self._port, repository) as plain:
            root = json.loads((layout / "index.json").read_text(encoding="utf-8"))["manifests"][0]
            for described in _below(layout, root):
                plain.put(layout, described, tag if described["digest"] == root["digest"] else described["digest"])

    def whole(self, repository: str, tag: str, wanted: str) -> bool:
        """Whether the tag names that digest (any, if it is empty) and everything below it is there."""
        with _Plain(self._port, repository) as plain:
            return (not wanted or plain.digest(tag) == wanted) and plain.complete(tag)

    def _wait(self) -> None:
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("docker-registry does not answer")

    def _say(self, text: str) -> None:
        assert self._meter.stdin is not None
        self._meter.stdin.write(text + "\n")
        self._meter.stdin.flush()

    def _heard(self) -> str:
        assert self._meter.stdout is not None
        return self._meter.stdout.readline().strip()

    def _ask(self, text: str) -> str:
        self._say(text)
        return self._heard()


class _Plain:
    """A connection to one repository that knows nothing of speed."""

    def __init__(self, port: int, repository: str) -> None:
        self._http, self._base = http.client.HTTPConnection("127.0.0.1", port, timeout=120), f"/v2/{repository}"

    def __enter__(self) -> "_Plain":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        url = path if path.startswith("/") else f"{self._base}/{path}"
        self._http.request(method, url, body, {key.replace("_", "-"): value for key, value in headers.items()})
        answer = self._http.getresponse()
        return answer, answer.read()

    def put(self, layout: Path, described: dict[str, Any], name: str) -> None:
        file = layout / "blobs" / described["digest"].replace(":", "/")
        if described["mediaType"] in (INDEX, MANIFEST):
            answer, _ = self.ask("PUT", f"manifests/{name}", file.read_bytes(), Content_Type=described["mediaType"])
        else:
            answer, _ = self.ask("POST", "blobs/uploads/")
            place = str(answer.getheader("location")).partition("/v2/")[2]
            with file.open("rb") as source:
                length = {"Content_Length": str(described["size"]), "Content_Type": "application/octet-stream"}
                answer, _ = self.ask("PUT", f"/v2/{place}&digest={described['digest']}", source, **length)
        if answer.status != 201:
            raise SystemExit(f"seeding: {answer.status}")

    def document(self, reference: str) -> bytes:
        answer, body = self.ask("GET", f"manifests/{reference}", Accept=f"{INDEX}, {MANIFEST}, {DOCKER_MANIFEST}")
        return body if answer.status == 200 else b"{}"

    def digest(self, reference: str) -> str:
        return f"sha256:{sha256(self.document(reference)).hexdigest()}"

    def complete(self, reference: str) -> bool:
        value = json.loads(self.document(reference))
        blobs = [each for each in (value.get("config"), *value.get("layers", ())) if each]
        there = all(self.ask("HEAD", f"blobs/{each['digest']}")[0].status == 200 for each in blobs)
        below = all(self.complete(each["digest"]) for each in value.get("manifests", ()))
        return bool(value) and there and below


def _below(layout: Path, described: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that an image is made of, what it needs before itself."""
    if described["mediaType"] not in (INDEX, MANIFEST):
        return [described]
    value = json.loads((layout / "blobs" / described["digest"].replace(":", "/")).read_bytes())
    inner = [*value.get("manifests", ()), *value.get("layers", ())]
    inner += [value["config"]] if value.get("config", {}).get("mediaType") == CONFIG else []
    return [each for part in inner for each in _below(layout, part)] + [described]
