"""What most tests of the embedded ECR begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecr_publish.local import embedded_ecr
from ecr_publish.local.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """An empty embedded ECR of this test's own."""
    with embedded_ecr() as found:
        yield found
