"""Docker engines to push from: the one that runs here, newer ones beside it, and any of them across loopback."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.programs import Shell

CLIENTS = Path(os.environ.get("ECR_PUBLISH_CLIENTS") or Path.home() / ".cache" / "ecr-publish-clients")


@contextlib.contextmanager
def newer(home: Path, number: int, *, containerd: bool) -> Iterator[str]:
    """Docker 26.1 with everything of its own, with the containerd store or a graph driver; its DOCKER_HOST.

    Its bridge too: a daemon without one removes everybody's.
    """
    program = (CLIENTS / "bin" / "dockerd-26").resolve()
    assert program.exists(), f"{program} is not there: .ci/clients.sh fetches it"
    home.mkdir()
    (home / "daemon.json").write_text(json.dumps({"features": {"containerd-snapshotter": containerd}}))
    bridge, host = f"ecrp{os.getpid() % 10_000}n{number}", f"unix://{home}/socket"
    beside = [str(each) for each in program.parents[3].glob("*/usr/*bin")]  # a containerd of its own age
    subprocess.run(["ip", "link", "add", bridge, "type", "bridge"], check=True)
    try:
        subprocess.run(["ip", "addr", "add", f"10.214.{number}.1/24", "dev", bridge], check=True)
        with (home / "log").open("wb") as log:
            daemon = subprocess.Popen(
                [
                    str(program), "--config-file", f"{home}/daemon.json", "--host", host, "--bridge", bridge,
                    "--data-root", f"{home}/data", "--exec-root", f"{home}/exec", "--pidfile", f"{home}/pid",
                    "--iptables=false", "--ip-forward=false",
                ],
                env=os.environ | {"PATH": ":".join([*beside, os.environ["PATH"]])}, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            _answers(home, host)
            yield host
        finally:
            daemon.terminate()
            daemon.wait(30)
    finally:
        subprocess.run(["ip", "link", "delete", bridge], check=True)


def _answers(home: Path, host: str) -> None:
    shell = Shell(home, {"DOCKER_HOST": host})
    for _ in range(300):
        if shell.attempt("docker", "version").returncode == 0:
            return
        time.sleep(0.2)
    raise AssertionError((home / "log").read_text()[-3000:])


@contextlib.contextmanager
def across(host: str) -> Iterator[str]:
    """The same engine by TCP, as if it were elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, host.removeprefix("unix://")), daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def _serve(server: socket.socket, path: str) -> None:
    with contextlib.suppress(OSError):  # the listening socket is closed: the test is over
        while True:
            near, _ = server.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(path)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pass, args=(one, other), daemon=True).start()


def _pass(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    for each in (one, other):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
