"""What only the command line may look at: the environment, the CI's event file, git, the working directory."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ecr_publish.app.project import Project, open_project
from ecr_publish.cli.git import git_facts
from ecr_publish.cli.options import config_path
from ecr_publish.errors import OriginUnclear


def environment() -> dict[str, str]:
    """A copy of the process's environment."""
    return dict(os.environ)


def event_payload(env: dict[str, str]) -> dict[str, object] | None:
    """The webhook payload that GitHub leaves in a file; None if there is none or it cannot be read (no error: a
    container job sees it at another mount). Raises OriginUnclear for one that is cut or no payload."""
    path = env.get("GITHUB_EVENT_PATH")
    if not path:
        return None
    try:
        payload = json.loads(Path(path).read_bytes())
    except OSError:
        return None
    except (ValueError, RecursionError) as error:
        raise _no_payload(path, f"is no JSON: {error}") from error
    if not isinstance(payload, dict):
        raise _no_payload(path, "holds no JSON object")
    return payload


def _no_payload(path: str, problem: str) -> OriginUnclear:
    return OriginUnclear(
        what=f"the event payload {problem}",
        where=f"GITHUB_EVENT_PATH={path}",
        hint="it was cut or overwritten: run the job again, and pass the file on whole",
    )


def project(file: str, as_tag: str | None = None) -> Project:
    """The file and everything about it that can be known without a network."""
    path = config_path(file)
    env = environment()
    return open_project(path, env=env, event=event_payload(env), git=git_facts(path.absolute().parent), as_tag=as_tag)
