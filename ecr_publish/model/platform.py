"""Platform: which machine an image is for."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.errors import BadReference


@dataclass(frozen=True, slots=True, order=True)
class Platform:
    """`os/architecture[/variant]`, e.g. `linux/arm64/v8` (OCI image-spec, "Image Index", platform)."""

    os: str
    architecture: str
    variant: str | None = None

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def parse_platform(text: str) -> Platform:
    """Read `linux/amd64`; raises BadReference for anything that has not two or three non-empty parts."""
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise BadReference(what=f"not a platform: {text!r}", where="platform", hint="write os/architecture[/variant]")
    return Platform(*parts)
