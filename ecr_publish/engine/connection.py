"""The Docker engine: found by the environment that is passed in, spoken to through docker-py, its errors made ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ecr_publish.errors import BuildFailed, EngineUnavailable

HINT = (
    "start Docker, or set DOCKER_HOST; CodeBuild needs privileged mode, GitLab a docker:dind service; "
    "an image of plain files needs no engine (`build: {files: ...}`)"
)
BUILD_SECONDS = 3600


@contextmanager
def engine(environment: Mapping[str, str], where: str) -> Iterator[Any]:
    """docker-py's low-level client. Raises EngineUnavailable where no engine answers, BuildFailed for its refusals."""
    import docker
    import requests
    from docker.utils import kwargs_from_env

    client = None
    try:
        settings = kwargs_from_env(environment=dict(environment))
        client = docker.APIClient(version="auto", timeout=BUILD_SECONDS, **settings)
        yield client
    except docker.errors.APIError as error:
        raise BuildFailed(
            what=f"the engine refuses: {error.explanation or error}", where=where, hint="see the engine's words"
        ) from error
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise EngineUnavailable(what=f"no Docker engine answers: {_root(error)}", where=where, hint=HINT) from error
    finally:
        if client is not None:
            client.close()


def _root(error: BaseException) -> str:
    """The innermost reason: the outer ones only wrap it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error)
