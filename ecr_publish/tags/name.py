"""Names: any text made a tag that ECR takes, so that two texts which must be cut or mended stay two tags.

Source: ECR API, PutImage `imageTag`: 1 to 128 of `A-Z a-z 0-9 . _ -`, not beginning with `.` or `-`.
"""

from __future__ import annotations

import hashlib
import re

from ecr_publish.errors import ConfigError
from ecr_publish.model.registry import is_tag

LONGEST = 128
_HASH = 8  # hexadecimal digits


def sanitised(text: str) -> str:
    """Each run of characters that no tag has, as one `-`; it may still be too long, or begin wrongly."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)


def named(text: str, where: str, *, written: bool) -> tuple[str, str]:
    """The tag of a text that is not empty, and what was done to it in words ("" for nothing).

    A tag that is too long is cut and ends in a hash of the whole. One that begins wrongly is an error if somebody
    wrote it like that (`written`); if it comes from a branch or tag, whoever reads the error could not help it: what
    it begins with is dropped and a hash of the whole put behind. Raises ConfigError.
    """
    name = sanitised(text)
    done = ["characters that a tag cannot have became -"] if name != text else []
    if not re.match(r"[A-Za-z0-9_]", name):
        if written:
            raise ConfigError(
                what=f"the rule gives {name!r}, which is no valid tag",
                where=where,
                hint="a tag has 1 to 128 of A-Z a-z 0-9 . _ - and begins with a letter, a digit or _",
            )
        name = _marked(name.lstrip(".-"), text)
        done.append("a tag cannot begin so: that was dropped and a hash of the whole put behind")
    if len(name) > LONGEST:
        name = _marked(name, text)
        done.append(f"longer than {LONGEST} characters: cut, with a hash of the whole behind")
    assert is_tag(name), name
    return name, "; ".join(done)


def _marked(name: str, text: str) -> str:
    digits = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{name[: LONGEST - _HASH - 1]}-{digits}" if name else digits
