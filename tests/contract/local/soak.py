"""A soak: clients that push, tag, mount and delete at random while the server is killed; what they were promised holds.

Each client owns its tags and repositories, so that it knows what must be there after its last answer. Layers are shared
by all, and so are some repositories.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ACCOUNT, REGION = "1" * 12, "us-east-2"
OCI = "application/vnd.oci.image.manifest.v1+json"
CONFIG, LAYER = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"
SHARED = ("shared/one", "shared/two")


class Gone(Exception):
    """No answer: the server was killed before, or while it was asked."""


class Served:
    """`ecr-publish local` on a directory and a port that stays, killed and started again."""

    def __init__(self, store: Path) -> None:
        self.store, self.kills = store, 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        lines = self.store.with_suffix(".env")
        lines.unlink(missing_ok=True)
        command = [sys.executable, "-m", "ecr_publish", "local", "--port", str(self.port), "--store", str(self.store)]
        process = subprocess.Popen([*command, "--env-file", str(lines)], stdout=subprocess.DEVNULL)
        limit = time.monotonic() + 60
        while not lines.exists():
            assert process.poll() is None and time.monotonic() < limit, "the server does not start"
            time.sleep(0.02)
        return process

    def kill(self) -> None:
        """As by a loss of power to the process, and again."""
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.process = self._start()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Link:
    """One connection to one face."""

    def __init__(self, port: int) -> None:
        self.port, self._open = port, None

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str):
        """Status, headers, body. Raises Gone."""
        try:
            if self._open is None:
                self._open = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self._open.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
            answer = self._open.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._open = None
            raise Gone from error


class Api:
    """The JSON API, without a client library: sixteen of them would be most of the work."""

    def __init__(self, port: int) -> None:
        self._link = Link(port)

    def call(self, operation: str, **given: object):
        """The result, or the error's name."""
        status, _, body = self._link.ask(
            "POST",
            "/",
            json.dumps(given).encode(),
            Authorization=f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/ecr/aws4_request",
            X_Amz_Target=f"AmazonEC2ContainerRegistry_V20150921.{operation}",
        )
        value = json.loads(body)
        assert status < 500, value
        return value if status == 200 else value["__type"]


