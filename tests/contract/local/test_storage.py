"""The directory store: what was acknowledged is there after `kill -9`, and what nothing names is not.

`ECR_PUBLISH_SOAK` is how many seconds the soak takes (8). By hand:
`python -m tests.contract.local.soak DIRECTORY SECONDS`.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ecr_publish.errors import MachineFault, UsageError
from ecr_publish.local import embedded_ecr
from ecr_publish.local.contents import Upload
from ecr_publish.local.embedded import Settings
from tests.contract.local import soak
from tests.contract.local.test_embedded import Http, client

SECONDS = float(os.environ.get("ECR_PUBLISH_SOAK") or "8")
NAME = "team/web"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def server(store: Path) -> Iterator[Any]:
    with embedded_ecr(Settings(directory=store)) as found:
        client(found.url).create_repository(repositoryName=NAME)
        yield found


def blobs(store: Path) -> set[str]:
    return {path.name for path in (store / "blobs" / "sha256").iterdir()}


def test_random_operations_and_kills_leave_what_was_acknowledged_and_nothing_else(store: Path):
    found = soak.soak(store, SECONDS)
    assert found.wrong == []
    assert (found.kills, found.tags, found.done["push"]) > (1, 1, 1)


def test_deleting_the_last_image_leaves_no_blob(server, store):
    registry = Http(server.url)
    registry.push(NAME, "1")
    assert len(blobs(store)) == 3
    assert registry.ask("DELETE", f"/v2/{NAME}/manifests/1")[0] == 202
    assert blobs(store) == set()


def test_a_blob_stays_while_another_repository_names_it(server, store):
    client(server.url).create_repository(repositoryName="team/api")
    registry = Http(server.url)
    registry.push(NAME, "1")
    registry.push("team/api", "1")
    client(server.url).delete_repository(repositoryName=NAME, force=True)
    assert len(blobs(store)) == 3
    assert registry.ask("GET", "/v2/team/api/manifests/1")[0] == 200
    client(server.url).delete_repository(repositoryName="team/api", force=True)
    assert blobs(store) == set()


def test_a_deletion_does_not_take_the_layers_of_a_push_under_way(server):
    registry = Http(server.url)
    registry.push(NAME, "1", b"one")
    digest = registry.push_blob(NAME, b"two")["digest"]
    registry.ask("DELETE", f"/v2/{NAME}/manifests/1")
    assert registry.ask("HEAD", f"/v2/{NAME}/blobs/{digest}")[0] == 200


def test_a_layer_that_no_image_names_and_a_session_that_nobody_ends_go_after_a_day(server, store):
    registry = Http(server.url)
    digest = registry.push_blob(NAME, b"two")["digest"]
    registry.ask("POST", f"/v2/{NAME}/blobs/uploads/", b"")
    assert (len(blobs(store)), len(list((store / "uploads").iterdir()))) == (1, 1)
    server.ecr.clock.advance(timedelta(hours=25))
    registry = Http(server.url)
    registry.ask("POST", f"/v2/{NAME}/blobs/uploads/", b"")
    assert (blobs(store), len(list((store / "uploads").iterdir()))) == (set(), 1)
    assert registry.ask("HEAD", f"/v2/{NAME}/blobs/{digest}")[0] == 404


def test_a_deleted_repository_takes_its_sessions_along(server, store):
    Http(server.url).ask("POST", f"/v2/{NAME}/blobs/uploads/", b"")
    client(server.url).delete_repository(repositoryName=NAME)
    assert list((store / "uploads").iterdir()) == []


def test_a_broken_connection_keeps_what_had_come(server):
    registry = Http(server.url)
    _, headers, _ = registry.ask("POST", f"/v2/{NAME}/blobs/uploads/", b"")
    content = os.urandom(5 << 19)  # two batches and a half
    parts = urlsplit(headers["location"])
    with socket.create_connection((parts.hostname, parts.port)) as link:
        head = f"PATCH {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {4 << 20}\r\n"
        link.sendall(f"{head}Authorization: Basic {registry.token}\r\n\r\n".encode() + content)
    limit = time.monotonic() + 10
    while (got := registry.ask("GET", parts.path)[1]["range"]) != f"0-{len(content) - 1}":
        assert time.monotonic() < limit, got
    digest = "sha256:" + hashlib.sha256(content + b"rest").hexdigest()
    assert registry.ask("PUT", f"{parts.path}?digest={digest}", b"rest")[0] == 201


def test_large_layers_that_come_side_by_side_keep_their_bytes(server):
    registry = Http(server.url)
    contents = [os.urandom((3 << 20) + each) for each in range(6)]
    with ThreadPoolExecutor(6) as pool:
        blobs_ = list(pool.map(lambda content: registry.push_blob(NAME, content), contents))
    assert [each["digest"] for each in blobs_] == [
        "sha256:" + hashlib.sha256(content).hexdigest() for content in contents
    ]


def test_what_is_written_after_an_upload_ended_goes_nowhere(tmp_path):
    upload = Upload(tmp_path)
    upload.write(b"before")
    upload.discard()
    upload.write(b"after")
    assert (upload.size, list(tmp_path.iterdir())) == (6, [])


def test_who_reads_a_layer_while_it_is_deleted_reads_it_to_the_end(server):
    content = os.urandom(8 << 20)
    registry = Http(server.url)
    registry.push(NAME, "1", content)
    image = server.ecr.store.registry("1" * 12, "us-east-2").repositories[NAME]
    from ecr_publish.model.digest import digest_of

    blocks = server.ecr.store.contents.blocks(digest_of(content))
    registry.ask("DELETE", f"/v2/{NAME}/manifests/1")
    assert image.layers == {}
    assert hashlib.sha256(b"".join(blocks)).digest() == hashlib.sha256(content).digest()


def test_a_start_removes_what_a_killed_process_left(store):
    with embedded_ecr(Settings(directory=store)) as first:
        client(first.url).create_repository(repositoryName=NAME)
        Http(first.url).push(NAME, "1")
    home = store / "registries" / ("1" * 12) / "us-east-2"
    (store / "blobs" / "sha256" / ("0" * 64)).write_bytes(b"x")
    (home / "team%2Fweb.repository.new").write_text('{"na')
    (store / "uploads" / "an-upload").write_bytes(b"x")
    with embedded_ecr(Settings(directory=store)) as second:
        assert Http(second.url).ask("GET", f"/v2/{NAME}/manifests/1")[0] == 200
        assert soak.unreachable(store) == []


def test_the_longest_name_of_a_repository_is_a_file_too(store):
    name = "/".join(["a" * 62] * 4) + "/bbb"
    with embedded_ecr(Settings(directory=store)) as first:
        client(first.url).create_repository(repositoryName=name)
    with embedded_ecr(Settings(directory=store)) as second:
        assert client(second.url).describe_repositories()["repositories"][0]["repositoryName"] == name


PEAK = """
import sys
from pathlib import Path
from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from tests.peak import peak
with embedded_ecr(Settings(directory=Path(sys.argv[1]))) as server:
    print(server.url, flush=True)
    sys.stdin.readline()
    print(peak(), flush=True)
