"""Which failures of a connection are worth another attempt."""

from __future__ import annotations

import pytest
from urllib3.exceptions import ProxyError

from ecr_publish.http.failures import connection_failure


@pytest.mark.parametrize(
    ("answer", "again"),
    [("407 Proxy Authentication Required", False), ("403 Forbidden", False), ("502 Bad Gateway", True)],
)
def test_a_proxy_that_does_not_want_us_is_not_asked_again(answer: str, again: bool):
    error = connection_failure(ProxyError("no", OSError(f"Tunnel connection failed: {answer}")), "GET registry")
    assert answer in error.what
    assert error.retryable is again
