"""Docker daemons of our own beside the machine's: each with its own directories, socket and bridge."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.e2e.clients.client import NEWER
from tests.e2e.programs import Shell


@contextlib.contextmanager
def process(argv: Sequence[str], home: Path, ready: Sequence[str]) -> Iterator[None]:
    """A daemon, from when the command `ready` succeeds to the end of the block; ended by its id."""
    with (home / f"{Path(argv[0]).name}.log").open("w") as log:
        started = subprocess.Popen(argv, cwd=home, stdout=log, stderr=log)
    try:
        for _ in range(200):
            done = subprocess.run(ready, capture_output=True, check=False)
            if done.returncode == 0 or started.poll() is not None:
                break
            time.sleep(0.2)
        assert done.returncode == 0, Path(log.name).read_text()[-3000:]
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=60)


@contextlib.contextmanager
def bridge(name: str, third: int) -> Iterator[str]:
    """A bridge with an address. dockerd's own answer to having none, --bridge=none, deletes the machine's docker0."""
    shell = Shell(Path("/"))
    shell.run("ip", "link", "add", name, "type", "bridge")
    try:
        shell.run("ip", "address", "add", f"10.253.{third}.1/24", "dev", name)
        shell.run("ip", "link", "set", name, "up")
        yield name
    finally:
        shell.run("ip", "link", "delete", name)


@contextlib.contextmanager
def containerd(home: Path) -> Iterator[Path]:
    """A containerd; its socket."""
    program = (NEWER / "containerd-17").resolve()
    (home / "config.toml").write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
    socket = home / "containerd.sock"
    argv = [str(program), "--config", str(home / "config.toml"), "--address", str(socket)]
    argv += ["--root", str(home / "root"), "--state", str(home / "state")]
    with process(argv, home, [str(program.parent / "ctr"), "--address", str(socket), "version"]):
        yield socket


@contextlib.contextmanager
def dockerd(home: Path, containerd_socket: Path, *, store: bool, number: int) -> Iterator[str]:
    """A dockerd, its images in containerd's store or in a graph driver; what DOCKER_HOST is for it."""
    socket = home / "docker.sock"
    (home / "daemon.json").write_text(json.dumps({"features": {"containerd-snapshotter": store}}))
    with bridge(f"ecr{os.getpid() % 100_000}n{number}", 10 * (os.getpid() % 25) + number) as link:
        argv = [str(NEWER / "dockerd-26"), "--config-file", str(home / "daemon.json"), "--host", f"unix://{socket}"]
        argv += ["--data-root", str(home / "data"), "--exec-root", str(home / "exec"), "--pidfile", str(home / "pid")]
        argv += ["--containerd", str(containerd_socket), "--containerd-namespace", f"docker{number}"]
        argv += ["--containerd-plugins-namespace", f"plugins{number}", "--bridge", link]
        argv += ["--iptables=false", "--ip-forward=false"]
        try:
            with process(argv, home, [str(NEWER / "docker-26"), "--host", f"unix://{socket}", "info"]):
                yield f"unix://{socket}"
        finally:
            shutil.rmtree(home / "data", ignore_errors=True)