"""


def peak_kb(store: Path, size: int) -> int:
    """The server's greatest resident size after a blob went up and down, in kB."""
    with subprocess.Popen(
        [sys.executable, "-c", PEAK, str(store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        url = process.stdout.readline().strip()
        client(url).create_repository(repositoryName=NAME)
        registry = Http(url)
        registry.push(NAME, "1", bytes(size))
        document = json.loads(registry.ask("GET", f"/v2/{NAME}/manifests/1")[2])
        location = registry.ask("GET", f"/v2/{NAME}/blobs/{document['layers'][0]['digest']}")[1]["location"]
        registry.token = None
        threads = [threading.Thread(target=registry.ask, args=("GET", location)) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        process.stdin.write("\n")
        process.stdin.flush()
        return int(process.stdout.readline())


def test_memory_does_not_grow_with_a_layer(tmp_path):
    assert peak_kb(tmp_path / "large", 96 << 20) - peak_kb(tmp_path / "small", 1 << 20) < 24_000


def test_after_a_restart_the_registry_is_at_its_port_before_anybody_logs_in_again(store):
    with embedded_ecr(Settings(directory=store)) as before:
        client(before.url).create_repository(repositoryName=NAME)
        registry = Http(before.url)
        registry.push(NAME, "1")
    with embedded_ecr(Settings(directory=store)):
        assert registry.ask("GET", f"/v2/{NAME}/manifests/1")[0] == 200


def test_a_directory_is_one_process_s_at_a_time(server, store):
    with pytest.raises(UsageError) as caught, embedded_ecr(Settings(directory=store)):
        pass
    assert (caught.value.where, "another embedded ECR" in caught.value.what) == (str(store), True)


def test_a_directory_is_free_again_when_the_port_was_taken(server, tmp_path):
    settings = Settings(directory=tmp_path / "other")
    with pytest.raises(MachineFault), embedded_ecr(settings, port=server.port):
        pass
    with embedded_ecr(settings):
        pass


@pytest.mark.parametrize(
    "record", ["{", "[]", '{"name": "web"}', '{"images": {}, "name": "web", "created_at": 1, "x": 2}']
)
def test_a_record_that_is_none_is_told_by_its_file(store, record):
    path = store / "registries" / "111111111111" / "us-east-2" / "web.repository.json"
    path.parent.mkdir(parents=True)
    path.write_text(record)
    with pytest.raises(UsageError) as caught, embedded_ecr(Settings(directory=store)):
        pass
    assert caught.value.where == str(path)
