"""Isolated: sessions for a world of its own, such as a rehearsal, in which nothing of the machine's settings counts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.session import Session


@dataclass(frozen=True, slots=True)
class Explicit:
    """A world of its own: this endpoint, keys named after accounts, and nothing of the environment.

    Why each part is explicit: HTTP_PROXY captures loopback calls of botocore even with an explicit endpoint,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS voids endpoint variables, and a missing AWS_PROFILE raises even with keys.
    """

    endpoint_url: str
    account: str = "111111111111"  # of targets that name none, and of the principal that assumes roles
    secret: str = "rehearsal-has-no-secret"  # noqa: S105 - signs requests that nobody verifies


def isolated_session(access_key: str, secret: str) -> Session:
    """A botocore session that looks at no environment variable, no profile and no configuration file."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.session import Session

    # (key in the config file, environment variable, default, conversion): the first two are what must not be read.
    alone = {
        name: (None, None, default, conversion)
        for name, (_, _, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    alone |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    session = Session(session_vars={**alone, "profile": (None, None, None, None)})
    session.set_credentials(access_key, secret)
    return session
