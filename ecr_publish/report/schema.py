"""The JSON Schema of the JSON report, version 1."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_TEXT_OR_NULL: dict[str, Any] = {"type": ["string", "null"]}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}
_INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}
_DIGEST: dict[str, Any] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_SEVERITY: dict[str, Any] = {
    "enum": ["critical", "high", "medium", "low", "informational", "undefined", "untriaged"],
}


def schema() -> dict[str, Any]:
    """Draft 2020-12. Unknown fields are allowed: a later minor version may add some."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ecr-publish report",
        "description": "What one run of ecr-publish did, and what exists where afterwards.",
        **_object(
            version={"const": 1},
            command=_TEXT,
            exit_code={"type": "integer"},
            result={"type": "string", "description": "`ok`, or `failed: ` and the exit code in words"},
            started=_INSTANT,
            finished=_INSTANT,
            origin=_object(
                ci=_TEXT,
                repository=_TEXT_OR_NULL,
                ref=_TEXT_OR_NULL,
                sha=_TEXT_OR_NULL,
                trusted={"type": "boolean"},
                dirty={"type": "boolean"},
            ),
            published=_list(_published()),
            steps=_list(_step()),
            left_out=_list(_object(image=_TEXT_OR_NULL, target=_TEXT_OR_NULL, step=_TEXT, reason=_TEXT)),
            errors=_list(
                _object(
                    intent=_TEXT_OR_NULL,
                    code=_TEXT,
                    exit_code={"type": "integer"},
                    what=_TEXT,
                    where=_TEXT,
                    hint=_TEXT,
                )
            ),
            warnings=_TEXTS,
            transfer=_object(
                sent_bytes={"type": "integer"},
                saved_bytes={"type": "integer", "description": "there already, or mounted"},
                mounted_blobs={"type": "integer"},
            ),
        ),
    }


def _published() -> dict[str, Any]:
    return _object(
        image=_TEXT_OR_NULL,
        target=_TEXT_OR_NULL,
        environment=_TEXT_OR_NULL,
        region=_TEXT_OR_NULL,
        repository={"type": "string", "description": "canonical: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME"},
        connection={"type": ["string", "null"], "description": "host:port where that registry really was"},
        digest=_DIGEST,
        tags=_TEXTS,
        platforms=_list(_object(platform=_TEXT_OR_NULL, digest=_DIGEST)),
        scan={"anyOf": [{"type": "null"}, _scan()]},
        promotion={"anyOf": [{"type": "null"}, _promotion()]},
    )


def _scan() -> dict[str, Any]:
    finding = _object(
        id=_TEXT, severity=_SEVERITY, package=_TEXT, version=_TEXT, fixed_in=_TEXT_OR_NULL, uri=_TEXT_OR_NULL
    )
    child = _object(
        digest=_DIGEST,
        platform=_TEXT_OR_NULL,
        state={"type": "string", "description": "COMPLETE, or the scanner's own word for what proves nothing"},
        detail=_TEXT,
        findings=_list(finding),
    )
    counts = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}
    return _object(words=_TEXT, counts=counts, children=_list(child))


def _promotion() -> dict[str, Any]:
    answer = _object(gate=_TEXT, verdict={"enum": ["allow", "refuse", "cannot-judge"]}, reasons=_TEXTS)
    return {
        "type": "object",
        "required": ["from", "topology", "gate", "at", "answers", "advisory"],
        "properties": {
            "from": _TEXT,
            "topology": {"enum": ["retag", "mount", "copy"]},
            "gate": {"enum": ["enforce", "advisory"]},
            "at": _INSTANT,
            "answers": _list(answer),
            "advisory": _TEXTS,
        },
    }


def _step() -> dict[str, Any]:
    return _object(
        image=_TEXT_OR_NULL,
        target=_TEXT_OR_NULL,
        step=_TEXT,
        outcome={"enum": ["done", "already done", "skipped", "not yet", "not started", "failed"]},
        started={"anyOf": [_INSTANT, {"type": "null"}]},
        seconds={"type": ["number", "null"], "minimum": 0},
        detail=_TEXT,
        warnings=_TEXTS,
        error={"type": ["string", "null"], "description": "the error's code, as `ecr-publish explain` knows it"},
    )


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object in which each property is required."""
    return {"type": "object", "required": list(properties), "properties": properties}
