"""The JSON Schema of a result file, version 1 (`.ecr-publish/result.d/<image>.json`)."""

from __future__ import annotations

from typing import Any

from ecr_publish.run.resultfile import VERSION

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_DIGEST: dict[str, Any] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def schema() -> dict[str, Any]:
    """Draft 2020-12; unknown members are refused, as the reader refuses them."""
    in_layout = _object(
        layout={**_TEXT, "description": "relative to the directory of ecr-publish.yaml"}, digest=_DIGEST
    )
    published = _object(
        environment=_TEXT,
        region={"type": ["string", "null"], "minLength": 1},
        repository={**_TEXT, "description": "canonical: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME"},
        digest=_DIGEST,
        tags={"type": "array", "items": {"type": "string"}},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ecr-publish result",
        "description": "What a job did with one image, for a later job to go on with.",
        **_object(
            version={"const": VERSION},
            image=_TEXT,
            built={"anyOf": [{"type": "null"}, in_layout, _object(engine=_TEXT)]},
            published={"type": "array", "items": published},
        ),
    }


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object in which each property is required and no other allowed."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }
