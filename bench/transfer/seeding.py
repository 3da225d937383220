"""An image that is put into a registry, or read back, by a client that knows nothing of speed."""

import http.client
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.transfer.payloads import CONFIG, INDEX, MANIFEST, TAG

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Seeder:
    """One connection to one repository."""

    def __init__(self, port: int, repository: str, headers: Mapping[str, str]) -> None:
        self._http, self._base = http.client.HTTPConnection("127.0.0.1", port, timeout=120), f"/v2/{repository}"
        self._headers = headers

    def __enter__(self) -> "Seeder":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def seed(self, layout: Path, tag: str = TAG) -> None:
        """Put a layout under a tag."""
        root = root_of(layout)
        for described in _below(layout, root):
            self._put(layout, described, tag if described["digest"] == root["digest"] else described["digest"])

    def whole(self, tag: str, wanted: str) -> bool:
        """Whether the tag names that digest (any, if it is empty) and everything below it is there."""
        found = f"sha256:{sha256(self._document(tag)).hexdigest()}"
        return (not wanted or found == wanted) and self._complete(tag)

    def _ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        url = path if path.startswith("/") else f"{self._base}/{path}"
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self._http.request(method, url, body, {**self._headers, **named})
        answer = self._http.getresponse()
        return answer, answer.read()

    def _put(self, layout: Path, described: dict[str, Any], name: str) -> None:
        file = layout / "blobs" / described["digest"].replace(":", "/")
        if described["mediaType"] in (INDEX, MANIFEST):
            answer, _ = self._ask("PUT", f"manifests/{name}", file.read_bytes(), Content_Type=described["mediaType"])
        else:
            answer, _ = self._ask("POST", "blobs/uploads/")
            place = str(answer.getheader("location")).partition("/v2/")[2]
            ending = f"{'&' if '?' in place else '?'}digest={described['digest']}"
            with file.open("rb") as source:
                length = {"Content_Length": str(described["size"]), "Content_Type": "application/octet-stream"}
                answer, _ = self._ask("PUT", f"/v2/{place}{ending}", source, **length)
        if answer.status != 201:
            raise SystemExit(f"seeding: {answer.status}")

    def _document(self, reference: str) -> bytes:
        answer, body = self._ask("GET", f"manifests/{reference}", Accept=f"{INDEX}, {MANIFEST}, {DOCKER_MANIFEST}")
        return body if answer.status == 200 else b"{}"

    def _complete(self, reference: str) -> bool:
        value = json.loads(self._document(reference))
        blobs = [each for each in (value.get("config"), *value.get("layers", ())) if each]
        there = all(self._ask("HEAD", f"blobs/{each['digest']}")[0].status == 200 for each in blobs)
        below = all(self._complete(each["digest"]) for each in value.get("manifests", ()))
        return bool(value) and there and below


def root_of(layout: Path) -> dict[str, Any]:
    """The descriptor of a layout's image."""
    found: dict[str, Any] = json.loads((layout / "index.json").read_text(encoding="utf-8"))["manifests"][0]
    return found


def _below(layout: Path, described: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that an image is made of, what it needs before itself."""
    if described["mediaType"] not in (INDEX, MANIFEST):
        return [described]
    value = json.loads((layout / "blobs" / described["digest"].replace(":", "/")).read_bytes())
    inner = [*value.get("manifests", ()), *value.get("layers", ())]
    inner += [value["config"]] if value.get("config", {}).get("mediaType") == CONFIG else []
    return [each for part in inner for each in _below(layout, part)] + [described]