@dataclass
class Client:
    """One client; `tags` is what it was promised: (repository, tag) -> the digests that may be there (None: absent)."""

    number: int
    served: Served
    seed: int
    tags: dict[tuple[str, str], set[str | None]] = field(default_factory=dict)
    done: Counter = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)

    def run(self, until: threading.Event) -> None:
        self.chance = random.Random(self.seed)
        self.layers = [bytes([each]) * (1000 + 7000 * each) for each in range(12)]
        acts = [self.push] * 5 + [self.retag, self.untag, self.delete, self.mount, self.upload_and_leave, self.remake]
        while not until.is_set():
            act = self.chance.choice(acts)
            try:
                if not hasattr(self, "v2"):
                    self.connect()
                act()
                self.done[act.__name__] += 1
            except Gone:
                self.__dict__.pop("v2", None)
                time.sleep(0.05)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test is to show it
                self.trouble.append(f"{act.__name__}: {type(error).__name__}: {error}")
                return

    def connect(self) -> None:
        api = Api(self.served.port)
        (data,) = api.call("GetAuthorizationToken")["authorizationData"]
        self.basic = f"Basic {data['authorizationToken']}"
        for name in (*SHARED, self.own):
            api.call("CreateRepository", repositoryName=name)
        self.api, self.v2 = api, Link(urlsplit(data["proxyEndpoint"]).port)

    @property
    def own(self) -> str:
        return f"own/{self.number}"

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str):
        status, found, content = self.v2.ask(method, path, body, Authorization=self.basic, **headers)
        assert status < 500, content
        return status, found, content

    def place(self) -> tuple[str, str]:
        return self.chance.choice((*SHARED, self.own)), f"c{self.number}-{self.chance.randrange(6)}"

    def blob(self, name: str, content: bytes, parts: bool) -> dict[str, object]:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        if self.ask("HEAD", f"/v2/{name}/blobs/{digest}")[0] != 200:
            status, headers, _ = self.ask("POST", f"/v2/{name}/blobs/uploads/")
            if status == 202:
                path = urlsplit(headers["location"]).path
                if parts:
                    self.ask("PATCH", path, content)
                self.ask("PUT", f"{path}?digest={digest}", b"" if parts else content)
        return {"digest": digest, "size": len(content)}

    def push(self) -> None:
        name, tag = self.place()
        config = json.dumps({"os": "linux", "c": self.number, "n": self.chance.randrange(40)}).encode()
        chosen = self.chance.sample(self.layers, self.chance.randrange(1, 4))
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": {"mediaType": CONFIG, **self.blob(name, config, False)},
            "layers": [{"mediaType": LAYER, **self.blob(name, each, len(each) % 2 == 0)} for each in chosen],
        }
        self.put(name, tag, json.dumps(manifest).encode())

    def put(self, name: str, tag: str, body: bytes) -> None:
        """A PUT that has no answer may have been done or not; one that is refused has not."""
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        known = self.tags.setdefault((name, tag), {None})
        before = set(known)
        known.add(digest)
        status, headers, content = self.ask("PUT", f"/v2/{name}/manifests/{tag}", body, Content_Type=OCI)
        if status == 201:
            assert headers["docker-content-digest"] == digest
            self.tags[name, tag] = {digest}
        else:
            assert status == 404, (status, content)  # a layer went meanwhile with another client's image
            self.tags[name, tag] = before

    def retag(self) -> None:
        for (name, tag), known in list(self.tags.items()):
            if len(known) == 1 and None not in known:
                status, _, body = self.ask("GET", f"/v2/{name}/manifests/{tag}", Accept=OCI)
                assert status == 200, (name, tag, status)
                self.put(name, f"c{self.number}-{self.chance.randrange(6)}", body)
                return

    def untag(self) -> None:
        name, tag = self.place()
        self.tags.setdefault((name, tag), {None}).add(None)
        assert isinstance(self.api.call("BatchDeleteImage", repositoryName=name, imageIds=[{"imageTag": tag}]), dict)
        self.tags[name, tag] = {None}

    def delete(self) -> None:
        """By digest: all tags of the image go, and all of them are this client's (its number is in the config)."""
        name, tag = self.place()
        known = self.tags.get((name, tag), {None})
        (digest,) = known if len(known) == 1 else (None,)
        if digest is None:
            return
        for (other, each), may in self.tags.items():
            if other == name and digest in may:
                self.tags[other, each] = may | {None}
        if self.ask("DELETE", f"/v2/{name}/manifests/{digest}")[0] == 202:
            for (other, each), may in self.tags.items():
                if other == name and digest in may:
                    self.tags[other, each] = may - {digest} or {None}

    def mount(self) -> None:
        self.api.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
        digest = "sha256:" + hashlib.sha256(self.chance.choice(self.layers)).hexdigest()
        self.ask("POST", f"/v2/{self.own}/blobs/uploads/?mount={digest}&from={self.chance.choice(SHARED)}")

    def upload_and_leave(self) -> None:
        status, headers, _ = self.ask("POST", f"/v2/{self.own}/blobs/uploads/")
        if status == 202:
            self.ask("PATCH", urlsplit(headers["location"]).path, os.urandom(2000))

    def remake(self) -> None:
        if self.chance.random() < 0.2:
            mine = [key for key in self.tags if key[0] == self.own]
            for key in mine:
                self.tags[key].add(None)
            self.api.call("DeleteRepository", repositoryName=self.own, force=True)
            for key in mine:
                self.tags[key] = {None}
            self.api.call("CreateRepository", repositoryName=self.own)

    def broken(self) -> list[str]:
        """What was promised and is not so, asked of a server that runs."""
        self.connect()
        return [said for (name, tag), may in self.tags.items() if (said := self._wrong(name, tag, may))]

    def _wrong(self, name: str, tag: str, may: set[str | None]) -> str | None:
        status, _, body = self.ask("GET", f"/v2/{name}/manifests/{tag}", Accept=OCI)
        found = "sha256:" + hashlib.sha256(body).hexdigest() if status == 200 else None
        if found not in may:
            return f"{name}:{tag} is {found}, promised was {may}"
        if found is None:
            return None
        document = json.loads(body)
        for each in (document["config"], *document["layers"]):
            status, headers, _ = self.ask("GET", f"/v2/{name}/blobs/{each['digest']}")
            if status != 307:
                return f"{name}:{tag}: {each['digest']} is answered {status}"
            parts = urlsplit(headers["location"])
            content = Link(self.v2.port).ask("GET", f"{parts.path}?{parts.query}")[2]
            if "sha256:" + hashlib.sha256(content).hexdigest() != each["digest"]:
                return f"{name}:{tag}: {each['digest']} has other bytes"
        return None


def unreachable(store: Path) -> list[str]:
    """Files of a store at rest that no record leads to."""
    named = set()
    for path in (store / "registries").rglob("*.repository.json"):
        record = json.loads(path.read_text())
        named |= {digest.partition(":")[2] for digest in (*record["layers"], *record["images"])}
    blobs = {path.name for path in (store / "blobs" / "sha256").iterdir()}
    strays = [f"blob {name}" for name in blobs - named] + [f"missing blob {name}" for name in named - blobs]
    return strays + [str(path) for path in (*(store / "uploads").iterdir(), *store.rglob("*.new"))]


@dataclass
class Soaked:
    """What came of it."""

    done: Counter
    kills: int
    tags: int
    wrong: list[str]


def soak(store: Path, seconds: float, *, clients: int = 16, every: float = 2.0, seed: int = 1) -> Soaked:
    """Run it, and look."""
    served = Served(store)
    all_clients = [Client(number, served, seed * 1000 + number) for number in range(clients)]
    over = threading.Event()
    threads = [threading.Thread(target=each.run, args=(over,)) for each in all_clients]
    limit, chance = time.monotonic() + seconds, random.Random(seed)
    try:
        for thread in threads:
            thread.start()
        while time.monotonic() < limit:
            time.sleep(every * chance.uniform(0.3, 1.7))
            served.kill()
        over.set()
        for thread in threads:
            thread.join()
        served.kill()
        wrong = [said for each in all_clients for said in (*each.trouble, *each.broken())]
    finally:
        over.set()
        served.stop()
    served.process = served._start()  # a start collects what the last process left
    served.stop()
    done = sum((each.done for each in all_clients), Counter())
    tags = sum(1 for each in all_clients for may in each.tags.values() if may != {None})
    return Soaked(done, served.kills, tags, [*wrong, *unreachable(store)])


if __name__ == "__main__":
    found = soak(Path(sys.argv[1]), float(sys.argv[2]))
    print(dict(found.done), f"{found.kills} kills, {found.tags} tags, wrong: {found.wrong[:20]}")
    sys.exit(bool(found.wrong))
