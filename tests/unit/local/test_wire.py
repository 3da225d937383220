"""The wire of the JSON API: what no client may do to it, and what its shapes let through."""

from __future__ import annotations

import json
import time

import pytest

from ecr_publish.local.api import wire

PATTERNS = sorted(
    {
        pattern
        for service in ("ecr", "ecr-public")
        for name in wire.model(service).shape_names
        if (pattern := wire.model(service).shape_for(name).metadata.get("pattern"))
    }
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_of_the_models_takes_long_to_refuse(pattern):
    """Some of AWS's patterns are exponential as they stand: of one, 20 letters and a `!` take four seconds."""
    started = time.perf_counter()
    for text in ("a" * 20, "a-" * 10, "_a" * 10, "*" * 20):
        wire._compiled(pattern).fullmatch(f"{text}!")
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("filter_", ["a", "*", "team/*", "a.b-c_d/e", "**a"])
def test_a_filter_that_the_slow_pattern_takes_is_taken(filter_):
    assert wire._compiled(r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$").fullmatch(filter_)


@pytest.mark.parametrize("filter_", ["", "/a", "a/", "a--b", "A", "a b"])
def test_a_filter_that_the_slow_pattern_refuses_is_refused(filter_):
    assert not wire._compiled(r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$").fullmatch(filter_)


@pytest.mark.parametrize(
    ("operation", "value"),
    [
        ("CreateRepository", []),
        ("CreateRepository", {"repositoryName": 1}),
        ("CreateRepository", {"repositoryName": "a/b", "imageScanningConfiguration": {"scanOnPush": "yes"}}),
        ("ListImages", {"repositoryName": "a/b", "maxResults": "1"}),
        ("ListImages", {"repositoryName": "a/b", "maxResults": True}),
        ("ListImages", {"repositoryName": "a/b", "maxResults": 10**400}),
        ("ListImages", {"repositoryName": "a/b", "filter": "TAGGED"}),
        ("BatchGetImage", {"repositoryName": "a/b", "imageIds": {}}),
        ("UploadLayerPart", {"repositoryName": "a/b", "uploadId": "0" * 8, "layerPartBlob": "?"}),
    ],
)
def test_a_value_of_another_type_is_a_serialization_error_or_an_invalid_parameter(operation, value):
    with pytest.raises(wire.ApiError) as caught:
        wire.validated("ecr", operation, json.dumps(value).encode())
    assert caught.value.name in ("SerializationException", "InvalidParameterException")
    assert caught.value.status == 400


def test_members_that_the_model_does_not_know_are_dropped():
    body = json.dumps({"repositoryName": "a/b", "new": 1, "registryId": None}).encode()
    assert wire.validated("ecr", "ListImages", body) == {"repositoryName": "a/b"}
