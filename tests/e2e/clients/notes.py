"""Why a cell is refused: what ECR does, with its evidence, and the words by which the client tells it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Note:
    """One way of ECR, as clients show it."""

    words: str  # a regular expression that is found in what the client says
    text: str
    evidence: str


_IMMUTABLE = Note(
    r"TAG_INVALID|tag invalid|ImageTagAlreadyExistsException|400 Bad Request",
    "an immutable tag is not overwritten (`TAG_INVALID`, 400; in the API ImageTagAlreadyExistsException)",
    "User Guide: image-tag-mutability",
)
_HELD = Note(
    r"referenced by manifest list",
    "an image that an index names cannot be deleted before the index (ImageReferencedByManifestList)",
    "aws/containers-roadmap#1567",
)
_MISSING = Note(
    # oras 1.2 panics when two requests fail in two ways (oras-project/oras-go#916)
    r"does not exist in the registry|404 Not Found|inconsistently typed value",
    "a push makes no repository (`NAME_UNKNOWN`, 404), unless a creation template says so",
    "User Guide: common-errors-docker",
)
_EXPIRED = Note(
    r"token has expired|403",
    "a token lives for twelve hours, and is then answered with 403 and no challenge to renew it",
    "flipt-io/flipt#3043",
)
_SAME = Note(
    "ImageAlreadyExistsException",
    "the API refuses to put the very same image under the very same tag; a registry's client is told that it is done",
    "API Reference: PutImage",
)

ROWS = MappingProxyType(
    {
        "delete an image that an index names": _HELD,
        "push to a repository that is missing": _MISSING,
        "move an immutable tag": _IMMUTABLE,
        "push with an expired token": _EXPIRED,
    }
)
CELLS = MappingProxyType({("aws 1", "push it again"): _SAME})


def note(column: str, row: str) -> Note | None:
    """What explains a refusal there."""
    return CELLS.get((column, row)) or ROWS.get(row)
