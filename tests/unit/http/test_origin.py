"""Which URLs lead to the same server."""

from __future__ import annotations

import pytest

from ecr_publish.http.origin import origin


@pytest.mark.parametrize(
    "same",
    [
        ("https://registry.example/v2/", "https://registry.example:443/upload?x=1"),
        ("http://LocalHost:5000/", "http://localhost:5000/v2"),
        ("HTTPS://a.example", "https://a.example/"),
    ],
)
def test_the_same_server(same: tuple[str, str]):
    assert origin(same[0]) == origin(same[1])


@pytest.mark.parametrize(
    "other",
    [
        ("https://a.example", "http://a.example"),
        ("https://a.example", "https://a.example:8443"),
        ("https://a.example", "https://a.example.evil.example"),
        ("https://a.example", "https://a.example@evil.example"),
        ("https://a.example", "https://user@a.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1:443"),
    ],
)
def test_another_server(other: tuple[str, str]):
    assert origin(other[0]) != origin(other[1])
