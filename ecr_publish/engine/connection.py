"""The Docker engine: found by the environment that is passed in, spoken to through docker-py, its errors made ours."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from ecr_publish.engine.attended import answer
from ecr_publish.engine.contexts import config_directory, engine_variables
from ecr_publish.errors import BuildFailed, EngineUnavailable, NotAuthorised

HINT = (
    "start Docker, or set DOCKER_HOST; CodeBuild needs privileged mode, GitLab a docker:dind service with "
    "DOCKER_HOST=tcp://docker:2376, DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH=/certs/client; "
    "an image of plain files needs no engine (`build: {files: ...}`)"
)
CODEBUILD_HINT = (
    "the project's environment needs privileged mode (`privilegedMode: true`, in a batch `privileged-mode: true`), "
    "and a custom build image must start dockerd itself; an image of plain files needs neither "
    "(`build: {files: ...}`)"
)
GITLAB_HINT = (
    "the job needs a docker:dind service (the component's input `docker: dind`, a privileged runner) with "
    "DOCKER_HOST=tcp://docker:2376, DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH=/certs/client; an image of plain files "
    "needs no engine (`build: {files: ...}`)"
)
# What the innermost error says, and what helps where the general hint does not.
_HINTS = {
    "Permission denied": "this user may not use the engine: add it to the group docker, or set DOCKER_HOST to its own",
    "SSHHTTPAdapter": "an engine behind ssh:// needs paramiko beside ecr-publish: pip install 'docker[ssh]'",
    "HTTP request to an HTTPS server": "the engine speaks TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH",
}
BUILD_SECONDS, ASKED_SECONDS = 3600, 60
_HELPER = re.compile(r"docker-credential-[\w.-]+")


@contextmanager
def engine(
    environment: Mapping[str, str],
    where: str,
    *,
    check: Callable[[], None],
    refused: Callable[[str], str] | None = None,
    asked: float = ASKED_SECONDS,
) -> Iterator[Any]:
    """docker-py's low-level client; what it is asked before is attended with `check`. Raises EngineUnavailable where no
    engine answers (that question has `asked` seconds) or the connection breaks, BuildFailed for its refusals,
    NotAuthorised where a credential helper gives no login; `refused` tells where something stands that the engine's
    words name."""
    import docker
    import requests
    from docker.credentials import StoreError
    from docker.utils import kwargs_from_env

    broken = requests.exceptions.BaseHTTPError  # type: ignore[attr-defined]  # urllib3's, which docker-py lets through
    client = None
    try:
        settings = kwargs_from_env(environment=engine_variables(environment))
        client = _client(settings, check, asked)
        # Logins for FROM: of the environment that is passed in, not of the process.
        client.reload_config(str(config_directory(environment) / "config.json"))
        yield client
    except docker.errors.APIError as error:
        explanation = str(error.explanation or error)
        if _hint(explanation, environment) != hint_for(environment):
            raise EngineUnavailable(what=explanation, where=where, hint=_hint(explanation, environment)) from error
        raise BuildFailed(
            what=f"the engine refuses: {explanation}",
            where=refused(explanation) if refused else where,
            hint="see the engine's words",
        ) from error
    except (docker.errors.StreamParseError, requests.exceptions.ChunkedEncodingError, broken, ConnectionError) as error:
        raise EngineUnavailable(
            what=f"the engine went away in the middle: {error or type(error).__name__}",
            where=where,
            hint="look at the engine's own log (`journalctl -u docker`), then run again",
        ) from error
    except StoreError as error:
        raise _no_login(error, environment) from error
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        if isinstance(error.__cause__, StoreError):
            raise _no_login(error.__cause__, environment) from error
        reason = _root(error)
        raise EngineUnavailable(
            what=f"no Docker engine answers: {reason}", where=where, hint=_hint(reason, environment)
        ) from error
    finally:
        if client is not None:
            client.close()


def forget_logins(client: Any) -> None:
    """Builds by this client are given no login, whatever Docker's config holds.

    An empty config would not do: docker-py then reads that of its own process (docker/api/build.py,
    _set_auth_headers). So this one has an entry, without a login, for a registry that cannot be (RFC 2606).
    """
    with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
        json.dump({"auths": {"nobody.invalid": {}}}, config)
        config.flush()
        client.reload_config(config.name)


def _no_login(error: Exception, environment: Mapping[str, str]) -> NotAuthorised:
    """What a helper printed may hold a secret: only its name is shown."""
    match = _HELPER.search(str(error))
    program = match[0] if match else "a credential helper"
    return NotAuthorised(
        what=f"{program} " + ("is not installed" if "not installed" in str(error) else "gives no login"),
        where=str(config_directory(environment) / "config.json"),
        hint=f"install {program} and see what `{program} list` says, or take it out of credsStore and credHelpers",
    )


def hint_for(environment: Mapping[str, str]) -> str:
    """What helps where no engine answers: each CI has its own usual cause."""
    if environment.get("GITLAB_CI") == "true":
        return GITLAB_HINT
    return CODEBUILD_HINT if environment.get("CODEBUILD_BUILD_ARN") else HINT


def _client(settings: Mapping[str, Any], check: Callable[[], None], asked: float) -> Any:
    """A client that speaks the engine's own version of the API."""
    from docker.constants import MINIMUM_DOCKER_API_VERSION
    from docker.errors import DockerException

    with closing(_alone(settings, MINIMUM_DOCKER_API_VERSION)) as asking:
        asking.timeout = asked
        told = answer(lambda: asking.version(api_version=False), check)
    if not isinstance(told, dict) or "ApiVersion" not in told:
        raise DockerException("what answers there is no Docker engine")
    return _alone(settings, str(told["ApiVersion"]))


def _alone(settings: Mapping[str, Any], version: str) -> Any:
    """A client that takes nothing of this process's environment: there, a proxy would capture the engine's address,
    and REQUESTS_CA_BUNDLE void the authority that DOCKER_CERT_PATH names (requests, merge_environment_settings)."""
    import docker

    client = docker.APIClient(version=version, timeout=BUILD_SECONDS, **settings)
    client.trust_env = False
    return client


def _hint(reason: str, environment: Mapping[str, str]) -> str:
    return next((hint for words, hint in _HINTS.items() if words in reason), hint_for(environment))


def _root(error: BaseException) -> str:
    """The innermost reason: the outer ones only wrap it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error)
