"""Variables by which docker/metadata-action is told what is in the file here: read only to say that they do nothing."""

from __future__ import annotations

from collections.abc import Mapping


def ignored(env: Mapping[str, str], *, pr_sha: str, short_sha: int) -> tuple[str, ...]:
    """One sentence for each variable that asks for other tags than the file gives. They are not obeyed: the same commit
    would get other tags where they are not set."""
    head = env.get("DOCKER_METADATA_PR_HEAD_SHA", "").strip().lower() == "true"
    digits = env.get("DOCKER_METADATA_SHORT_SHA_LENGTH", "").strip()
    warnings = []
    if head and pr_sha != "head":
        warnings.append(_told("DOCKER_METADATA_PR_HEAD_SHA=true", "pr-sha: head"))
    if digits and digits != str(short_sha):
        warnings.append(_told(f"DOCKER_METADATA_SHORT_SHA_LENGTH={digits}", f"short-sha: {digits}"))
    return tuple(warnings)


def _told(variable: str, setting: str) -> str:
    return f"{variable} does nothing here: write {setting} into the file, so that tags are the same everywhere"
