"""The user's logins to registries as docker keeps them: read, never written.

Source: docker CLI reference, "docker login" (auths, credHelpers, credsStore); docker-credential-helpers, the `get`
command: the server's name on stdin, `{"Username", "Secret"}` on stdout.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ecr_publish.errors import NotAuthorised

HELPER_SECONDS, PAUSE_SECONDS = 30, 0.25
_HELPER = re.compile(r"[A-Za-z0-9_.-]+")
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
_STORED = "https://index.docker.io/v1/"  # Docker Hub to docker and its helpers


class DockerLogins:
    """Logins by host, looked up when asked for: a credential helper runs only for a registry that is used."""

    def __init__(self, directory: Path, environment: Mapping[str, str], check: Callable[[], None]) -> None:
        """`directory` holds config.json (DOCKER_CONFIG, else ~/.docker); `environment` is what helpers run with;
        `check` raises when the run is to stop, which ends a helper that is waited for."""
        self._file, self._environment, self._check = directory / "config.json", environment, check

    def get(self, host: str, /) -> str | None:
        """base64 of `user:password` for `host[:port]`; None if there is no login. Raises NotAuthorised."""
        config = self._config()
        helper = _of(_mapping(config.get("credHelpers")), host) or config.get("credsStore")
        if helper:
            return self._helped(str(helper), _STORED if host in _DOCKER_HUB else host)
        auth = _mapping(_of(_mapping(config.get("auths")), host)).get("auth")
        return "".join(auth.split()) or None if isinstance(auth, str) else None  # base64 of the shell has line ends

    def _config(self) -> Mapping[str, Any]:
        try:
            return _mapping(json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise NotAuthorised(
                what="docker's configuration cannot be read", where=str(self._file), hint="correct it, or remove it"
            ) from error

    def _helped(self, helper: str, host: str) -> str | None:
        if not _HELPER.fullmatch(helper):
            raise NotAuthorised(
                what=f"not a credential helper: {helper!r}", where=str(self._file), hint="correct credsStore"
            )
        program = f"docker-credential-{helper}"
        try:
            code, output = self._answer([program, "get"], host.encode())
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotAuthorised(
                what=f"{program} does not answer: {type(error).__name__}",
                where=str(self._file),
                hint=f"install {program}, or take it out of docker's configuration",
            ) from error
        return None if code else _login(output)  # an exit code is how helpers say that they hold nothing for this host

    def _answer(self, command: list[str], question: bytes) -> tuple[int, bytes]:
        """Exit code and output. Raises OSError, TimeoutExpired, and what `check` does; the program has ended then."""
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(self._environment)) as program:
            try:
                output = self._waited(program, question)
                return program.returncode, output
            except BaseException:
                program.kill()
                raise

    def _waited(self, program: subprocess.Popen[bytes], question: bytes) -> bytes:
        rest: bytes | None = question
        for _ in range(int(HELPER_SECONDS / PAUSE_SECONDS)):
            try:
                return program.communicate(rest, PAUSE_SECONDS)[0]
            except subprocess.TimeoutExpired:
                self._check()
                rest = None  # the question is on its way
        raise subprocess.TimeoutExpired(program.args, HELPER_SECONDS)


def _login(output: bytes) -> str | None:
    """A helper's answer; `<token>` as the user name marks an identity token, which is no password."""
    try:
        said = _mapping(json.loads(output))
    except ValueError:
        return None
    user, secret = said.get("Username"), said.get("Secret")
    if not isinstance(user, str) or not isinstance(secret, str) or user == "<token>":
        return None
    return base64.b64encode(f"{user}:{secret}".encode()).decode()


def _of(named: Mapping[str, Any], host: str) -> Any:
    """What is kept for the host; None if nothing is."""
    if host in _DOCKER_HUB and _STORED in named:
        return named[_STORED]
    return next((value for key, value in named.items() if _is_for(key, host)), None)


def _is_for(key: str, host: str) -> bool:
    """Whether a key of the configuration means this host; old ones are URLs, and Docker Hub has several names."""
    name = key.partition("://")[2] or key
    name = name.partition("/")[0]
    return name == host or (name in _DOCKER_HUB and host in _DOCKER_HUB)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
