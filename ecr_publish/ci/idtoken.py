"""Where a CI has its OpenID token: GitHub hands it out on request, GitLab puts it into a variable of the job.

Source: GitHub docs, "OpenID Connect reference"; GitLab docs, "OpenID Connect (OIDC) Authentication Using ID Tokens".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote, urlsplit

GIVEN = "ECR_PUBLISH_ID_TOKEN"


@dataclass(frozen=True, slots=True)
class Given:
    """A token that is there, for the audience that the job's own file names."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OnRequest:
    """A service that signs one for any audience. `bearer` is a secret."""

    url: str
    bearer: str = field(repr=False)

    def address(self, audience: str) -> str:
        """Where to ask for that audience."""
        return f"{self.url}{'&' if urlsplit(self.url).query else '?'}audience={quote(audience, safe='')}"


IdToken: TypeAlias = Given | OnRequest


def id_token(env: Mapping[str, str]) -> IdToken | None:
    """What this job has; None where it has none, or where ECR_PUBLISH_WEB_IDENTITY=off says to leave it."""
    if env.get("ECR_PUBLISH_WEB_IDENTITY") == "off":
        return None
    if given := env.get(GIVEN):
        return Given(given)
    url, bearer = env.get("ACTIONS_ID_TOKEN_REQUEST_URL"), env.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    return OnRequest(url, bearer) if url and bearer else None
