"""`ecr-publish local` as a process: started, its lines read as a shell would, ended by its id."""

from __future__ import annotations

import base64
import contextlib
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.programs import ECR_PUBLISH, Shell


@dataclass(frozen=True)
class Embedded:
    """A running embedded ECR and the shell of somebody who has taken over its lines."""

    shell: Shell

    def account(self, account: str, region: str = "us-east-2") -> Account:
        """A caller of that account: an access key of 12 digits says which."""
        keys = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "local"}
        return Account(self.shell.having(**keys, AWS_REGION=region, AWS_DEFAULT_REGION=region))


@dataclass(frozen=True)
class Account:
    """One caller in one region."""

    shell: Shell

    def login(self) -> tuple[str, str]:
        """(host:port, password) of this account's registry, by GetAuthorizationToken."""
        (data,) = self.shell.aws("ecr", "get-authorization-token")["authorizationData"]
        user, password = base64.b64decode(data["authorizationToken"]).decode().split(":", 1)
        assert user == "AWS"
        return data["proxyEndpoint"].split("://", 1)[1], password

    def docker_login(self) -> str:
        """The registry's host:port, after `docker login` with the password on standard input."""
        host, password = self.login()
        self.shell.run("docker", "login", "--username", "AWS", "--password-stdin", host, stdin=password)
        return host

    def create(self, repository: str, *options: str) -> None:
        self.shell.aws("ecr", "create-repository", "--repository-name", repository, *options)

    def tags(self, repository: str) -> dict[str, str]:
        """tag -> digest, as ListImages says."""
        listed = self.shell.aws("ecr", "list-images", "--repository-name", repository)["imageIds"]
        return {each["imageTag"]: each["imageDigest"] for each in listed if "imageTag" in each}

    def raw_digest(self, reference: str) -> str:
        """The digest of the manifest's bytes as skopeo fetches them."""
        _, password = self.login()
        command = 'set -o pipefail; skopeo inspect --tls-verify=false --creds "$0" --raw "docker://$1" | sha256sum'
        line = self.shell.run("bash", "-c", command, f"AWS:{password}", reference)
        return f"sha256:{line.split()[0]}"


@contextlib.contextmanager
def local(home: Path, *options: str) -> Iterator[Embedded]:
    """Serve until the end of the block, on ports of its own; its lines are in the shell's environment."""
    shell, lines, log = Shell(home), home / "local.env", home / "local.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*ECR_PUBLISH, "local", "--port", "0", "--env-file", str(lines), *options],
            cwd=home,
            env=shell.environment(),
            stdout=output,
            stderr=output,
        )
    try:
        for _ in range(300):
            if lines.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        assert lines.exists(), log.read_text()
        yield Embedded(shell.having(**exported(lines.read_text())))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert status == 0, log.read_text()


def exported(lines: str) -> dict[str, str]:
    """The variables of `export` lines."""
    words = (shlex.split(line) for line in lines.splitlines())
    return dict(assignment.split("=", 1) for verb, *rest in words if verb == "export" for assignment in rest)
