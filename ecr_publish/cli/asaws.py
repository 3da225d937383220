"""`ecr-publish local --as-aws -- COMMAND`: a command for which this machine is AWS, as far as container images go."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.cli.signals import ending
from ecr_publish.errors import UsageError

if TYPE_CHECKING:
    from ecr_publish.local.server import Server

_HOSTS = Path("/etc/hosts")


def possible(command: tuple[str, ...]) -> None:
    """Raises UsageError where it cannot work: not Linux, not root, no command, no util-linux."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise UsageError(
            what="real host names need Linux and root (port 443 and a mount namespace)",
            where="--as-aws",
            hint="run it by sudo, or without --as-aws and with the environment lines that `ecr-publish local` prints",
        )
    if not command:
        raise UsageError(
            what="there is no command to run",
            where="--as-aws",
            hint="ecr-publish local --as-aws -- COMMAND (for example bash)",
        )
    for program in ("unshare", "mount"):
        if shutil.which(program) is None:
            raise UsageError(
                what=f"{program} is not installed", where="--as-aws", hint="install util-linux (apt-get, dnf, apk)"
            )


def run(server: Server, command: tuple[str, ...], *, account: str, also: tuple[str, ...], region: str) -> int:
    """Run the command to its end and give its exit code (128 and the signal's number if one ended it)."""
    from ecr_publish.local import authority, hosts, namespace

    regions = hosts.regions()
    issued = authority.issue(hosts.certified(regions))
    accounts = {account, *also, *(registry.account for registry in server.ecr.store.registries)}
    address = server.take_real_names(issued.context)
    with tempfile.TemporaryDirectory(prefix="ecr-publish-as-aws-") as made:
        directory = Path(made)
        names = hosts.names(sorted(accounts), regions)
        copy = directory / "hosts"
        copy.write_text(namespace.hosts_file(names, address, _HOSTS.read_text(encoding="utf-8")), encoding="utf-8")
        pairs = {_HOSTS: copy, **authority.bundles(issued.authority, directory)}
        bundle = next((path for target, path in pairs.items() if target != _HOSTS), directory / "authority.pem")
        if not bundle.exists():
            bundle.write_bytes(issued.authority)
        for path in directory.iterdir():
            path.chmod(0o644)
        directory.chmod(0o755)
        line = namespace.argv(pairs, directory / "pairs", command)
        return _ended(subprocess.Popen(line, env=namespace.environment(os.environ, account, region, bundle)))


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait; SIGTERM and SIGHUP are passed on, Ctrl-C has reached the command by itself (one process group)."""
    wakeup = signal.set_wakeup_fd(-1)  # they ask nobody else to stop
    previous = {each: signal.signal(each, lambda number, frame: process.send_signal(number)) for each in ending()}
    previous[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(KeyboardInterrupt):
            process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode
