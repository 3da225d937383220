"""The CI's identity as AWS takes it: a token for an audience, fetched when a role is assumed and never kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ecr_publish.ci.idtoken import Given, OnRequest, id_token
from ecr_publish.errors import NotAuthorised, Unavailable
from ecr_publish.run.stop import StopRequest

if TYPE_CHECKING:
    from ecr_publish.http.route import Route


def web_identity(env: Mapping[str, str], stop: StopRequest, route: Route) -> Callable[[str], str] | None:
    """A function that gives a token for an audience; None where this job has none."""
    match id_token(env):
        case Given(token=token):
            return lambda audience: token
        case OnRequest() as source:
            return lambda audience: _requested(source, audience, stop, route)
        case None:
            return None


def _requested(source: OnRequest, audience: str, stop: StopRequest, route: Route) -> str:
    """Raises NotAuthorised, Unavailable."""
    from ecr_publish.http.transport import Transport

    transport = Transport(stop, route=route)
    headers = {"authorization": f"Bearer {source.bearer}", "accept": "application/json"}
    try:
        answer = transport.ask("GET", source.address(audience), headers)
    finally:
        transport.close()
    if answer.may_heal:
        raise Unavailable(
            what=f"the CI's token service is in trouble (it answers {answer.status})",
            where="GET ACTIONS_ID_TOKEN_REQUEST_URL",
            hint="run again later",
        )
    try:
        token = json.loads(answer.body)["value"] if answer.status == 200 else None
    except (ValueError, KeyError, TypeError):
        token = None
    if not isinstance(token, str) or not token:
        raise NotAuthorised(
            what=f"the CI gave no identity token for {audience} (it answered {answer.status})",
            where="GET ACTIONS_ID_TOKEN_REQUEST_URL",
            hint="the job needs `permissions: {id-token: write}`",
        )
    return token
