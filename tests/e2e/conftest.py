"""Fixtures on real daemons and clients. What is absent fails, it does not skip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clients.client import absent
from tests.e2e.clients.terraform import Terraform
from tests.e2e.embedded import Embedded, local

# terraform and its provider come from no package registry: a machine may lack them, which .ci/run says by name
collect_ignore = ["test_terraform.py"] if absent(Terraform) else []


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    """An empty embedded ECR of this test's own."""
    home = tmp_path / "home"
    home.mkdir()
    with local(home) as running:
        yield running
